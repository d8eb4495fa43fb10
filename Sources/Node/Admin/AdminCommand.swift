import Transport
import Wire

/// `fieldcast-node admin …`: the operator's verbs from a terminal.
struct AdminCommand: Equatable {
    var address = SocketAddress.loopback(port: 8081)
    var tokenFile: String?
    var isJSON = false
    var follows = false
    var method = HTTPMethod.get
    var target = ""

    static let help = """
        fieldcast-node admin [--at HOST:PORT] [--token-file FILE] [--json] VERB

        VERBS
          ready                             whether the node serves
          metrics                           its counters, as Prometheus reads them
          topics [--tenant T] [--prefix P] [--limit N]
          topic TENANT TOPIC                what a topic holds, and who reads it by name
          reset TENANT TOPIC                begin a topic anew: a new epoch, nothing in it
          connections [--tenant T] [--user U] [--limit N]
          slow [--limit N]                  connections that are behind
          trace ID [--follow]               a connection's subscriptions: how far each is, how
                                            it stands, how often it fell behind, and how many
                                            versions it was not sent one by one
          trace TENANT TOPIC [--follow]     the same of all who read a topic
          disconnect ID
          disconnect --tenant T --user U    they may come back at once
          revoke --tenant T --user U        every token that the user was given so far
          revoke --tenant T --token ID      one token, by its claim jti
          dead-letters TENANT TOPIC         events that a reader would not take
          replay TENANT TOPIC [--limit N]   append the oldest of them again

        OPTIONS
          --at HOST:PORT     the node's administrative listener (127.0.0.1:8081)
          --token-file FILE  a token with the claim "admin": true, where one is wanted
          --json             the answer as it came
          --follow           with trace: a line whenever something changes, until Ctrl-C or the
                             connection's end

        """

    init(_ words: ArraySlice<String>) throws(NodeCommand.Mistake) {
        var options: [String: String] = [:]
        var names: [String] = []
        var words = words
        while let word = words.popFirst() {
            switch word {
            case "--json": isJSON = true
            case "--follow": follows = true
            case "--at", "--token-file", "--tenant", "--user", "--prefix", "--limit", "--token":
                guard let value = words.popFirst() else {
                    throw NodeCommand.Mistake(text: "\(word) wants a value after it")
                }
                options[word] = value
            case let word where word.hasPrefix("--"):
                throw NodeCommand.unknown(
                    word,
                    known: [
                        "--at", "--token-file", "--json", "--follow", "--tenant", "--user",
                        "--prefix", "--limit", "--token",
                    ])
            default: names.append(word)
            }
        }
        if let text = options["--at"] {
            guard let address = SocketAddress(listening: text) else {
                throw NodeCommand.Mistake(
                    text: "--at wants HOST:PORT, as in 127.0.0.1:8081, not '\(text)'")
            }
            self.address = address
        }
        tokenFile = options["--token-file"]
        guard let verb = names.first else {
            throw NodeCommand.Mistake(
                text: "admin wants a verb: \(AdminCommand.verbs.joined(separator: ", "))")
        }
        names.removeFirst()
        try read(verb, names, options)
    }

    private static let verbs = [
        "ready", "metrics", "topics", "topic", "reset", "connections", "slow", "trace",
        "disconnect", "revoke", "dead-letters", "replay",
    ]

    private mutating func read(
        _ verb: String, _ names: [String], _ options: [String: String]
    ) throws(NodeCommand.Mistake) {
        var query: [(String, String)] = []
        for name in ["tenant", "user", "prefix", "limit"] {
            if let value = options["--\(name)"] { query.append((name, value)) }
        }
        var wanted = 0
        var path = "/\(verb)"
        switch verb {
        case "ready", "metrics", "topics", "connections", "slow": break
        case "topic", "dead-letters", "reset", "replay":
            wanted = 2
            if names.count == 2 { query += [("tenant", names[0]), ("topic", names[1])] }
            path =
                [
                    "topic": "/topic", "dead-letters": "/deadletters", "reset": "/topic/reset",
                    "replay": "/deadletters/replay",
                ][verb] ?? path
        case "trace" where names.count == 2:
            wanted = 2
            path = "/topic/readers"
            query += [("tenant", names[0]), ("topic", names[1])]
        case "trace":
            wanted = 1
            path = "/connection"
            if names.count == 1 { query.append(("id", names[0])) }
        case "disconnect":
            wanted = options["--user"] == nil ? 1 : 0
            path = "/connections/disconnect"
            if names.count == 1 { query.append(("id", names[0])) }
        case "revoke":
            guard options["--tenant"] != nil,
                (options["--user"] == nil) != (options["--token"] == nil)
            else {
                throw NodeCommand.Mistake(
                    text: "revoke wants --tenant, and --user NAME or --token ID")
            }
            if let token = options["--token"] { query.append(("token", token)) }
            path = options["--user"] == nil ? "/tokens/revoke" : "/users/revoke"
        default: throw NodeCommand.unknown(verb, known: AdminCommand.verbs)
        }
        guard names.count == wanted else {
            throw NodeCommand.Mistake(
                text: wanted == 2
                    ? "\(verb) wants a tenant and a topic"
                    : wanted == 1 ? "\(verb) wants an id" : "\(verb) wants no name after it")
        }
        guard !follows || verb == "trace" else {
            throw NodeCommand.Mistake(text: "--follow is for trace")
        }
        if ["reset", "replay", "disconnect", "revoke"].contains(verb) { method = .post }
        target =
            query.isEmpty
            ? path
            : path + "?"
                + query.map { "\($0.0)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
    }

    // MARK: Running

    /// Asks, prints, and gives the exit code.
    func run() -> Int32 {
        var fields: [(name: String, value: String)] = []
        if let tokenFile {
            guard let token = try? Process.read(tokenFile, upTo: 16_384) else {
                Process.write("fieldcast-node: cannot read \(tokenFile)\n", to: .error)
                return 1
            }
            let text = String(decoding: token, as: UTF8.self).filter { !$0.isWhitespace }
            fields.append(("authorization", "Bearer \(text)"))
        }
        if follows { return Trace(address, target, fields, isJSON: isJSON).follow() }
        let call = HTTPCall(method, host: address.description, target: target, fields: fields)
        guard let answer = SingleCall.make(call, to: address) else {
            Process.write(
                "fieldcast-node: nobody answers at \(address); does the node run with --admin?\n",
                to: .error)
            return 1
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        let body = answer.body
        guard (200..<300).contains(answer.status) else {
            var reason = text
            if case .map(let map)? = try? Value(json: body.span),
                case .text(let said)? = map["error"]
            {
                reason = said.string
            }
            Process.write("fieldcast-node: \(reason) (\(answer.status))\n", to: .error)
            return 1
        }
        if isJSON {
            Process.write(text)
        } else if case .map(let map)? = try? Value(json: body.span) {
            Process.write(TextTable.lines(of: map))
        } else {
            Process.write(text)
        }
        return 0
    }
}

/// One request and its answer, on a loop of its own.
final class SingleCall: Service {
    struct Answer {
        let status: Int
        let body: [UInt8]
    }

    private let loop: Loop
    private var status: Int?
    private var body: [UInt8] = []
    private var isWhole = false

    private init(_ loop: Loop) { self.loop = loop }

    /// Nil when nobody answers.
    static func make(_ call: HTTPCall, to address: SocketAddress) -> Answer? {
        guard let loop = try? Loop(LoopLimits(), on: .epoll) else { return nil }
        let single = SingleCall(loop)
        guard (try? loop.connect(to: address, call)) != nil else { return nil }
        loop.run(single)
        guard single.isWhole, let status = single.status else { return nil }
        return Answer(status: status, body: single.body)
    }

    func responded(_ head: HTTPResponseHead, on id: ConnectionID) {
        status = Int(head.status.rawValue)
    }

    func responseBytes(_ bytes: Span<UInt8>, on id: ConnectionID) {
        for i in bytes.indices { body.append(bytes[i]) }
    }

    func responseEnded(on id: ConnectionID) {
        isWhole = true
        loop.close(id)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) { loop.stop(within: .seconds(0)) }
}
