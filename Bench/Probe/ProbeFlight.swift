import Wire

/// What the C reader says, as it stands on the wire: frames of MessagePack, masked with zeros.
enum ProbeFlight {
    static let fields = 60
    static let group = 4

    /// A subscriber's first flight, the publisher's, and the publish that it says again and again.
    static func words(token: String, topic: String) -> [String] {
        let opening: [Message] = [
            .open(Open(instance: "0123456789abcdef", agent: "probe-peer")),
            .authenticate(Authenticate(token: Text(token))),
        ]
        let subscribe = Message.subscribe(Subscribe(id: 1, topic: Text(topic)))
        let first = publish(Text(topic), id: 1, fields: 0..<fields) { .integer(Int64($0)) }
        // As many fields as the probe's own patches have; the peer counts the words up, the id
        // from 2.
        let next = publish(Text(topic), id: 0x1111_1111_1111_1111, fields: 28..<31) { _ in
            .unsigned(0x2222_2222_2222_2222)
        }
        return [hex(opening + [subscribe]), hex(opening + [first]), hex([next])]
    }

    private static func publish(
        _ topic: Text, id: UInt64, fields: Range<Int>, _ value: (Int) -> Value
    ) -> Message {
        var patch = Patch()
        for field in fields {
            let name = Text("g\(field / group)")
            var map = Map()
            if case .map(let inner)? = patch.set[name] { map = inner }
            map[Text("f\(field)")] = value(field)
            patch.set[name] = .map(map)
        }
        return .publish(Publish(id: id, topic: topic, change: .patch(patch)))
    }

    private static func hex(_ messages: [Message]) -> String {
        let digits = [UInt8]("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for message in messages {
            let bytes = message.encoded(.messagePack)
            let length: [UInt8] =
                bytes.count < 126
                ? [0x80 | UInt8(bytes.count)]
                : [0xfe, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)]
            for byte in [0x82] + length + [0, 0, 0, 0] + bytes {
                text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
