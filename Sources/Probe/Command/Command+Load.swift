internal import Transport
internal import Wire

extension Command {
    static let load = Command(
        name: "load", words: "URL",
        summary: "many clients: times every receipt, audits every mirror",
        options: loadOptions,
        examples: [
            (
                "fieldcast-probe load ws://127.0.0.1:8080 --secret-file secret",
                "200 clients for ten seconds"
            ),
            (
                "fieldcast-probe load ws://127.0.0.1:8080 --token @token --connections 5000 "
                    + "--rate 100 --json 0%",
                "five thousand in MessagePack, a hundred patches a second"
            ),
            (
                "fieldcast-probe load ws://127.0.0.1:9000/chat --plain --size 1200",
                "another server with the same stick"
            ),
            (
                "fieldcast-probe load wss://live.example.org --token @token --deflate "
                    + "--authority ca.pem",
                "under TLS, compressed; tcp://HOST:PORT and tls://HOST:PORT are framed streams"
            ),
            (
                "fieldcast-probe load ws://127.0.0.1:8080 --token @token "
                    + "--preset reconnect-storm --report storm.html",
                "how fast a thousand come back, as a page with charts"
            ),
            (
                "fieldcast-probe load ws://127.0.0.1:8080 --token @token "
                    + "--expect \"p99(receipt) < 50ms\" --expect \"lost == 0\"",
                "as a gate: the exit code is 1 when a threshold is missed"
            ),
        ]
    ) { (given) throws(UsageError) in
        var arguments = given
        try Scenario.complete(&arguments, knowing: loadOptions)
        let url = try arguments.positions("URL")[0]
        var target =
            arguments.has("plain") ? try Target(url, path: "/") : try Target(url)
        try target.trust(arguments)
        if target.isFramed, arguments.has("plain") {
            throw UsageError("--plain speaks WebSocket alone", hint: "use ws:// or wss://")
        }
        let plan = try LoadPlan(arguments)
        let isPlain = arguments.has("plain")
        let credentials = isPlain ? nil : try Credentials(arguments)
        var expectations: [Expectation] = []
        for text in arguments.all("expect") { expectations.append(try Expectation(text)) }
        let result = try execute(
            plan, target, credentials, arguments)
        return try tell(result, expectations, arguments)
    }

    static let loadOptions =
        [
            Option("preset", "NAME", Scenario.presets.map { $0.name }.joined(separator: ", ")),
            Option("scenario", "FILE", "options from an object in JSON"),
            Option("connections", "N", "virtual subscribers (200)"),
            Option("ramp", "TIME", "open them over this time (1s per 1,000)"),
            Option("publishers", "N", "connections that publish (1)"),
            Option("rate", "N", "patches a second, of all publishers together (20)"),
            Option("shape", "NAME", "steady, or spike: ten times the rate for a tenth of the time"),
            Option("for", "TIME", "how long to publish (10s)"),
            Option("topic", "NAME", "the topic to make and use (probe-SEED)"),
            Option("fields", "N", "fields in the topic (60)"),
            Option("changes", "N", "fields that a patch changes (3)"),
            Option("views", "N", "different masks among the subscribers (1: all see everything)"),
            Option("json", "SHARE", "connections that speak JSON, the others MessagePack (50%)"),
            Option("hashes", "ask for the server's hash behind every diff"),
            Option("prove", "TIME", "how often each client asks for a proof (5s)"),
            Option("second", "N", "clients that a second, naive mirror follows (10)"),
            Option("disturb", "NAME", "halfway: reconnect cuts everybody, stall stops a fifth"),
            Option("patience", "TIME", "wait so long for whoever lags (15s)"),
            Option("seed", "N", "repeats a run (random)"),
            Option("expect", "RULE", "a threshold, as \"p99(receipt) < 50ms\"; may be given often"),
            Option(
                "plain", "any server that sends to all what one says: numbered messages, no state"),
            Option("size", "BYTES", "of a message with --plain (128)"),
            Option("result", "FILE", "keep the result as JSON"),
            Option("report", "FILE", "keep the result as an HTML page with charts"),
            Option("deflate", "offer permessage-deflate"),
            Option("kernel", "NAME", "how to wait for the system: auto, epoll or io_uring (auto)"),
            Option("quiet", "no progress, only the result"),
        ] + Credentials.options + Target.options

    private static func execute(
        _ plan: LoadPlan, _ target: Target, _ credentials: Credentials?, _ arguments: Arguments
    ) throws(UsageError) -> LoadResult {
        if let fault = Preflight.here().fault(plan) { throw fault }
        let address = try target.address()
        // What cannot be made at all is said before the first connection.
        _ = try credentials?.token(of: "probe-0")
        let kernel: KernelChoice = try arguments.choice("kernel", or: .auto)
        let loop: Loop
        do throws(Errno) {
            var limits = LoopLimits()
            if arguments.has("deflate") { limits.deflate = DeflateOptions() }
            loop = try Loop(limits, on: kernel)
        } catch {
            throw UsageError("no event loop could be made: \(error)")
        }
        Machine.noteInterrupts()
        let ticker = Ticker(isQuiet: arguments.has("quiet"))
        let result: LoadResult
        if let credentials {
            result = LoadRun(
                plan, on: loop, to: address, target: target,
                token: { (try? credentials.token(of: "probe-\($0)")) ?? Text() },
                progress: { ticker.show($0) }
            ).run()
        } else {
            result = PlainRun(
                plan, on: loop, to: address, target: target,
                progress: { ticker.show($0) }
            ).run()
        }
        ticker.clear()
        return result
    }

    /// Says what was found, on the terminal and in the files that were asked for.
    private static func tell(
        _ result: LoadResult, _ expectations: [Expectation], _ arguments: Arguments
    ) throws(UsageError) -> Outcome {
        let verdicts = expectations.map { $0.verdict(on: result) }
        let summary = Summary(result: result, verdicts: verdicts)
        Process.write(summary.text)
        let report = ResultValue(
            result: result, verdicts: verdicts, outcome: summary.outcome, environment: .here())
        if let path = arguments.text("result") { try Machine.write(report.json, toFile: path) }
        if let path = arguments.text("report") {
            try Machine.write([UInt8](Page(report: report).html.utf8), toFile: path)
        }
        return summary.outcome
    }
}

extension LoadPlan {
    init(_ arguments: Arguments) throws(UsageError) {
        self.init()
        connections = try arguments.count("connections", in: 1...1_000_000, or: 200)
        let usualRamp = Interval.milliseconds(UInt64(max(connections, 200)))
        ramp = try arguments.duration("ramp", or: usualRamp)
        publishers = try arguments.count("publishers", in: 1...10_000, or: 1)
        rate = try arguments.number("rate", in: 0.01...1_000_000, or: 20)
        length = try arguments.duration("for", or: .seconds(10))
        fields = try arguments.count("fields", in: 1...20_000, or: 60)
        changes = try arguments.count("changes", in: 1...1_000, or: 3)
        views = try arguments.count("views", in: 1...64, or: 1)
        jsonShare = try arguments.share("json", or: 0.5)
        hashes = arguments.has("hashes")
        proofEvery = try arguments.duration("prove", or: .seconds(5))
        seconded = try arguments.count("second", in: 0...1_000_000, or: 10)
        patience = try arguments.duration("patience", or: .seconds(15))
        seed = UInt64(
            try arguments.count(
                "seed", in: 1...Int(Int32.max),
                or: Int(System.randomSeed() >> 40) + 1))
        topic = arguments.text("topic") ?? "probe-\(seed)"
        shape = try arguments.choice("shape", or: .steady)
        disturbance = try arguments.choice("disturb", or: .none)
        if arguments.has("plain") {
            plainBytes = try arguments.count("size", in: 18...1_000_000, or: 128)
        }
        if let fault { throw fault }
    }
}

extension Arguments {
    /// One of a few words.
    func choice<C: CaseIterable & RawRepresentable<String>>(
        _ name: String, or usual: C
    ) throws(UsageError) -> C {
        guard let text = text(name) else { return usual }
        guard let choice = C(rawValue: text) else {
            let all = C.allCases.map { $0.rawValue }.joined(separator: ", ")
            throw UsageError("--\(name) \(text): one of \(all) is wanted")
        }
        return choice
    }
}
