internal import Transport
internal import Wire

/// Plays scripted sessions against a server and says of each rule whether it keeps it.
final class ServerCheck {
    struct Settings {
        var target: Target
        var address: SocketAddress
        /// Where framed streams are spoken; nil where nobody said.
        var framed: SocketAddress?
        var credentials: Credentials
        /// Topics of state are made beneath this name, and those of other kinds, where the server
        /// has them, beneath theirs.
        var topics = "probe-check"
        var events: String?
        var rows: String?
        /// How long an answer may take.
        var patience = Interval.seconds(5)
        /// What stands in spec/vectors, by the file's name.
        var vectors: [String: [UInt8]] = [:]
        var seed: UInt64 = 1
    }

    /// One scripted session, and the rules that it tries.
    struct Trial: Sendable {
        let name: String
        let rules: [String]
        let run: @Sendable (ServerCheck) throws(Finding) -> Void

        init(
            _ name: String, _ rules: String...,
            run: @escaping @Sendable (ServerCheck) throws(Finding) -> Void
        ) {
            (self.name, self.rules, self.run) = (name, rules, run)
        }
    }

    static let trials: [Trial] =
        opening + hostile + encodings + documents + masks + recovery + flow + events + others

    let settings: Settings
    let lines: Lines
    private var made = 0

    init(_ settings: Settings) throws(Errno) {
        self.settings = settings
        lines = try Lines()
    }

    /// Plays everything, or what names one of these rules.
    func run(
        only: Set<String> = [], progress: (String) -> Void = { _ in }
    ) -> CheckReport {
        var report = CheckReport(
            subject: "server \(settings.target.url)", began: Process.wall, rules: Rule.all,
            reason: { $0.serverReason })
        for trial in ServerCheck.trials
        where only.isEmpty || !only.isDisjoint(with: trial.rules) {
            progress(trial.name)
            var verdict = Verdict.pass
            do throws(Finding) {
                try trial.run(self)
            } catch {
                verdict = error.verdict
            }
            report.add(trial.name, trial.rules, verdict)
        }
        lines.end()
        return report
    }

    // MARK: What scripts begin with

    func topic() -> Text { name(beneath: settings.topics) }

    func eventTopic() throws(Finding) -> Text {
        guard let events = settings.events else {
            throw .untried("--events NAME says where the server has topics of events")
        }
        return name(beneath: events)
    }

    func rowTopic() throws(Finding) -> Text {
        guard let rows = settings.rows else {
            throw .untried("--rows NAME says where the server has collections")
        }
        return name(beneath: rows)
    }

    private func name(beneath prefix: String) -> Text {
        made += 1
        return Text("\(prefix)/\(String(settings.seed, radix: 36))-\(made)")
    }

    func token() throws(Finding) -> Text {
        do throws(UsageError) {
            return try settings.credentials.token(of: "probe-check")
        } catch {
            throw .untried(error.message)
        }
    }

    /// A token of another life or with other rights: only who has the secret can make one.
    func token(life: Interval? = nil, topics: Value? = nil) throws(Finding) -> Text {
        guard case .mint(let mint, let tenant, var claims, let usual) = settings.credentials else {
            throw .untried("it takes tokens of other kinds: give --secret-file")
        }
        if let topics { claims["topics"] = topics }
        guard
            let token = mint.token(
                subject: "probe-check", tenant: tenant, life: life ?? usual, now: Process.wall,
                others: claims)
        else { throw .untried("OpenSSL could not sign a token") }
        return token
    }

    /// A WebSocket on which nothing was said.
    func line(
        _ encoding: Encoding = .json, offering subprotocols: [String]? = nil
    ) throws(Finding) -> Talk {
        let wish = WebSocketWish(
            host: settings.target.authority, target: settings.target.path,
            subprotocols: subprotocols ?? [encoding.subprotocol.string])
        let id: ConnectionID
        do throws(Errno) {
            id = try lines.loop.connect(to: settings.address, tls: settings.target.tls, wish)
        } catch {
            throw .fail("cannot connect: \(error)")
        }
        let subprotocol = try opened(id)
        if subprotocols == nil {
            try demand(
                subprotocol == encoding.subprotocol.string,
                "the server chose \(subprotocol ?? "no subprotocol")")
        }
        return Talk(lines, id, encoding, patience: settings.patience)
    }

    func framedLine(_ encoding: Encoding) throws(Finding) -> Talk {
        guard let address = settings.framed else {
            throw .untried("--framed HOST:PORT says where the server speaks framed streams")
        }
        let id: ConnectionID
        do throws(Errno) {
            id = try lines.loop.connect(to: address, framed: encoding)
        } catch {
            throw .fail("cannot connect: \(error)")
        }
        _ = try opened(id)
        return Talk(lines, id, encoding, patience: settings.patience)
    }

    private func opened(_ id: ConnectionID) throws(Finding) -> String? {
        switch lines.next(id, within: settings.patience) {
        case .opened(let subprotocol)?: return subprotocol
        case .closed(let end)?: throw .fail("no connection: \(LoadRun.words(end))")
        default: throw .fail("no connection in time")
        }
    }

    /// One that is authenticated.
    func ready(
        _ encoding: Encoding = .json, instance: Text? = nil, token: Text? = nil
    ) throws(Finding) -> Talk {
        let talk = try line(encoding)
        let shown: Text
        if let token { shown = token } else { shown = try self.token() }
        try talk.begin(shown, instance: instance)
        return talk
    }

    /// An instance's name, another each time.
    func instance() -> Text {
        made += 1
        return Text("check-" + String(mixed(settings.seed, UInt64(made)), radix: 16))
    }
}
