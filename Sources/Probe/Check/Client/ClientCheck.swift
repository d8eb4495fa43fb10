internal import Transport
internal import Wire

/// A server that misbehaves by script, and judges the client that connects to it again and again.
///
/// Each scenario takes one connection and ends by cutting it; what the client says when it comes
/// back (its cursor) tells what it made of the last. What it holds is asked by hashes: a client
/// whose own hash is another than the one it is told says so (L13).
final class ClientCheck {
    struct Settings {
        var listen = SocketAddress.loopback(port: 0)
        /// How long to wait for the client to come, the first time and again.
        var arrival = Interval.seconds(60)
        var patience = Interval.seconds(3)
        /// Each connection lasts at least so much longer: for clients that take a short one for a
        /// try that failed, and wait longer each time.
        var linger = Interval.milliseconds(0)
        var topic: Text = "check/topic"
        var token: Text = "check-client-token"
    }

    struct Scenario: Sendable {
        let name: String
        let rules: [String]
        let run: @Sendable (ClientCheck) throws(Finding) -> Void

        init(
            _ name: String, _ rules: String...,
            run: @escaping @Sendable (ClientCheck) throws(Finding) -> Void
        ) {
            (self.name, self.rules, self.run) = (name, rules, run)
        }
    }

    static let scenarios: [Scenario] = beginning + diffs + hostility + endings

    let settings: Settings
    let lines: Lines
    let address: SocketAddress
    let truth = Truth(["a": 1, "b": ["x": 1, "y": 2], "list": [1, 2]])
    /// The cursor that the client must come back with; nil where none is right.
    var expected: Cursor?
    /// Which rules the cursor of the next connection tells about.
    private var owed: [String] = []
    /// As the client said it first.
    var instance: Text?
    var terms: Terms
    private(set) var isGone = false

    init(_ settings: Settings) throws(Errno) {
        self.settings = settings
        lines = try Lines()
        address = try lines.loop.listen(at: settings.listen)
        terms = Terms()
        terms.unconfirmedBytes = 8_192
        terms.unconfirmedTime = 1_500
        lines.answers = { request in
            let known = request.subprotocols.first {
                Encoding(subprotocol: Text($0)) != nil
            }
            return request.path == Target.usualPath
                ? .upgrade(subprotocol: known) : .respond(HTTPResponse(.notFound))
        }
    }

    func run(
        only: Set<String> = [], progress: (String) -> Void = { _ in }
    ) -> CheckReport {
        var report = CheckReport(
            subject: "client at \(address)", began: Process.wall, rules: Rule.all,
            reason: { $0.clientReason })
        for scenario in ClientCheck.scenarios
        where only.isEmpty || !only.isDisjoint(with: scenario.rules) {
            progress(scenario.name)
            var verdict = Verdict.pass
            do throws(Finding) {
                try scenario.run(self)
            } catch {
                verdict = error.verdict
                // A client that failed holds who knows what, and sits there still.
                present?.cut()
                expected = nil
            }
            report.add(scenario.name, scenario.rules, verdict)
            if let late { report.add("coming back after: \(late.0)", owed, late.1) }
            late = nil
            owed = scenario.rules.filter { ["D15", "S8", "S14", "D30"].contains($0) }
            if isGone { break }
        }
        lines.end()
        return report
    }

    private var present: Talk?

    /// What the cursor of this connection says about the scenario before.
    private var late: (String, Verdict)?

    // MARK: Connections

    /// Waits for the client to come.
    func guest() throws(Finding) -> Talk {
        guard let id = lines.arrival(within: settings.arrival) else {
            isGone = true
            throw .fail("the client did not come in \(Figures.duration(settings.arrival))")
        }
        guard case .opened(let subprotocol)? = lines.next(id, within: settings.patience),
            let subprotocol, let encoding = Encoding(subprotocol: Text(subprotocol))
        else { throw .fail("the client offers no subprotocol of this version") }
        let talk = Talk(lines, id, encoding, patience: settings.patience)
        talk.confirms = false
        present = talk
        return talk
    }

    /// Hears the opening, and answers it; the subscription is not answered yet.
    func greeted() throws(Finding) -> (Talk, Subscribe) {
        let talk = try guest()
        let open = try talk.first("open") { said in
            if case .open(let open) = said.message { open } else { nil }
        }
        try demand(open.version >= 1, "the client offers version \(open.version)")
        if let name = open.instance {
            if let instance {
                try demand(name == instance, "the instance was \(instance), and is \(name) now")
            }
            instance = name
        }
        talk.say(
            .opened(Opened(version: 1, features: ["hash"], connection: "check", terms: terms)))
        let token = try talk.first("authenticate") { said in
            if case .authenticate(let body) = said.message { body.token } else { nil }
        }
        try demand(token == settings.token, "the client shows the token \(token)")
        talk.say(.authenticated(Authenticated(principal: "you", tenant: "check", expires: nil)))
        let request = try subscription(talk)
        return (talk, request)
    }

    func subscription(_ talk: Talk) throws(Finding) -> Subscribe {
        let topic = settings.topic
        return try talk.hear("subscribe to \(topic)") { said in
            if case .subscribe(let body) = said.message, body.topic == topic { body } else { nil }
        }
    }

    /// The opening and a right answer to the subscription. What the cursor must be is judged.
    func visit() throws(Finding) -> (Talk, Subscribe) {
        let (talk, request) = try greeted()
        if let wanted = expected {
            let found = request.cursor.map { "version \($0.version) of \($0.epoch)" } ?? "nothing"
            let isRight = request.cursor == wanted
            late = (
                "what it holds",
                isRight
                    ? .pass
                    : request.cursor == nil
                        ? .lenient("it came back without a cursor, though it held a view")
                        : .fail("it holds \(found), and was brought to version \(wanted.version)")
            )
        }
        try answer(talk, request)
        return (talk, request)
    }

    /// What a right server says to a subscription.
    func answer(_ talk: Talk, _ request: Subscribe) throws(Finding) {
        if let cursor = request.cursor, truth.reaches(cursor) {
            let verdict: Subscribed.Verdict =
                cursor.version == truth.version ? .continued : .caughtUp
            say(talk, request, verdict)
            if verdict == .caughtUp {
                talk.say(
                    bytes: truth.diff(from: cursor.version, talk.encoding),
                    binary: talk.encoding == .messagePack)
            }
        } else {
            say(talk, request, .snapshot)
            talk.say(.snapshot(truth.snapshot))
        }
        try proven(talk)
    }

    func say(_ talk: Talk, _ request: Subscribe, _ verdict: Subscribed.Verdict) {
        talk.say(
            .subscribed(
                Subscribed(
                    id: request.id, view: truth.number, verdict: verdict, kind: .state,
                    cursor: truth.cursor)))
    }

    func diff(_ talk: Talk, from: UInt64) {
        talk.say(
            bytes: truth.diff(from: from, talk.encoding), binary: talk.encoding == .messagePack)
    }

    /// Makes a change and tells it.
    func change(_ talk: Talk, _ patch: Patch) {
        let before = truth.version
        truth.change(patch)
        diff(talk, from: before)
    }

    /// Ends a scenario.
    func cut(_ talk: Talk) {
        if settings.linger.nanoseconds > 0 { lines.wait(for: settings.linger) }
        talk.cut()
    }

    // MARK: Judging

    /// Tells the right hash, and hears whether the client objects.
    func proven(_ talk: Talk, _ what: String = "what it was told") throws(Finding) {
        talk.say(
            .hash(HashReport(view: truth.number, version: truth.version, hash: truth.hash)))
        try talk.fence()
        var objection: HashReport?
        while let report = talk.objection() { objection = report }
        if let objection {
            throw .fail(
                "after \(what) the client's hash at \(objection.version ?? 0) is "
                    + "\(objection.hash?.hex ?? ""), and \(truth.hash.hex) is right")
        }
        let again = talk.leftovers { if case .subscribe = $0 { true } else { false } }
        try demand(again == 0, "after \(what) the client subscribes again")
        try demand(talk.end == nil, "after \(what) the client has left")
        expected = truth.cursor
    }
}

extension Talk {
    /// The very next message but pings, pongs and confirmations.
    func first<T>(_ what: String, _ pick: (Said) throws(Finding) -> T?) throws(Finding) -> T {
        try hear(what) { (said) throws(Finding) -> T? in
            switch said.message {
            case .ping, .pong, .seen: return nil
            default:
                guard let found = try pick(said) else {
                    throw .fail("\(what) was awaited, and \(Talk.shown(said.bytes)) came")
                }
                return found
            }
        }
    }

    /// A report of a hash of the client's own.
    func objection() -> HashReport? {
        try? hear("a report", within: Interval(nanoseconds: 0)) { said in
            if case .hash(let report) = said.message, report.hash != nil { report } else { nil }
        }
    }
}
