internal import Transport
internal import Wire

extension ClientCheck {
    static let hostility: [Scenario] = [
        Scenario("things of the future, and of nobody", "V2", "V3", "S10", "M1", "M3", "E43") {
            (check) throws(Finding) in
            let (talk, _) = try check.visit()
            let truth = check.truth
            let version = truth.version
            switch talk.encoding {
            case .json:
                talk.say(json: #"{"type":"teleport","data":{"to":"moon"}}"#)
                talk.say(
                    json: #"{"type":"diff","data":{"view":999,"from":0,"to":99,"set":{"a":0}}}"#)
                truth.set(["later": 1])
                talk.say(
                    json: #"{"new":true,"type":"diff","timestamp":"1970-01-01T00:00:00.000Z","#
                        + #""data":{"colour":"red","view":\#(truth.number),"from":\#(version),"#
                        + #""to":\#(version + 1),"unset":null,"set":{"later":1}}}"#)
            case .messagePack:
                talk.say(packed: [0x92, 0x63, 0x01])
                talk.say(packed: [0x95, 0x0b, 0xcd, 0x03, 0xe7, 0x63, 0x63, 0x92, 0xa1, 0x61, 0x00])
                truth.set(["later": 1])
                var writer = Writer()
                writer.packArray(9)
                for n in [11, truth.number, version + 1, 1] as [UInt64] { writer.pack(n) }
                writer.packArray(2)
                writer.pack(Text("later"))
                writer.pack(UInt64(1))
                for _ in 0..<3 { writer.pack(Value.null) }
                writer.pack(Text("of the future"))
                talk.say(packed: writer.bytes())
            }
            try check.proven(talk, "an unknown message, a view of nobody's, and unknown fields")
            check.cut(talk)
        },
        Scenario("what is no message, and errors", "M5", "M7") { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            switch talk.encoding {
            case .json: for text in ["{", "[]", "7", #"{"type":"hash"}"#] { talk.say(json: text) }
            case .messagePack:
                for bytes in [[0xc1], [0x90], [0x91, 0x17], [0xc0]] as [[UInt8]] {
                    talk.say(packed: bytes)
                }
            }
            talk.say(.error(Problem(code: Code(rawValue: 777), reason: "of the future")))
            try talk.fence()
            let errors = talk.leftovers { if case .error = $0 { true } else { false } }
            try demand(errors == 0, "an error was answered with an error")
            check.change(talk, Patch(set: ["a": "still there"]))
            try check.proven(talk, "what is no message")
            check.cut(talk)
        },
        Scenario("a hash of another version", "D43") { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            let wrong = ViewHash(0x0123_4567_89ab_cdef)
            for version in [check.truth.version + 5, check.truth.version - 1] {
                talk.say(
                    .hash(HashReport(view: check.truth.number, version: version, hash: wrong)))
            }
            try talk.fence()
            try demand(talk.objection() == nil, "a hash of a version not held was compared")
            check.cut(talk)
        },
        Scenario("a message in many frames and many pieces, after a wait", "T1") {
            (check) throws(Finding) in
            let (talk, _) = try check.visit()
            let start = check.truth.version
            check.truth.set(["split": .text(String(repeating: "piece ", count: 20))])
            let bytes = check.truth.diff(from: start, talk.encoding)
            let opcode: UInt8 = talk.encoding == .json ? 1 : 2
            let third = bytes.count / 3
            let parts = [bytes[..<third], bytes[third..<third * 2], bytes[(third * 2)...]]
            var raw: [UInt8] = []
            for (place, part) in parts.enumerated() {
                raw.append((place == 2 ? 0x80 : 0) | (place == 0 ? opcode : 0))
                raw += [UInt8(part.count)] + part
                // Control frames may stand between.
                if place == 0 { raw += [0x89, 0x01, 0x21] }
            }
            for piece in stride(from: 0, to: raw.count, by: 7) {
                talk.say(raw: Array(raw[piece..<min(piece + 7, raw.count)]))
                check.lines.wait(for: .milliseconds(2))
            }
            try check.proven(talk, "a diff in three frames and many pieces")
            check.cut(talk)
        },
        Scenario("confirms what it receives", "L9", "N1") { (check) throws(Finding) in
            check.terms.unconfirmedBytes = 16_384
            check.terms.unconfirmedTime = 3_000
            let (talk, _) = try check.visit()
            var sent = talk.saidBytes
            let before = sent
            while sent - before < 6_000 {
                check.change(
                    talk,
                    Patch(set: ["fill": .text(String(repeating: "x", count: 900) + "\(sent)")]))
                sent = talk.saidBytes
            }
            let position = try talk.hear("seen after a quarter of unconfirmedBytes") { said in
                if case .seen(let seen) = said.message { seen.position } else { nil }
            }
            try demand(
                position <= talk.saidBytes,
                "seen says \(position), and \(talk.saidBytes) bytes were sent")
            try check.proven(talk, "many diffs")
            let last = talk.saidBytes
            check.change(talk, Patch(set: ["fill": 1]))
            let end = talk.saidBytes
            let late = try talk.hear("seen after a third of unconfirmedTime", within: .seconds(4)) {
                said in
                if case .seen(let seen) = said.message, seen.position > last {
                    seen.position
                } else {
                    nil
                }
            }
            try demand(late == end, "seen says \(late), and exactly \(end) bytes were sent")
            talk.say(.ping(Ping(nonce: 5)))
            let pong = try talk.hear("a pong") { said in
                if case .pong(let pong) = said.message, pong.nonce == 5 { pong } else { nil }
            }
            check.expected = check.truth.cursor
            check.cut(talk)
            try demand(
                pong.position == talk.saidBytes,
                "a pong says position \(pong.position.map { "\($0)" } ?? "nothing"), "
                    + "and \(talk.saidBytes) bytes were sent")
        },
        Scenario("another epoch", "S8", "S12") { (check) throws(Finding) in
            check.truth.begin("epoch-two", ["n": 1])
            let (talk, _) = try check.visit()
            check.change(talk, Patch(set: ["n": 2]))
            try check.proven(talk, "another epoch")
            check.cut(talk)
            let (later, request) = try check.greeted()
            try demand(
                request.cursor == check.truth.cursor || request.cursor == nil,
                "the cursor is of the old epoch still")
            // The topic is gone, and comes into being anew.
            let none = Cursor(epoch: Text(), version: 0, print: check.truth.print)
            later.say(
                .subscribed(
                    Subscribed(
                        id: request.id, view: check.truth.number, verdict: .snapshot, kind: .state,
                        cursor: none)))
            later.say(
                .snapshot(
                    Snapshot(
                        view: check.truth.number, epoch: Text(), version: 0, document: Map(),
                        hash: ViewHash())))
            check.truth.begin("epoch-three", ["born": 1])
            later.say(.snapshot(check.truth.snapshot))
            try check.proven(later, "a topic that came into being")
            check.cut(later)
        },
        Scenario("a slow reader is told, and goes on", "V3", "D15") { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            let start = check.truth.version
            for n in 0..<5 { check.truth.set(["merged": .integer(Int64(n))]) }
            talk.say(.lag(Lag(view: check.truth.number, rung: .merging, merged: 5)))
            check.diff(talk, from: start)
            talk.say(.lag(Lag(view: check.truth.number, rung: .none, merged: 0)))
            try check.proven(talk, "five versions in one diff")
            check.cut(talk)
        },
    ]

    static let endings: [Scenario] = [
        Scenario("a drain", "S15", "X2") { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            talk.say(.drain(Drain(after: 300, window: 500)))
            check.change(talk, Patch(set: ["drained": true]))
            check.expected = check.truth.cursor
            check.lines.wait(for: .milliseconds(300))
            check.lines.loop.close(
                talk.id, code: CloseCode(rawValue: 3_204), reason: "draining")
            let started = System.now
            let (back, request) = try check.greeted()
            let wait = System.now.since(started)
            try check.answer(back, request)
            check.cut(back)
            if wait > .seconds(4) { throw .lenient("it came back after \(Figures.duration(wait))") }
        },
        Scenario("the waits before it comes back", "S11", "S13") { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            check.cut(talk)
            var waits: [Interval] = []
            var started = System.now
            for _ in 0..<3 {
                let visitor = try check.guest()
                waits.append(System.now.since(started))
                // It opens, and is cut before it is authenticated, so that the waits grow.
                _ = try visitor.first("open") { said in
                    if case .open(let open) = said.message { open } else { nil }
                }
                visitor.cut()
                started = System.now
            }
            let words = waits.map { Figures.duration($0) }.joined(separator: ", ")
            try demand(waits[0] <= .milliseconds(1_600), "the first wait is \(words)")
            try demand(
                waits[1] >= .milliseconds(1_500),
                "it is refused again and again, and comes back after \(words)")
            if waits[1] < .milliseconds(2_000) || waits[2] < .milliseconds(4_000) {
                throw .lenient("waits of \(words), where about 3 and 6 s are told")
            }
        },
        Scenario("a code that is not known", "M7", "X1", "X2") { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            check.lines.loop.close(talk.id, code: CloseCode(rawValue: 3_299), reason: "later")
            let (back, request) = try check.greeted()
            try check.answer(back, request)
            check.cut(back)
        },
        Scenario("a wrong hash is reported, and not again at once", "L13", "D40", "D41", "D42") {
            (check) throws(Finding) in
            let (talk, _) = try check.visit()
            let wrong = ViewHash(check.truth.hash.word ^ 1)
            func lie() {
                talk.say(
                    .hash(
                        HashReport(
                            view: check.truth.number, version: check.truth.version, hash: wrong)))
            }
            lie()
            try talk.fence()
            guard let report = talk.objection() else {
                throw .fail("a hash that differs from its own was not reported")
            }
            try demand(
                report.version == check.truth.version,
                "the report names version \(report.version ?? 0)")
            try demand(
                report.hash == check.truth.hash,
                "its own hash is \(report.hash?.hex ?? ""), and \(check.truth.hash.hex) is right")
            talk.say(.snapshot(check.truth.snapshot))
            lie()
            try talk.fence()
            try demand(talk.objection() == nil, "it reports again within two seconds")
            check.cut(talk)
        },
        Scenario("an expired token", "S4", "X3") { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            check.lines.loop.close(talk.id, code: CloseCode(rawValue: 3_303), reason: "expired")
            guard let id = check.lines.arrival(within: .seconds(4)) else { return }
            let back = Talk(check.lines, id, talk.encoding, patience: check.settings.patience)
            let token = try back.hear("authenticate") { said in
                if case .authenticate(let body) = said.message { body.token } else { nil }
            }
            check.cut(back)
            if token == check.settings.token {
                throw .lenient("it comes back with the token that was told to be expired")
            }
        },
    ]
}
