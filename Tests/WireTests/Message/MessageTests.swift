import Testing
import Wire

@Suite("Messages") struct MessageTests {
    @Test("There is a sample of every kind") func everyKind() {
        let kinds = Samples.all.map { $0.kind }
        #expect(Message.Kind.allCases.filter { !kinds.contains($0) }.isEmpty)
    }

    @Test("Every message comes back as it went, in both encodings", arguments: Encoding.allCases)
    func roundTrip(_ encoding: Encoding) {
        for message in Samples.all {
            let bytes = message.encoded(encoding)
            #expect(Message.decoded(bytes, encoding) == .success(message))
        }
    }

    @Test("A time in JSON's envelope changes nothing") func timestamp() {
        for message in Samples.all {
            let bytes = message.encoded(.json, timestamp: WallTime(seconds: 0))
            #expect(Message.decoded(bytes, .json) == .success(message))
            #expect(
                String(decoding: bytes, as: UTF8.self)
                    .hasSuffix(",\"timestamp\":\"1970-01-01T00:00:00.000Z\"}"))
        }
    }

    @Test("In JSON a message is an envelope, in MessagePack an array") func forms() {
        func json(_ message: Message) -> String {
            String(decoding: message.encoded(.json), as: UTF8.self)
        }
        #expect(json(.ping(Ping(nonce: 7))) == #"{"type":"ping","data":{"nonce":7}}"#)
        #expect(hex(Message.ping(Ping(nonce: 7)).encoded(.messagePack)) == "921407")
        let diff = Message.diff(
            Diff(
                view: 3, from: 11, to: 12,
                content: .init(
                    unset: [["x"]],
                    set: [.init(path: ["a", "b"], value: 1), .init(path: ["a", "c"], value: 2)])))
        #expect(
            json(diff)
                == #"{"type":"diff","data":{"view":3,"from":11,"to":12,"unset":[["x"]],"#
                + #""set":{"a":{"b":1,"c":2}}}}"#)
        #expect(
            hex(diff.encoded(.messagePack)) == "960b030c01" + "9492a161a1620192a161a16302"
                + "91a178")
        let absent = Message.nack(Nack(id: 1, code: .conflict, after: 5))
        #expect(hex(absent.encoded(.messagePack)) == "961201cd01f9c0c005")
        #expect(
            json(.command(Command(id: 5, name: "go", data: .null))).contains("\"data\":null")
                == false)
        #expect(
            hex(Message.command(Command(id: 5, name: "go", data: .null)).encoded(.messagePack))
                == "930f05a2676f")
    }

    @Test("Fields that this version does not know are ignored") func unknownFields() {
        for message in Samples.all {
            var bytes = message.encoded(.messagePack)
            // Ten more elements, whatever the array's head was.
            let count = Int(bytes[0] & 0x0f) + 10
            let nils = message.kind == .diff ? 7 : 12
            let missing = max(nils - Int(bytes[0] & 0x0f), 0)
            bytes[0] = 0xdc
            bytes.insert(contentsOf: [0, UInt8(count + missing)], at: 1)
            bytes += [UInt8](repeating: 0xc0, count: missing)
            bytes += [UInt8](repeating: 0x2a, count: 10)
            #expect(Message.decoded(bytes, .messagePack) == .success(message))

            var text = String(decoding: message.encoded(.json), as: UTF8.self)
            text.removeLast()
            if text.hasSuffix("}") {
                text.removeLast()
                text += text.hasSuffix("{") ? "" : ","
                text += "\"later\":[{}]}"
            }
            text += ",\"more\":{\"a\":1}}"
            #expect(Message.decoded(Array(text.utf8), .json) == .success(message), "\(text)")
        }
    }

    @Test("Other forms of a message are read as that message, in both encodings")
    func otherForms() {
        for (comment, text, packed, message) in MessageTests.otherForms {
            #expect(Message.decoded(Array(text.utf8), .json) == .success(message), "\(comment)")
            #expect(Message.decoded(bytes(packed), .messagePack) == .success(message), "\(comment)")
        }
    }

    @Test("An unknown kind is named") func unknownKinds() {
        for (text, packed, name, code) in MessageTests.unknown {
            #expect(Message.decoded(Array(text.utf8), .json) == .failure(.unknown(name)))
            #expect(Message.decoded(bytes(packed), .messagePack) == .failure(.unknown(code)))
        }
    }

    static let wrongFields: [(String, String, Text)] = [
        (#"{}"#, "", "type"), (#"{"type":5}"#, "", "type"), (#"{"type":"ping"}"#, "9114", "nonce"),
        (#"{"type":"ping","data":5}"#, "", "data"),
        (#"{"type":"ping","data":{"nonce":"1"}}"#, "9214a131", "nonce"),
        (#"{"type":"ping","data":{"nonce":-1}}"#, "9214ff", "nonce"),
        (#"{"type":"ping","data":{"nonce":0.5}}"#, "9214ca3f000000", "nonce"),
        (
            #"{"type":"ping","data":{"nonce":{"$int":"9007199254740992"}}}"#,
            "9214cf0020000000000000", "nonce"
        ),
        (
            #"{"type":"ack","data":{"id":1,"version":2,"ranges":[[2,1]]}}"#, "94110102919202ff",
            "ranges"
        ),
        (#"{"type":"ack","data":{"id":1,"version":2,"ranges":[[2]]}}"#, "94110102919102", "ranges"),
        (#"{"type":"subscribe","data":{"id":1,"topic":5}}"#, "93060105", "topic"),
        (
            #"{"type":"subscribe","data":{"id":1,"topic":"t","fields":[5]}}"#, "940601a1749105",
            "fields"
        ),
        (
            #"{"type":"subscribe","data":{"id":1,"topic":"t","rate":"x"}}"#, "950601a174c0a178",
            "rate"
        ),
        (
            #"{"type":"subscribe","data":{"id":1,"topic":"t","cursor":["e",1]}}"#,
            "960601a174c0c092a16501", "cursor"
        ),
        (
            #"{"type":"subscribe","data":{"id":1,"topic":"t","hash":1}}"#, "970601a174c0c0c001",
            "hash"
        ),
        (
            #"{"type":"subscribe","data":{"id":1,"topic":"t","start":"then"}}"#,
            "990601a174c0c0c0c0c0a47468656e", "start"
        ),
        (#"{"type":"lag","data":{"view":1,"rung":9,"merged":0}}"#, "9418010900", "rung"),
        (
            #"{"type":"hash","data":{"view":1,"hash":"0123456789ABCDEF"}}"#,
            "941701c0b030313233343536373839414243444546", "hash"
        ),
        (#"{"type":"publish","data":{"id":1,"topic":"t","set":[]}}"#, "940e01a17490", "set"),
        (
            #"{"type":"publish","data":{"id":1,"topic":"t","event":1,"set":{"a":1}}}"#,
            "990e01a17481a16101c0c0c0c001", "event"
        ),
        (#"{"type":"event","data":{"view":1,"sequence":1}}"#, "930c0101", "data"),
        (
            #"{"type":"opened","data":{"version":1,"connection":"c","terms":5}}"#, "950201c0a16305",
            "terms"
        ),
    ]

    @Test("A field that is missing, of another kind or out of range is named, in both encodings")
    func wrongFields() {
        for (text, packed, name) in MessageTests.wrongFields {
            #expect(Message.decoded(Array(text.utf8), .json) == .failure(.field(name)), "\(text)")
            if !packed.isEmpty {
                #expect(
                    Message.decoded(bytes(packed), .messagePack) == .failure(.field(name)),
                    "\(packed)")
            }
        }
    }

    static let faults: [(String, DecodeError.Reason, Int)] =
        [
            ("", .truncated, 0), ("90", .missingField, 1), ("c0", .wrongKind, 0),
            ("91a470696e67", .wrongKind, 1), ("91ff", .numberOutOfRange, 1),
            ("921405c0", .trailingBytes, 3), ("9214", .truncated, 0), ("92c1", .truncated, 0),
            ("930bc0c0", .missingField, 2), ("950b01020390", .numberOutOfRange, 3),
            ("950b01020090", .numberOutOfRange, 3), ("950b0102019100", .missingField, 5),
            ("950b010201920001", .unknownAlias, 6), ("950b010201929001", .wrongKind, 6),
            ("950b01020192a16181a16201", .wrongKind, 6), ("950b0102019190", .missingField, 5),
            ("960b0102019091" + "dc0011" + String(repeating: "a0", count: 17), .tooMany, 10),
        ]

    @Test("What is no message at all says where", arguments: faults)
    func malformed(_ packed: String, _ reason: DecodeError.Reason, _ offset: Int) {
        #expect(
            Message.decoded(bytes(packed), .messagePack)
                == .failure(.malformed(DecodeError(reason, at: offset))))
    }

    @Test("A message cut at any byte is refused", arguments: Encoding.allCases)
    func cutAnywhere(_ encoding: Encoding) {
        for message in Samples.all {
            let whole = message.encoded(encoding)
            for end in whole.indices {
                if case .success = Message.decoded(Array(whole[..<end]), encoding) {
                    Issue.record("\(message.kind) cut at \(end)")
                }
            }
        }
    }

    @Test("Field values may be nested equally deep in both encodings, an event's in a page too")
    func depth() {
        func nested(_ levels: Int) -> Value {
            var value: Value = 1
            for _ in 0..<levels { value = .array([value]) }
            return value
        }
        for encoding in Encoding.allCases {
            for (levels, isTaken) in [(64, true), (65, false)] {
                for message in [
                    .command(Command(id: 1, name: "c", data: nested(levels))),
                    .publish(Publish(id: 1, topic: "t", change: .event(nested(levels)))),
                    .event(Event(view: 1, sequence: 1, data: nested(levels))),
                    .page(
                        Page(id: 1, events: [.init(sequence: 1, data: nested(levels))], next: nil)),
                ] as [Message] {
                    let decoded = Message.decoded(message.encoded(encoding), encoding)
                    #expect((decoded == .success(message)) == isTaken, "\(message.kind) \(levels)")
                }
            }
        }
    }

    @Test("A diff of very many fields, in any order, costs little more than its bytes")
    func largeDiff() {
        var random = Seeded(9)
        var fields = (0..<20_000).map {
            Diff.Assignment(path: [Text("row\($0 % 5_000)"), Text("f\($0 / 5_000)")], value: 1)
        }
        fields.shuffle(using: &random)
        let diff = Diff(view: 1, from: 1, to: 2, content: .init(set: fields))
        guard
            case .success(.diff(let back)) = Message.decoded(
                Message.diff(diff).encoded(.json), .json)
        else {
            Issue.record("it did not come back")
            return
        }
        #expect(back.content.set.count == 20_000)
        #expect(back.content.set == fields.sorted { $0.path < $1.path })
    }

    @Test("Aliases by the thousand, each used by thousands of paths, are looked up at once")
    func manyAliases() {
        var writer = Writer()
        for n in [11, 1, 2, 1] as [UInt64] { if n == 11 { writer.packArray(7) }; writer.pack(n) }
        writer.packArray(100_000)
        for i in 0..<50_000 {
            writer.pack(UInt64(i % Document.aliasLimit))
            writer.pack(true)
        }
        writer.packArray(0)
        writer.packArray(100_000)
        for i in 0..<50_000 {
            writer.pack(UInt64(i % Document.aliasLimit))
            writer.pack("a" as Text)
        }
        guard case .success(.diff(let diff)) = Message.decoded(writer.bytes(), .messagePack) else {
            Issue.record("it was refused")
            return
        }
        #expect(diff.content.set.count == 50_000)
    }

    @Test("A definition gives an alias its name, also one that was known before") func aliases() {
        let known = [Diff.Definition(alias: 0, name: "old"), .init(alias: 1, name: "b")]
        let packed = bytes("970b010201" + "92920001c3" + "90" + "9200a16e")
        let decoded = try? Message(messagePack: packed.span, definitions: known)
        #expect(
            decoded
                == .diff(
                    Diff(
                        view: 1, from: 1, to: 2,
                        content: .init(set: [.init(path: ["n", "b"], value: true)]),
                        definitions: [.init(alias: 0, name: "n")])))
    }
}
