internal import Transport
internal import Wire

extension Command {
    static let publish = Command(
        name: "publish", words: "URL TOPIC FIELD=VALUE…",
        summary: "changes fields, or appends an event",
        options: [
            Option("unset", "FIELD", "take a field away; may be given often"),
            Option("event", "JSON", "append this to an event topic instead"),
            Option("patience", "TIME", "wait so long for the answer (10s)"),
        ] + Credentials.options + Target.options,
        examples: [
            (
                "fieldcast-probe publish ws://127.0.0.1:8080 desk/queue --token TOKEN depth=4",
                "sets a field; values are JSON, and what is none is a text"
            ),
            (
                "fieldcast-probe publish ws://127.0.0.1:8080 desk/queue --token TOKEN "
                    + "served+=1 --unset note",
                "counts a field up and takes another away, both or neither"
            ),
            (
                "fieldcast-probe publish ws://127.0.0.1:8080 desk/log --token TOKEN "
                    + "--event '{\"said\":\"hello\"}'",
                "appends to an event topic"
            ),
        ]
    ) { (arguments) throws(UsageError) in
        guard arguments.words.count >= 2 else {
            throw UsageError(arguments.words.isEmpty ? "URL is missing" : "TOPIC is missing")
        }
        var target = try Target(arguments.words[0])
        try target.trust(arguments)
        let change = try Publish.Change(
            assignments: Array(arguments.words.dropFirst(2)), unset: arguments.all("unset"),
            event: arguments.text("event"))
        let token = try Credentials(arguments).token(of: "probe-publish")
        let patience = try arguments.duration("patience", or: .seconds(10))
        return try publishOnce(
            target, Text(arguments.words[1]), change, token, patience)
    }

    private static func publishOnce(
        _ target: Target, _ topic: Text, _ change: Publish.Change, _ token: Text,
        _ patience: Interval
    ) throws(UsageError) -> Outcome {
        var outcome = Outcome.missed
        var limit: Instant?
        let ears = SoloClient.Ears(
            notice: { notice, client, _ in
                switch notice {
                case .outcome(_, .acknowledged(let version)):
                    outcome = .held
                    Process.write("done, version \(version)\n")
                    client.stop()
                case .outcome(_, .refused(let nack)):
                    let reason = nack.reason.map { ": \($0)" } ?? ""
                    Process.write(
                        "refused, code \(nack.code.rawValue)\(reason)\n", to: .error)
                    client.stop()
                case .problem(let problem):
                    Process.write("\(problem.reason)\n", to: .error)
                default: break
                }
            },
            tick: { client, now in
                let end = limit ?? now + patience
                limit = end
                guard now >= end else { return }
                Process.write("no answer in time\n", to: .error)
                client.stop()
            },
            cut: { why, _ in
                Process.write("\(why)\n", to: .error)
                return false
            })
        Machine.noteInterrupts()
        let client = try SoloClient(
            target, encoding: .messagePack, token: token, tick: .milliseconds(100), ears: ears)
        _ = client.session.publish(topic, change)
        client.run()
        return outcome
    }
}

extension Publish.Change {
    /// From words as `depth=4`, `agent/ada="idle"`, `served+=1`.
    init(assignments: [String], unset: [String], event: String?) throws(UsageError) {
        if let event {
            guard assignments.isEmpty, unset.isEmpty else {
                throw UsageError("--event stands alone, without fields")
            }
            guard let value = try? Value(json: [UInt8](event.utf8).span) else {
                throw UsageError("--event: \(event) is no JSON")
            }
            self = .event(value)
            return
        }
        var patch = Patch(
            unset: try unset.map { (name) throws(UsageError) in try Path(words: name) })
        for word in assignments {
            guard let equals = word.firstIndex(of: "=") else {
                throw UsageError("\(word): FIELD=VALUE is wanted", hint: "as depth=4")
            }
            let isIncrement = word[..<equals].hasSuffix("+")
            let name = String(isIncrement ? word[..<equals].dropLast() : word[..<equals])
            let path = try Path(words: name)
            let text = String(word[word.index(after: equals)...])
            let value = (try? Value(json: [UInt8](text.utf8).span)) ?? .text(text)
            if isIncrement {
                guard case .number(let amount) = value else {
                    throw UsageError("\(word): += wants a number")
                }
                patch.increments.append(Patch.Increment(path: path, amount: amount))
            } else {
                patch.set = Publish.Change.laid(value, at: path.segments[...], in: patch.set)
            }
        }
        guard patch != Patch() else {
            throw UsageError("nothing to publish", hint: "give FIELD=VALUE, --unset or --event")
        }
        self = .patch(patch)
    }

    private static func laid(_ value: Value, at path: ArraySlice<Text>, in map: Map) -> Map {
        guard let first = path.first else { return map }
        var map = map
        if path.count == 1 {
            map[first] = value
        } else {
            var inner = Map()
            if case .map(let old)? = map[first] { inner = old }
            map[first] = .map(laid(value, at: path.dropFirst(), in: inner))
        }
        return map
    }
}

extension Path {
    /// `agent/ada`.
    init(words: String) throws(UsageError) {
        let parts = words.split(separator: "/", omittingEmptySubsequences: false)
        guard !words.isEmpty, parts.allSatisfy({ !$0.isEmpty }) else {
            throw UsageError("\"\(words)\" is no field", hint: "as depth, or agent/ada")
        }
        self.init(parts.map { Text(String($0)) })
    }
}
