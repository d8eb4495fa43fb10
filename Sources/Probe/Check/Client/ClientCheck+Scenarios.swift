internal import Transport
internal import Wire

extension ClientCheck {
    static let beginning: [Scenario] = [
        Scenario(
            "opens, authenticates, subscribes, and keeps in step", "T1", "S1", "V1", "M1", "M2",
            "S5", "D10", "D11", "E41"
        ) { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            check.change(talk, Patch(set: ["a": 2]))
            check.change(talk, Patch(unset: [["b", "x"]], set: ["c": ["new": "field"]]))
            try check.proven(talk, "two diffs")
            talk.say(.ping(Ping(nonce: 1 << 53 - 1)))
            _ = try talk.hear("a pong with the ping's nonce") { said in
                if case .pong(let pong) = said.message, pong.nonce == 1 << 53 - 1 {
                    ()
                } else {
                    nil
                }
            }
            check.cut(talk)
        },
        Scenario("comes back with its cursor and its instance", "S7", "S8", "S2") {
            (check) throws(Finding) in
            // Played alone it is the first, and there is nothing to come back with yet.
            if check.expected == nil {
                let (talk, _) = try check.visit()
                check.cut(talk)
            }
            let before = check.instance
            check.truth.set(["a": 3, "d": 1])
            let (talk, request) = try check.greeted()
            guard let cursor = request.cursor else {
                throw .fail("it held a view, and came back without a cursor")
            }
            try demand(
                cursor == check.expected,
                "the cursor is \(cursor), and was to be \(check.expected?.version ?? 0)")
            try check.answer(talk, request)
            check.cut(talk)
            guard let before else { throw .lenient("it names no instance: repeats are done again") }
            try demand(before.count >= 8, "\(before) is too short to be 64 random bits")
        },
    ]

    static let diffs: [Scenario] = [
        Scenario("a diff again, an older one, one that overlaps", "D15", "D14") {
            (check) throws(Finding) in
            let (talk, _) = try check.visit()
            let truth = check.truth
            let start = truth.version
            truth.set(["a": 10])
            let first = truth.diff(from: start, talk.encoding)
            let binary = talk.encoding == .messagePack
            talk.say(bytes: first, binary: binary)
            truth.change(Patch(unset: [["a"]], set: ["e": ["f": 1]]))
            check.diff(talk, from: start + 1)
            check.diff(talk, from: start)
            try check.proven(talk, "a diff that came twice")
            truth.set(["g": 1])
            check.diff(talk, from: start)
            // What was told, again and last: nothing of it may come back.
            talk.say(bytes: first, binary: binary)
            try check.proven(talk, "diffs that overlap, and one that is old")
            check.cut(talk)
        },
        Scenario("a gap", "D15", "S9") { (check) throws(Finding) in
            let (talk, request) = try check.visit()
            let held = check.truth.cursor
            check.truth.set(["lost": 1])
            let lost = check.truth.version
            check.truth.set(["a": "after the gap"])
            check.diff(talk, from: lost)
            let again = try check.subscription(talk)
            try demand(again.id == request.id, "it resumes under another id, \(again.id)")
            if let cursor = again.cursor {
                try demand(
                    cursor == held, "it holds \(held.version), and resumes from \(cursor.version)")
            }
            try check.answer(talk, again)
            check.cut(talk)
            if again.cursor == nil { throw .lenient("after a gap it asks for all, not the rest") }
        },
        Scenario(
            "fields of every kind come and go", "D2", "D3", "D4", "D5", "D12", "D40", "D41", "D42",
            "E1", "E3", "E7", "E11", "E22", "E23", "E31", "E32", "E40", "E44"
        ) { (check) throws(Finding) in
            let (talk, _) = try check.visit()
            let steps: [Patch] = [
                Patch(set: ["a": ["b": ["c": 1, "d": 2]]]), Patch(set: ["a": ["b": 5]]),
                Patch(set: ["a": ["b": ["e": .map(Map())]]]), Patch(unset: [["a", "b", "e"]]),
                Patch(set: ["list": [1, [2, ["k": .null]], "µ"]]), Patch(set: ["list": [1]]),
                Patch(
                    set: [
                        "n": [
                            "max": .unsigned(.max), "min": .integer(.min),
                            "odd": .integer(1 << 53 + 1), "tenth": 0.1, "big": 1e20,
                            "small": 1.5e-300, "zero": 0, "minus": -1,
                        ]
                    ]),
                Patch(
                    set: [
                        "o": [
                            "bytes": .bytes([0, 1, 254]),
                            "time": .time(WallTime(seconds: -1, nanoseconds: 500_000_000)),
                            "custom": Custom(type: 5, data: [1]).map { .custom($0) } ?? .null,
                            "escaped": [["$price": 5]], "é": "e\u{301}", "": true,
                        ]
                    ]),
                Patch(unset: [["o"], ["n", "max"]], set: ["o": ["again": 1]]),
                Patch(unset: [[]], set: ["all": "new"]), Patch(set: ["a": 1, "b": ["x": 1]]),
            ]
            for (number, step) in steps.enumerated() {
                check.change(talk, step)
                try check.proven(talk, "step \(number + 1), \(FieldList.words(.map(step.set)))")
            }
            check.cut(talk)
        },
        Scenario("names that are redefined", "D30", "D32", "D18", "D34") {
            (check) throws(Finding) in
            let (talk, _) = try check.visit()
            guard talk.encoding == .messagePack else {
                check.cut(talk)
                throw .untried("the client speaks JSON, which has no aliases")
            }
            for n in 0..<30 {
                for value in 1...2 {
                    var (inner, outer) = (Map(), Map())
                    inner[Text("inner-\(n)")] = .integer(Int64(value))
                    outer[Text("name-\(n)")] = .map(inner)
                    check.change(talk, Patch(set: outer))
                }
            }
            try check.proven(talk, "sixty diffs with aliases")
            // A number that passes to another name, as a server may do when names die.
            var writer = Writer()
            let version = check.truth.version
            check.truth.set(["reborn": 7])
            writer.packArray(7)
            for n in [11, check.truth.number, version + 1, 1] as [UInt64] { writer.pack(n) }
            writer.packArray(2)
            writer.packArray(1)
            writer.pack(UInt64(0))
            writer.pack(UInt64(7))
            writer.packArray(0)
            writer.packArray(2)
            writer.pack(UInt64(0))
            writer.pack(Text("reborn"))
            talk.say(packed: writer.bytes())
            try check.proven(talk, "an alias that was given to another name")
            check.cut(talk)
        },
        Scenario("a snapshot in parts, and a diff between them", "S14") {
            (check) throws(Finding) in
            let (talk, _) = try check.visit()
            let truth = check.truth
            truth.set(["late": 1])
            let whole = truth.snapshot
            let half = whole.document.count / 2
            var (one, two) = (Map(), Map())
            for (place, entry) in whole.document.entries.enumerated() {
                if place < half {
                    one[entry.key] = entry.value
                } else {
                    two[entry.key] = entry.value
                }
            }
            var part = whole
            part.document = one
            part.hash = nil
            talk.say(.snapshot(part))
            truth.set(["late": 2])
            check.diff(talk, from: whole.version)
            part.document = two
            part.part = 1
            part.hash = whole.hash
            part.definitions = []
            talk.say(.snapshot(part))
            // What came between is told again.
            check.diff(talk, from: whole.version)
            try check.proven(talk, "a snapshot in two parts")
            check.cut(talk)
        },
        Scenario("a snapshot whose hash is wrong", "S14") { (check) throws(Finding) in
            let (talk, request) = try check.visit()
            var wrong = check.truth.snapshot
            wrong.hash = ViewHash(check.truth.hash.word ^ 0xff)
            talk.say(.snapshot(wrong))
            let again = try check.subscription(talk)
            try demand(again.id == request.id, "it subscribes under another id")
            try demand(again.cursor == nil, "it drops a snapshot, and resumes from it")
            try check.answer(talk, again)
            check.cut(talk)
        },
    ]
}
