import Wire

extension VectorFile {
    /// Messages: each kind in both encodings, other forms that are read, and what is refused.
    static let messages: VectorFile = {
        var file = VectorFile("messages")
        for message in Samples.all {
            file.add(
                "M2", "\(message.kind.name), canonical in both encodings",
                [
                    "kind": .text(message.kind.name),
                    "messagePack": .hex(message.encoded(.messagePack)),
                    "json": .string(message.encoded(.json)),
                ])
        }
        for (comment, text, packed, message) in MessageTests.otherForms {
            file.add(
                "E41", comment,
                [
                    "kind": .text(message.kind.name), "messagePack": .text(packed),
                    "json": .text(text),
                    "canonicalMessagePack": .hex(message.encoded(.messagePack)),
                    "canonicalJSON": .string(message.encoded(.json)),
                ])
        }
        for (text, packed, name) in MessageTests.wrongFields {
            file.add(
                "E42", "refused: the field is missing, of another kind or out of range",
                [
                    "messagePack": packed.isEmpty ? nil : .text(packed), "json": .text(text),
                    "error": "field", "field": .text(name),
                ])
        }
        for (text, packed, json, code) in MessageTests.unknown {
            file.add(
                "E43", "an unknown kind, which is answered by an error and otherwise ignored",
                [
                    "messagePack": .text(packed), "json": .text(text), "error": "unknown",
                    "jsonName": .text(json), "messagePackName": .text(code),
                ])
        }
        for (packed, reason, offset) in MessageTests.faults {
            file.add(
                rule(reason), "not a message: " + explanation(reason),
                [
                    "messagePack": .text(packed), "error": .text("\(reason)"),
                    "offset": .integer(Int64(offset)),
                ])
        }
        for (text, reason, offset) in MessageTests.jsonFaults {
            file.add(
                rule(reason), "not a message: " + explanation(reason),
                [
                    "json": .text(text), "error": .text("\(reason)"),
                    "offset": .integer(Int64(offset)),
                ])
        }
        // What came later stands behind, so that no vector gets another's id.
        file.add(
            "D24", "not a message: a diff that sets the document itself",
            ["messagePack": "950b010201929001", "error": "wrongKind", "offset": 6])
        file.add(
            "E49", "not a message: data with nothing but a key that looks like a tag",
            [
                "json": #"{"type":"ping","data":{"$nonce":1}}"#, "error": "malformedTag",
                "offset": 22,
            ])
        return file
    }()
}

extension MessageTests {
    /// A comment, the JSON, the MessagePack, and the message that both are.
    static let otherForms: [(String, String, String, Message)] = [
        (
            "an explicit null is an absent field",
            #"{"type":"pong","data":{"nonce":1,"position":null}}"#, "931501c0",
            .pong(Pong(nonce: 1))
        ),
        (
            "a list that is null is empty",
            #"{"type":"ack","data":{"id":1,"version":2,"ranges":null}}"#, "94110102c0",
            .ack(Ack(id: 1, version: 2))
        ),
        (
            "a mask that is null asks for everything that may be seen",
            #"{"type":"subscribe","data":{"id":1,"topic":"t","fields":null,"hash":null}}"#,
            "970601a174c0c0c0c0", .subscribe(Subscribe(id: 1, topic: "t"))
        ),
        (
            "a diff without sets and unsets",
            #"{"type":"diff","data":{"view":1,"from":1,"to":2,"unset":null,"set":null}}"#,
            "970b010201c0c0c0", .diff(Diff(view: 1, from: 1, to: 2, content: .init()))
        ),
        (
            "fields that this version does not know are ignored",
            #"{"type":"ping","later":[1],"data":{"more":{},"nonce":7}}"#, "94140781a16101a178",
            .ping(Ping(nonce: 7))
        ),
        (
            "white space, and a time for people to read",
            #"{ "timestamp": "2024-01-15T10:30:45.000Z", "data": {"nonce": 7}, "type": "ping" }"#,
            "921407", .ping(Ping(nonce: 7))
        ),
        (
            "an integer in another form", #"{"type":"ping","data":{"nonce":7.0}}"#,
            "9214cb401c000000000000", .ping(Ping(nonce: 7))
        ),
        (
            "a longer head for the array", #"{"type":"ping","data":{"nonce":70e-1}}"#,
            "dc00021407", .ping(Ping(nonce: 7))
        ),
        (
            "a path of one name may stand for itself",
            #"{"type":"publish","data":{"id":1,"topic":"t","unset":["a"]}}"#,
            "950e01a174c091a161",
            .publish(Publish(id: 1, topic: "t", change: .patch(Patch(unset: [["a"]]))))
        ),
        (
            "patterns in any order, one covered by another",
            #"{"type":"subscribe","data":{"id":1,"topic":"t","fields":["b",["a"],["a","x"]]}}"#,
            "940601a17493a16291a16192a161a178",
            .subscribe(Subscribe(id: 1, topic: "t", fields: Mask(paths: [["a"], ["b"]])))
        ),
        (
            "false is the same as absent",
            #"{"type":"subscribe","data":{"id":1,"topic":"t","hash":false}}"#,
            "970601a174c0c0c0c2", .subscribe(Subscribe(id: 1, topic: "t"))
        ),
        (
            "a code that is not known has the remedy of its hundred",
            #"{"type":"nack","data":{"id":1,"code":299}}"#, "931201cd012b",
            .nack(Nack(id: 1, code: Code(rawValue: 299)))
        ),
    ]

    /// JSON, MessagePack, and what either calls the kind.
    static let unknown: [(String, String, Text, Text)] = [
        (#"{"type":"dance","data":{"x":[1]}}"#, "91cc80", "dance", "128"),
        (#"{"type":""}"#, "9200c0", "", "0"),
        (#"{"type":"Ping","data":{"nonce":1}}"#, "92cd011081a16101", "Ping", "272"),
        (#"{"type":"29","data":5}"#, "93200102", "29", "32"),
    ]

    static let jsonFaults: [(String, DecodeError.Reason, Int)] = [
        ("", .truncated, 0), ("5", .wrongKind, 0), ("[]", .wrongKind, 0),
        ("\"ping\"", .wrongKind, 0),
        (#"{"type":"ping""#, .truncated, 14),
        (#"{"type":"ping","type":"pong"}"#, .duplicateKey, 15),
        (#"{"type":"ping","data":{"nonce":1}} "x""#, .trailingBytes, 35),
        (#"{"type":"ping","data":{"nonce":01}}"#, .malformedNumber, 32),
        (#"{"type":"ping","data":{"nonce":1,}}"#, .keyNotText, 33),
        (#"{"type":"command","data":{"data":{"$bytes":5}}}"#, .malformedTag, 33),
    ]
}
