internal import Transport
internal import Wire

extension ServerCheck {
    /// A publisher and a reader in each encoding, of one topic; what all three must hold.
    private struct Room {
        let talk: Talk
        let topic: Text
        let readers: [Watch]

        init(_ check: ServerCheck, _ start: Map) throws(Finding) {
            talk = try check.ready()
            topic = check.topic()
            try talk.set(topic, start)
            var readers: [Watch] = []
            for encoding in Encoding.allCases {
                readers.append(try check.ready(encoding).watch(topic))
            }
            self.readers = readers
        }

        func hold(_ version: UInt64, _ map: Map, _ what: String) throws(Finding) {
            for reader in readers {
                try reader.come(to: version)
                try reader.expect(map, what)
            }
        }

        func prove() throws(Finding) {
            for reader in readers { try reader.prove() }
        }
    }

    static let documents: [Trial] = [
        Trial("leaves and maps", "D2", "D3", "D4", "D5", "D7", "D10", "D11", "D12", "L6") {
            (check) throws(Finding) in
            let room = try Room(check, ["a": ["x": 1, "y": 2], "l": [1, 2]])
            let (talk, topic) = (room.talk, room.topic)
            try room.hold(
                talk.set(topic, ["a": ["z": 3], "l": [3]]),
                ["a": ["x": 1, "y": 2, "z": 3], "l": [3]], "set is laid over")
            try room.hold(talk.unset(topic, ["a"]), ["l": [3]], "a whole map is unset")
            try room.hold(
                talk.set(topic, ["a": .map(Map())]), ["a": .map(Map()), "l": [3]], "an empty map")
            try room.hold(
                talk.set(topic, ["a": ["b": ["c": 1]]]), ["a": ["b": ["c": 1]], "l": [3]],
                "a field beneath the empty map")
            try room.hold(
                talk.unset(topic, ["a", "b", "c"]), ["l": [3]], "the last leaf beneath a map")
            try room.hold(talk.set(topic, ["l": ["m": 1]]), ["l": ["m": 1]], "a map for a list")
            try room.hold(talk.set(topic, ["l": 7]), ["l": 7], "a leaf for a map")
            // What is not there is no error, and nothing is sent.
            try talk.unset(topic, ["nothing"])
            try room.hold(talk.unset(topic, []), Map(), "all is unset")
            try room.hold(talk.set(topic, ["n": 1]), ["n": 1], "and begun again")
            try room.prove()
        },
        Trial("unset and set in one patch", "D6", "D12") { (check) throws(Finding) in
            let room = try Room(check, ["a": ["x": 1, "y": 2]])
            let patch = Patch(unset: [["a"]], set: ["a": ["z": 3]])
            let version = try room.talk.done(
                room.talk.publish(room.topic, patch), "unset and set beneath it")
            try room.hold(version, ["a": ["z": 3]], "fields are unset before others are set")
            try room.prove()
        },
        Trial("whole or not at all", "D6", "D8", "L2", "X5") { (check) throws(Finding) in
            let room = try Room(check, ["n": 1, "t": "text"])
            var patch = Patch(unset: [["t"]], set: ["m": 1])
            patch.increments = [Patch.Increment(path: ["n"], amount: Number(2))]
            patch.conditions = [Patch.Condition(path: ["n"], version: 0)]
            try room.talk.refused(
                room.talk.publish(room.topic, patch), 505, "a patch whose condition fails")
            var sum = Patch(set: ["m": 1])
            sum.increments = [Patch.Increment(path: ["t"], amount: Number(1))]
            try room.talk.refused(
                room.talk.publish(room.topic, sum), 510, "an increment of a text")
            let version = try room.talk.set(room.topic, ["end": true])
            try room.hold(
                version, ["n": 1, "t": "text", "end": true], "nothing of either was done")
            try demand(version == 2, "refused patches must not count as versions")
        },
        Trial("increments", "D8", "D14") { (check) throws(Finding) in
            let room = try Room(check, ["n": 40])
            func add(_ path: Path, _ amount: Number) throws(Finding) -> Talk.Answer {
                var patch = Patch()
                patch.increments = [Patch.Increment(path: path, amount: amount)]
                return try room.talk.publish(room.topic, patch)
            }
            let talk = room.talk
            try room.hold(talk.done(add(["n"], Number(2)), "n + 2"), ["n": 42], "a sum")
            try room.hold(
                talk.done(add(["m"], Number(-5)), "m - 5"), ["n": 42, "m": -5],
                "an increment where nothing stands")
            try talk.set(room.topic, ["n": .unsigned(.max)])
            try talk.refused(add(["n"], Number(1)), 510, "a sum out of range")
            let exact = try talk.set(room.topic, ["n": .integer(1 << 53)])
            let version = try talk.done(add(["n"], Number(1)), "2^53 + 1")
            try demand(version == exact + 1, "an increment raises the version by one")
            try room.hold(version, ["n": .integer(1 << 53 + 1), "m": -5], "integers add exactly")
            var twice = Patch(set: ["n": 1])
            twice.increments = [Patch.Increment(path: ["n"], amount: Number(1))]
            try talk.refused(
                talk.publish(room.topic, twice), 510, "an increment beside a set of the same")
        },
        Trial("conditions", "D9") { (check) throws(Finding) in
            let room = try Room(check, ["a": ["x": 1], "b": 1])
            let talk = room.talk
            let second = try talk.set(room.topic, ["b": 2])
            func when(_ path: Path, _ version: UInt64, _ n: Int64) throws(Finding) -> Talk.Answer {
                var patch = Patch(set: ["c": .integer(n)])
                patch.conditions = [Patch.Condition(path: path, version: version)]
                return try talk.publish(room.topic, patch)
            }
            _ = try talk.done(when(["a"], 1, 1), "a field unchanged since")
            _ = try talk.done(when(["b"], second, 2), "a field changed at that version")
            try talk.refused(when(["b"], 1, 3), 505, "a field that changed")
            try talk.set(room.topic, ["a": ["x": 2]])
            try talk.refused(when(["a"], second, 4), 505, "a change beneath")
            try talk.refused(when(["a", "x", "y"], second, 5), 505, "a change above")
            var many = Patch(set: ["c": 9])
            many.conditions = (0..<65).map {
                Patch.Condition(path: Path([Text("k\($0)")]), version: 1)
            }
            let id = talk.freshID()
            talk.say(.publish(Publish(id: id, topic: room.topic, change: .patch(many))))
            let isRefused = try talk.hear("a refusal of 65 conditions") { said -> Bool? in
                switch said.message {
                case .error: true
                case .nack(let nack) where nack.id == id: true
                case .ack(let ack) where ack.id == id: false
                default: nil
                }
            }
            try demand(isRefused, "65 conditions were taken")
        },
        Trial(
            "many changes at random, proven by hash", "D10", "D12", "D18", "D40", "D41", "D32",
            "D30"
        ) {
            (check) throws(Finding) in
            let room = try Room(check, ["seed": true])
            var plan = LoadPlan()
            plan.fields = 40
            plan.changes = 5
            plan.seed = check.settings.seed
            var script = Script(plan)
            var steps = [script.opening().patch]
            for _ in 0..<60 { steps.append(script.step(of: 0).patch) }
            var version: UInt64 = 0
            for patch in steps {
                version = try room.talk.done(room.talk.publish(room.topic, patch), "a patch")
            }
            var wanted = script.predicted(0)
            wanted["seed"] = true
            try room.hold(version, wanted, "after 61 patches")
            try room.prove()
        },
        Trial("every kind of value in the hash", "D40", "D41", "D42", "D43", "E44", "L14") {
            (check) throws(Finding) in
            let room = try Room(
                check,
                [
                    "a": .null, "b": true, "c": .unsigned(.max), "d": 0.1, "e": "µ",
                    "f": .bytes([1, 2]), "g": .time(WallTime(seconds: -1, nanoseconds: 5)),
                    "h": [1, ["k": [.null]]], "i": .map(Map()), "j": ["deep": ["er": -0.5]],
                    "k": .integer(1 << 53 + 1), "": "no name",
                ])
            try room.prove()
            let watch = room.readers[0]
            room.readers[0].talk.say(.hash(HashReport(view: watch.answer.view)))
            let bytes = try watch.talk.hear("a hash") { said in
                if case .hash = said.message { said.bytes } else { nil }
            }
            let digits = [UInt8](watch.mirror.hash.hex.string.utf8)
            try demand(bytes.contains(digits), "a hash is sixteen digits in lower case")
            let asked = try room.talk.watch(room.topic) { $0.hash = true }
            let version = try room.talk.set(room.topic, ["a": 1])
            try asked.come(to: version)
            let told = try asked.talk.hear("the hash behind a diff") { said -> HashReport? in
                if case .hash(let report) = said.message, report.version == version {
                    report
                } else {
                    nil
                }
            }
            try demand(told.hash == asked.mirror.hash, "the hash behind a diff is another")
        },
        Trial("rows keep their names", "D31") { (check) throws(Finding) in
            let topic = try check.rowTopic()
            let talk = try check.ready()
            try talk.set(topic, ["row1": ["state": 1]])
            let watch = try check.ready(.messagePack).watch(topic)
            try demand(watch.answer.kind == .collection, "the topic is no collection")
            for n in 0..<3 {
                let version = try talk.set(topic, ["row1": ["state": .integer(Int64(n + 5))]])
                try watch.come(to: version)
                try demand(
                    watch.frames.last?.contains([UInt8]("row1".utf8)) == true,
                    "a row's key travels as a number")
            }
        },
    ]

    static let masks: [Trial] = [
        Trial("masks: names, any name, leaves above", "D20", "D23", "E40", "D33", "D13", "A5") {
            (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            try talk.set(
                topic,
                [
                    "r1": ["open": 1, "hidden1": 2], "r2": ["open": 3], "r3": "leaf",
                    "plain": ["deep": ["x": 1]],
                ])
            for encoding in Encoding.allCases {
                let reader = try check.ready(encoding)
                let watch = try reader.watch(topic) {
                    $0.fields = Mask([[.any, .name("open")], [.name("plain"), .name("deep")]])
                }
                try watch.expect(
                    ["r1": ["open": 1], "r2": ["open": 3], "plain": ["deep": ["x": 1]]], "a mask")
                try talk.set(topic, ["r1": ["hidden1": 5]])
                let version = try talk.set(topic, ["r3": ["open": 4]])
                try watch.come(to: version)
                try watch.prove()
                for frame in watch.frames {
                    try demand(
                        !frame.contains([UInt8]("hidden1".utf8)), "a hidden name was told")
                }
                try talk.unset(topic, ["r3"])
                // What is removed above fields of the view is removed in it.
                let end = try talk.unset(topic, ["plain"])
                try watch.come(to: end)
                try watch.expect(["r1": ["open": 1], "r2": ["open": 3]], "a removal above")
                try watch.prove()
                try talk.set(topic, ["r3": "leaf", "plain": ["deep": ["x": 1]]])
            }
            let short = try check.ready()
            short.say(
                json: #"{"type":"subscribe","data":{"id":1,"topic":"\#(topic)","#
                    + #""fields":["r3",["plain","deep"]]}}"#)
            let watch = Watch(short, Subscribe(id: 1, topic: topic), try short.subscribed(1))
            try watch.begin()
            try watch.expect(["r3": "leaf", "plain": ["deep": ["x": 1]]], "a name as a path")
        },
        Trial("sixty-five patterns", "D20") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            for (id, count) in [(1, 64), (2, 65)] {
                let list = (0..<count).map { "\"f\($0)\"" }.joined(separator: ",")
                talk.say(
                    json: #"{"type":"subscribe","data":{"id":\#(id),"topic":"\#(topic)","#
                        + #""fields":[\#(list)]}}"#)
            }
            _ = try talk.subscribed(1)
            let isRefused = try talk.hear("a refusal of 65 patterns") { said -> Bool? in
                switch said.message {
                case .error: true
                case .unsubscribed(let body) where body.id == 2: true
                case .subscribed(let body) where body.id == 2: false
                default: nil
                }
            }
            try demand(isRefused, "65 patterns were taken")
        },
        Trial("equal masks are one view", "D21", "S10") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            try talk.set(topic, ["a": ["x": 1], "b": 2])
            let one = try talk.watch(topic) { $0.fields = Mask(paths: [["a"], ["b"]]) }
            talk.say(
                json: #"{"type":"subscribe","data":{"id":90,"topic":"\#(topic)","#
                    + #""fields":[["b"],["a","x"],["a"],["b"]]}}"#)
            let other = try talk.subscribed(90)
            try demand(other.view == one.answer.view, "equal masks got two views")
            try demand(
                other.cursor.print == one.answer.cursor.print, "equal views have two prints")
            let version = try talk.set(topic, ["b": 3])
            try one.come(to: version)
            try talk.fence()
            let again = talk.leftovers {
                if case .diff(let diff) = $0 { diff.view == other.view } else { false }
            }
            if again > 0 { throw .lenient("a frame came once for each of two equal views") }
        },
        Trial("only what is asked and allowed is shown", "D22", "M6", "A5", "A6", "A7") {
            (check) throws(Finding) in
            let owner = try check.ready()
            let topic = check.topic()
            let closed = check.topic()
            try owner.set(topic, ["a": 1, "b": 2, "c": 3])
            try owner.set(closed, ["a": 1])
            let rights: Value = [
                ["pattern": .text(topic), "read": [["a"], ["b"]], "write": [["a"]]]
            ]
            let talk = try check.ready(token: try check.token(topics: rights))
            let watch = try talk.watch(topic) { $0.fields = Mask(paths: [["b"], ["c"]]) }
            try watch.expect(["b": 2], "asked ∩ allowed")
            try talk.refused(talk.publish(topic, Patch(set: ["b": 9])), 504, "a field not allowed")
            try talk.set(topic, ["a": 5])
            var codes: [UInt64?] = []
            for name in [closed, check.topic()] {
                let id = talk.freshID()
                talk.say(.subscribe(Subscribe(id: id, topic: name)))
                codes.append(try talk.unsubscribed(id)?.rawValue)
                codes.append(try talk.publish(name, Patch(set: ["a": 1])).code)
            }
            try demand(
                codes.allSatisfy { $0 == 504 },
                "absent and not allowed must both be 504, not \(codes.map { $0 ?? 0 })")
        },
    ]
}
