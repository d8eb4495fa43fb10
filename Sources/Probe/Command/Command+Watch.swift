internal import Transport
internal import Wire

extension Command {
    static let watch = Command(
        name: "watch", words: "URL TOPIC",
        summary: "shows a topic live",
        options: [
            Option("fields", "PATTERNS", "only these, as load,queue/*,*/status (all)"),
            Option("max-rate", "N", "at most so many frames a second (as they come)"),
            Option("encoding", "NAME", "json or msgpack (msgpack)"),
            Option("lines", "a line for each change, also on a terminal"),
            Option("count", "N", "end after so many changes"),
            Option("for", "TIME", "end after this time"),
        ] + Credentials.options + Target.options,
        examples: [
            ("fieldcast-probe watch ws://127.0.0.1:8080 desk/metrics --token TOKEN", "a screen"),
            (
                "fieldcast-probe watch ws://127.0.0.1:8080 desk/agents --token TOKEN "
                    + "--fields */status --lines",
                "a column of a collection, a line for each change"
            ),
            (
                "fieldcast-probe watch ws://127.0.0.1:8080 desk/metrics --token TOKEN --count 1",
                "the snapshot and the first change, for scripts"
            ),
        ]
    ) { (arguments) throws(UsageError) in
        let words = try arguments.positions("URL", "TOPIC")
        var target = try Target(words[0])
        try target.trust(arguments)
        let encodings = ["json": Encoding.json, "msgpack": Encoding.messagePack]
        guard let encoding = encodings[arguments.text("encoding") ?? "msgpack"] else {
            throw UsageError("--encoding: json or msgpack is wanted")
        }
        let token = try Credentials(arguments).token(of: "probe-watch")
        let rate = try arguments.number("max-rate", in: 0.1...10_000, or: 0)
        let mask = try arguments.text("fields").map { (text) throws(UsageError) in
            try Mask(words: text)
        }
        let watcher = Watcher(
            topic: words[1], server: target.url,
            asLines: arguments.has("lines") || Machine.terminal(.output) == nil,
            count: try arguments.count("count", in: 1...1_000_000_000, or: .max),
            length: arguments.has("for")
                ? try arguments.duration("for", or: .seconds(0)) : Interval(nanoseconds: .max))
        Machine.noteInterrupts()
        let client = try SoloClient(
            target, encoding: encoding, token: token, tick: .milliseconds(100),
            ears: watcher.ears)
        _ = client.session.subscribe(
            Text(words[1]), fields: mask, rate: rate > 0 ? Number(rate) : nil, hash: true)
        return watcher.run(client)
    }
}

extension Mask {
    /// `load,queue/*,*/status`.
    init(words: String) throws(UsageError) {
        var patterns: [Pattern] = []
        for part in words.split(separator: ",", omittingEmptySubsequences: false) {
            guard !part.isEmpty else {
                throw UsageError("--fields: a pattern is empty", hint: "as load,*/status")
            }
            patterns.append(
                part.split(separator: "/").map { $0 == "*" ? .any : .name(Text(String($0))) })
        }
        self.init(patterns)
    }
}
