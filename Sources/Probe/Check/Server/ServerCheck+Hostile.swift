internal import Transport
internal import Wire

extension ServerCheck {
    static let hostile: [Trial] = [
        Trial("unknown fields are ignored", "V2", "E41", "M3") { (check) throws(Finding) in
            let topic = check.topic()
            let talk = try check.line()
            talk.say(json: #"{"new":[1],"type":"open","data":{"version":1,"colour":{"a":[]}}}"#)
            let token = try check.token()
            talk.say(
                json: #"{"data":{"later":null,"token":"\#(token)"},"type":"authenticate"}"#)
            _ = try talk.hear("authenticated") { said in
                if case .authenticated(let body) = said.message { body } else { nil }
            }
            talk.say(
                json: #"{"type":"publish","data":{"id":1,"topic":"\#(topic)","set":{"v":1},"#
                    + #""unset":null,"increment":[],"if":null,"shape":"round"}}"#)
            _ = try talk.done(talk.answer(to: 1), "a publish with a field of the future")
            let packed = try check.ready(.messagePack)
            var writer = Writer()
            // [14, id, topic, set, nil, nil, nil, nil, nil, "later", 7]
            writer.packArray(11)
            writer.pack(UInt64(14))
            writer.pack(UInt64(1))
            writer.pack(topic)
            writer.pack(Value.map(["v": 2]))
            for _ in 0..<5 { writer.pack(Value.null) }
            writer.pack(Text("later"))
            writer.pack(UInt64(7))
            packed.say(packed: writer.bytes())
            _ = try packed.done(packed.answer(to: 1), "a publish with positions of the future")
        },
        Trial("an unknown message is answered with 501", "V3", "E43") {
            (check) throws(Finding) in
            let talk = try check.ready()
            talk.say(json: #"{"type":"teleport","data":{"to":"moon"}}"#)
            let problem = try talk.hearProblem(501, "an unknown type")
            try talk.fence()
            let packed = try check.ready(.messagePack)
            packed.say(packed: [0x92, 0x63, 0x01])
            _ = try packed.hearProblem(501, "code 99")
            packed.say(packed: [0x92, 0xcd, 0x01, 0x0b, 0x01])
            _ = try packed.hearProblem(501, "code 267")
            try packed.fence()
            if !problem.reason.string.contains("teleport") {
                throw .lenient("the error does not name the unknown type")
            }
        },
        Trial("a message that is none: 500, and on it goes", "M5", "E42", "E16") {
            (check) throws(Finding) in
            let talk = try check.ready()
            let forms = [
                "{", "[]", "7", "{}", #"{"type":7}"#, #"{"type":"ping"}"#,
                #"{"type":"ping","data":[1]}"#, #"{"type":"subscribe","data":{"id":1}}"#,
                #"{"type":"publish","data":{"id":1,"topic":"x","set":[1]}}"#,
            ]
            for form in forms {
                talk.say(json: form)
                _ = try talk.hearProblem(500, form)
            }
            try talk.fence()
            talk.say(json: #"{"type":"subscribe","data":{"id":1}}"#)
            let named = try talk.hearProblem(500, "subscribe without a topic")
            let packed = try check.ready(.messagePack)
            for form in [[0x90], [0xc0], [0x91, 0x14], [0x92, 0x14, 0xa1, 0x61]] as [[UInt8]] {
                packed.say(packed: form)
                _ = try packed.hearProblem(500, Talk.shown(form))
            }
            try packed.fence()
            if !named.reason.string.contains("topic") {
                throw .lenient("the error does not name the missing field")
            }
        },
        Trial("an error is not answered", "M5") { (check) throws(Finding) in
            let talk = try check.ready()
            talk.say(.error(Problem(code: .malformed, reason: "you too")))
            try talk.fence()
            let errors = talk.leftovers { if case .error = $0 { true } else { false } }
            try demand(errors == 0, "an error was answered with an error")
        },
        Trial("many problems end in 513, or in patience", "M5", "E43") {
            (check) throws(Finding) in
            let talk = try check.ready()
            for _ in 0..<40 { talk.say(json: #"{"type":"teleport"}"#) }
            var answers = 0
            while talk.end == nil, answers < 40 {
                guard try talk.take(within: check.settings.patience) else { break }
                answers = talk.leftovers { if case .error = $0 { true } else { false } }
            }
            if talk.end != nil {
                try talk.expectEnd(513, "forty messages of no known type")
            } else if answers >= 40 {
                throw .lenient("forty unknown messages in a row were each answered")
            }
        },
        Trial("ids and numbers out of range", "M4", "E7") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            for id in ["-1", "1.5", "9007199254740992", "\"1\"", "true"] {
                talk.say(json: #"{"type":"subscribe","data":{"id":\#(id),"topic":"\#(topic)"}}"#)
                _ = try talk.hearProblem(500, "the id \(id)")
            }
            talk.say(
                json: #"{"type":"subscribe","data":{"id":9007199254740991,"topic":"\#(topic)"}}"#)
            _ = try talk.subscribed(9_007_199_254_740_991)
        },
        Trial("a path of seventeen names", "D1", "E16") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            func path(_ n: Int) -> String {
                "[" + (0..<n).map { "\"p\($0)\"" }.joined(separator: ",") + "]"
            }
            let head = #"{"type":"publish","data":{"id":1,"topic":"\#(topic)","unset":["#
            talk.say(json: head + path(16) + "]}}")
            _ = try talk.done(talk.answer(to: 1), "a path of sixteen names")
            talk.say(json: head.replacing(#""id":1"#, with: #""id":2"#) + path(17) + "]}}")
            let isRefused = try talk.hear("a refusal of seventeen names") { said -> Bool? in
                switch said.message {
                case .error(let problem): problem.code == .malformed
                case .nack(let nack) where nack.id == 2: nack.code == .invalidPatch
                case .ack(let ack) where ack.id == 2: false
                default: nil
                }
            }
            try demand(isRefused, "a path of seventeen names was taken")
        },
        Trial("a frame of the other kind", "T1") { (check) throws(Finding) in
            let talk = try check.ready(.json)
            talk.say(packed: Message.ping(Ping(nonce: 9)).encoded(.json))
            for _ in 0..<2 where talk.end == nil { try talk.take(within: .milliseconds(500)) }
            let pongs = talk.leftovers { if case .pong = $0 { true } else { false } }
            if pongs > 0 { throw .lenient("JSON in a binary frame was taken") }
        },
        Trial("a message above messageBytes", "T1", "N2") { (check) throws(Finding) in
            let talk = try check.ready()
            guard talk.terms.messageBytes <= 16 << 20 else {
                throw .untried("messageBytes is \(talk.terms.messageBytes)")
            }
            let size = Int(talk.terms.messageBytes)
            talk.say(bytes: [UInt8](repeating: 0x20, count: size + 1), binary: false)
            _ = try talk.hearEnd("a message above messageBytes", within: .seconds(10))
        },
        Trial("a framed stream in both encodings", "T2", "T3") { (check) throws(Finding) in
            for encoding in Encoding.allCases {
                let talk = try check.framedLine(encoding)
                try talk.begin(try check.token())
                let topic = check.topic()
                let watch = try talk.watch(topic)
                try talk.set(topic, ["v": "framed"])
                try watch.hearSnapshot()
                try watch.expect(["v": "framed"], "over a framed stream")
                let version = try talk.set(topic, ["w": 1])
                try watch.come(to: version)
                // A message that comes in pieces is the same message.
                let ping = Framing.frame(Message.ping(Ping(nonce: 77)).encoded(encoding))
                for byte in ping {
                    talk.say(raw: [byte])
                    check.lines.flush()
                }
                _ = try talk.hear("a pong to a ping byte by byte") { said in
                    if case .pong(let pong) = said.message, pong.nonce == 77 { () } else { nil }
                }
            }
        },
        Trial("impossible lengths end a framed stream", "T2", "T3") { (check) throws(Finding) in
            for length in [[0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0x7f, 0, 0, 0]] as [[UInt8]] {
                let talk = try check.framedLine(.messagePack)
                talk.say(raw: length)
                _ = try talk.hearEnd("the length \(Talk.shown(length))")
            }
        },
        Trial("what is no beginning ends a framed stream", "T2") { (check) throws(Finding) in
            guard let address = check.settings.framed else {
                throw .untried("--framed HOST:PORT says where the server speaks framed streams")
            }
            let call = HTTPCall(host: "localhost", target: "/")
            guard let id = try? check.lines.loop.connect(to: address, call) else {
                throw .fail("cannot connect")
            }
            let limit = System.now + check.settings.patience
            while System.now < limit {
                switch check.lines.next(id, within: check.settings.patience) {
                case .closed?: return
                case .head?: throw .fail("HTTP on the framed port was answered")
                default: break
                }
            }
            throw .fail("HTTP on the framed port was left waiting")
        },
    ]
}
