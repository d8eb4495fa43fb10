internal import Transport
internal import Wire

extension Command {
    static let check = Command(
        name: "check", words: "server URL | client",
        summary: "plays scripted sessions against a server, or a client, rule by rule",
        options: [
            Option("framed", "HOST:PORT", "where the server speaks framed streams too"),
            Option("topics", "NAME", "make topics of state beneath this name (probe-check)"),
            Option("events", "NAME", "beneath this name the server has topics of events"),
            Option("rows", "NAME", "beneath this name it has collections"),
            Option("vectors", "DIR", "the specification's vectors (spec/vectors, if it is there)"),
            Option("listen", "HOST:PORT", "for clients: where to wait for them (127.0.0.1:0)"),
            Option("for", "TIME", "for clients: wait so long for each to come (60s)"),
            Option("linger", "TIME", "for clients: keep each connection so much longer (0s)"),
            Option("rules", "LIST", "only sessions for these rules, as S1,D15"),
            Option("patience", "TIME", "how long an answer may take (5s)"),
            Option("seed", "N", "repeats a check (random)"),
            Option("json", "FILE", "keep the verdicts as JSON"),
            Option("html", "FILE", "keep them as an HTML page"),
            Option("quiet", "no progress, only the verdicts"),
        ] + Credentials.options + Target.options,
        examples: [
            (
                "fieldcast-probe check server ws://127.0.0.1:8080 --secret-file secret "
                    + "--events jobs --html verdicts.html",
                "every rule that can be tried from outside, as a page"
            ),
            (
                "fieldcast-probe check server ws://127.0.0.1:8080 --token @token --rules S8,D17",
                "only resuming, with a token from a file"
            ),
            (
                "fieldcast-probe check client --listen 127.0.0.1:9000 --json verdicts.json",
                "a server with bad manners: start the client, and let it reconnect until the end"
            ),
        ]
    ) { (arguments) throws(UsageError) in
        guard let side = arguments.words.first else {
            throw UsageError("server or client is missing", hint: "check server URL, check client")
        }
        let report: CheckReport
        switch side {
        case "server": report = try checkServer(arguments)
        case "client": report = try checkClient(arguments)
        default: throw UsageError("\(side): server or client is wanted")
        }
        Process.write(report.text)
        if let path = arguments.text("json") { try Machine.write(report.json, toFile: path) }
        if let path = arguments.text("html") {
            try Machine.write([UInt8](report.html.utf8), toFile: path)
        }
        return report.outcome
    }

    private static func checkServer(_ arguments: Arguments) throws(UsageError) -> CheckReport {
        let url = try arguments.positions("server", "URL")[1]
        var target = try Target(url)
        try target.trust(arguments)
        var settings = ServerCheck.Settings(
            target: target, address: try target.address(), credentials: try Credentials(arguments))
        if let framed = arguments.text("framed") {
            settings.framed = try Target(framed).address()
        }
        settings.topics = arguments.text("topics") ?? settings.topics
        settings.events = arguments.text("events")
        settings.rows = arguments.text("rows")
        settings.patience = try arguments.duration("patience", or: settings.patience)
        settings.seed = UInt64(
            try arguments.count(
                "seed", in: 1...Int(Int32.max), or: Int(System.randomSeed() >> 40) + 1))
        let vectors = (arguments.text("vectors") ?? "spec/vectors") + "/values.json"
        if arguments.has("vectors") || !Machine.text(vectors).isEmpty {
            settings.vectors["values.json"] = try Machine.read(vectors)
        }
        let check: ServerCheck
        do throws(Errno) {
            check = try ServerCheck(settings)
        } catch {
            throw UsageError("no event loop could be made: \(error)")
        }
        return check.run(only: try rules(arguments), progress: progress(arguments))
    }

    static func progress(_ arguments: Arguments) -> (String) -> Void {
        let isQuiet = arguments.has("quiet")
        return { name in if !isQuiet { Process.write("… \(name)\n", to: .error) } }
    }

    static func rules(_ arguments: Arguments) throws(UsageError) -> Set<String> {
        guard let list = arguments.text("rules") else { return [] }
        var rules: Set<String> = []
        for part in list.split(separator: ",") {
            guard let rule = Rule.named(String(part)) else {
                throw UsageError("there is no rule \(part)")
            }
            rules.insert(rule.id)
        }
        return rules
    }
}
