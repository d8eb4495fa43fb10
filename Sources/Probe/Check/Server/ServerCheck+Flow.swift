internal import Transport
internal import Wire

extension ServerCheck {
    static let flow: [Trial] = [
        Trial("confirmations are taken, and none beyond what was sent", "L9", "L10", "M8") {
            (check) throws(Finding) in
            let talk = try check.ready()
            talk.confirms = false
            talk.say(.seen(Seen(position: talk.position)))
            try talk.fence()
            let errors = talk.leftovers { if case .error = $0 { true } else { false } }
            try demand(errors == 0, "a right confirmation was answered with an error")
            talk.say(.seen(Seen(position: talk.position + 1_000_000)))
            _ = try talk.hearProblem(500, "seen beyond what was sent")
            try talk.fence()
        },
        Trial("a reader that confirms nothing is sent nothing more, and then caught up", "L10") {
            (check) throws(Finding) in
            let reader = try check.ready(.messagePack)
            let window = reader.terms.unconfirmedBytes
            guard window <= 4 << 20 else { throw .untried("unconfirmedBytes is \(window)") }
            let writer = try check.ready(.messagePack)
            let topic = check.topic()
            try writer.set(topic, ["n": 0])
            let watch = try reader.watch(topic)
            reader.confirms = false
            reader.confirm()
            let before = reader.position
            let size = Int(min(window / 8, 16_384))
            var head: UInt64 = 0
            for n in 1...40 {
                head = try writer.set(
                    topic, ["n": .bytes([UInt8](repeating: UInt8(n), count: size))])
            }
            while try reader.take(within: .milliseconds(400)) {}
            let sent = reader.position - before
            try demand(
                sent <= window + UInt64(size) * 4 + 4_096,
                "\(sent) bytes were sent and none confirmed, where \(window) may be")
            reader.confirms = true
            reader.confirm()
            try watch.come(to: head, within: .seconds(15))
            try watch.expect(
                ["n": .bytes([UInt8](repeating: 40, count: size))], "a reader that was behind")
            try watch.prove()
            if sent < window / 2 { throw .lenient("only \(sent) bytes of \(window) were used") }
            if watch.lags.isEmpty { throw .lenient("it was not told that it lags") }
        },
        Trial("rates are rounded down", "L12", "V6") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            try talk.set(topic, ["a": 1])
            for (asked, given) in [(7.0, 5.0), (100.0, 20.0), (0.7, 0.5), (1.0, 1.0)] {
                let watch = try talk.watch(topic) { $0.rate = Number(asked) }
                guard let rate = watch.answer.rate else {
                    throw .lenient("rates are not kept: \(asked) was asked for, none given")
                }
                try demand(rate == Number(given), "\(asked) became \(rate.double)")
            }
        },
        Trial("a rate holds frames together", "L12", "D10") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            try talk.set(topic, ["a": 0])
            let watch = try talk.watch(topic) { $0.rate = Number(2) }
            var head: UInt64 = 0
            for n in 1...20 { head = try talk.set(topic, ["a": .integer(Int64(n)), "b": 1]) }
            try watch.come(to: head)
            try watch.expect(["a": 20, "b": 1], "after twenty changes at two frames a second")
            if watch.diffs > 4 { throw .lenient("\(watch.diffs) frames at once, where 2 a second") }
        },
        Trial("a wrong hash is repaired by a snapshot", "L13", "D43") {
            (check) throws(Finding) in
            let talk = try check.ready(.messagePack)
            let topic = check.topic()
            try talk.set(topic, ["a": 1])
            let watch = try talk.watch(topic)
            let wrong = ViewHash(watch.mirror.hash.word ^ 0xff)
            talk.say(
                .hash(HashReport(view: watch.answer.view, version: watch.version, hash: wrong)))
            try watch.hearSnapshot()
            try watch.expect(["a": 1], "the repair")
        },
        Trial("a hash of a view that is none of one's own", "L14", "X4") {
            (check) throws(Finding) in
            let talk = try check.ready()
            talk.say(.hash(HashReport(view: 987_654)))
            let code = try talk.hear("error 504 for a view that is none") { said in
                if case .error(let problem) = said.message { problem.code.rawValue } else { nil }
            }
            try demand(code == 504, "a view that is none: error \(code), not 504")
        },
        Trial("fields that expire", "L7") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            let expiries = [Publish.Expiry(path: ["brief"], after: 300)]
            let first = try talk.done(
                talk.publish(topic, Patch(set: ["brief": 1, "stay": 1]), expiries: expiries),
                "a field that expires")
            let watch = try talk.watch(topic)
            try watch.come(to: first + 1)
            try watch.expect(["stay": 1], "a field whose time is over")
            let kept = [Publish.Expiry(path: ["brief"], after: 400)]
            let set = try talk.done(
                talk.publish(topic, Patch(set: ["brief": 2]), expiries: kept), "again")
            let changed = try talk.set(topic, ["brief": 3])
            check.lines.wait(for: .milliseconds(900))
            let end = try talk.set(topic, ["end": 1])
            try watch.come(to: end)
            try watch.expect(
                ["brief": 3, "end": 1, "stay": 1], "a field that changed before it expired")
            try demand(end == changed + 1 && changed == set + 1, "an expiry of nothing was made")
        },
        Trial("last wills", "L8", "S13", "M8") { (check) throws(Finding) in
            let topic = check.topic()
            let owner = try check.ready()
            try owner.set(topic, ["begun": true])
            let watch = try owner.watch(topic)
            func leaving(_ will: Map, _ leave: (Talk) throws(Finding) -> Void) throws(Finding) {
                let talk = try check.ready()
                talk.say(.will(Will(topic: topic, patch: Patch(set: ["old": 1]))))
                talk.say(.will(Will(topic: topic, patch: Patch(set: will))))
                try talk.fence()
                try leave(talk)
            }
            try leaving(["one": 1]) { (talk) throws(Finding) in talk.cut() }
            try watch.come(to: 2)
            try watch.expect(["begun": true, "one": 1], "the will of who was cut off")
            try leaving(["two": 1]) { (talk) throws(Finding) in
                talk.say(.close(Close(code: .goodbye, reason: "")))
                _ = try talk.hearEnd("a goodbye")
            }
            try leaving(Map()) { (talk) throws(Finding) in talk.cut() }
            check.lines.wait(for: .milliseconds(300))
            let end = try owner.set(topic, ["end": 1])
            try watch.come(to: end)
            try watch.expect(
                ["begun": true, "end": 1, "one": 1], "a will taken back, and one of who left well")
        },
        Trial("signals", "L23", "M8") { (check) throws(Finding) in
            let topic = check.topic()
            let (talk, other) = (try check.ready(), try check.ready(.messagePack))
            try talk.set(topic, ["a": 1])
            let watch = try other.watch(topic)
            talk.say(.signal(Signal(topic: topic, data: ["typing": true])))
            let signal = try other.hear("a signal") { said in
                if case .signal(let signal) = said.message { signal } else { nil }
            }
            try demand(signal.data == ["typing": true], "the signal's data is another")
            try demand(signal.from?.isEmpty == false, "the signal does not tell whose it is")
            let version = try talk.set(topic, ["a": 2])
            try watch.come(to: version)
            try demand(version == 2, "a signal was kept as a version")
        },
        Trial("presence", "L22", "A4") { (check) throws(Finding) in
            let topic = check.topic()
            let (talk, other) = (try check.ready(), try check.ready())
            try talk.set(topic, ["a": 1])
            talk.say(.presence(Presence(topic: topic, state: ["typing": true])))
            let roster = try other.watch(Text("$presence/\(topic)"))
            while roster.document["count"] != 1 { try roster.come(to: roster.version + 1) }
            try demand(
                FieldList(roster.document).rows.contains { $0.path.hasSuffix("typing") },
                "the roster does not show the state")
            try talk.refused(
                talk.publish(Text("$presence/\(topic)"), Patch(set: ["count": 9])), 504,
                "a publish to a roster")
            talk.say(.presence(Presence(topic: topic, state: nil)))
            let left = Interval.seconds(15)
            while roster.document["count"] != 0, roster.document["count"] != nil {
                try roster.come(to: roster.version + 1, within: left)
            }
        },
        Trial("commands that nobody has", "X4", "L2") { (check) throws(Finding) in
            let talk = try check.ready()
            talk.say(.command(Wire.Command(id: 3, name: "no/such", data: .null)))
            guard let code = try talk.answer(to: 3).code else {
                throw .fail("a command that does not exist was acknowledged")
            }
            try demand(code == 503 || code == 504, "a command that does not exist: \(code)")
        },
        Trial("a snapshot in parts", "S14") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            var wanted = Map()
            for part in 0..<12 {
                var map = Map()
                for n in 0..<200 {
                    map[Text("field \(part) \(n)")] = .text(String(repeating: "x", count: 40))
                }
                for entry in map.entries { wanted[entry.key] = entry.value }
                try talk.set(topic, map)
            }
            for encoding in Encoding.allCases {
                let watch = try check.ready(encoding).watch(topic)
                try watch.expect(wanted, "a large snapshot")
                try watch.prove()
            }
        },
        Trial("tenants never meet", "A1", "A3", "A4") { (check) throws(Finding) in
            guard
                case .mint(let mint, let tenant, let claims, let life) = check.settings.credentials
            else { throw .untried("it takes tokens of other kinds: give --secret-file") }
            let topic = check.topic()
            try check.ready().set(topic, ["secret": 1])
            guard
                let token = mint.token(
                    subject: "probe-check", tenant: tenant + "-other", life: life,
                    now: Process.wall, others: claims)
            else { throw .untried("OpenSSL could not sign a token") }
            let watch = try check.ready(token: token).watch(topic)
            try demand(
                watch.version == 0 && watch.document.isEmpty, "a tenant sees another's topic")
        },
    ]
}
