/// The conversations of RFC 6455 by section, in the order in which conformance suites take them.
enum Conversations {
    static let all = framing + pings + reserved + opcodes + fragments + closing

    /// Letters, none like its neighbour.
    private static func letters(_ count: Int) -> [UInt8] {
        var text: [UInt8] = []
        for place in 0..<count { text.append(UInt8(0x20 + (place * 7 + place / 95) % 95)) }
        return text
    }

    /// Section 5.2: every form of length, text and binary.
    static let lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536]
    static let framing: [Conversation] = lengths.flatMap { (count: Int) -> [Conversation] in
        let text = letters(count)
        let binary = [UInt8](repeating: 0xfe, count: count)
        return [
            Conversation("5.2: a text of \(count)", [clientFrame(1, text)], [.text(text)]),
            Conversation("5.2: \(count) bytes", [clientFrame(2, binary)], [.binary(binary)]),
        ]
    }

    /// Sections 5.5.2 and 5.5.3.
    static let pings: [Conversation] = [
        Conversation("5.5.2: an empty ping", [clientFrame(9)], [.pong([])]),
        Conversation(
            "5.5.2: a ping with a text", [clientFrame(9, "Hello, world!")],
            [.pong([UInt8]("Hello, world!".utf8))]),
        Conversation(
            "5.5.2: a ping with bytes", [clientFrame(9, [0, 255, 254, 253, 0, 251, 0])],
            [.pong([0, 255, 254, 253, 0, 251, 0])]),
        Conversation(
            "5.5: a ping of 125 bytes", [clientFrame(9, [UInt8](repeating: 0xfe, count: 125))],
            [.pong([UInt8](repeating: 0xfe, count: 125))]),
        Conversation(
            "5.5: a ping of 126 bytes", [clientFrame(9, [UInt8](repeating: 0xfe, count: 126))],
            [.close(1002)]),
        Conversation("5.5.3: a pong nobody asked for", [clientFrame(10)], []),
        Conversation("5.5.3: the same with a payload", [clientFrame(10, "unsolicited")], []),
        Conversation(
            "5.5.3: a pong, then a ping", [clientFrame(10, "unsolicited"), clientFrame(9, "ping")],
            [.pong([UInt8]("ping".utf8))]),
        Conversation(
            "5.5.2: ten pings", (0..<10).map { clientFrame(9, "payload-\($0)") },
            (0..<10).map { .pong([UInt8]("payload-\($0)".utf8)) }),
    ]

    /// Section 5.2: reserved bits without an extension that gave them a meaning.
    static let reserved: [Conversation] = (UInt8(1)...7).flatMap { (bits: UInt8) in
        ([1, 2, 8, 9, 10] as [UInt8]).map { (opcode: UInt8) -> Conversation in
            Conversation(
                "5.2: reserved bits \(bits) on opcode \(opcode)",
                [
                    clientFrame(1, "before"),
                    clientFrame(opcode, [UInt8]("x".utf8), reserved: bits), clientFrame(9),
                ], [.text("before"), .close(1002)])
        }
    }

    /// Section 5.2: reserved opcodes, data and control.
    static let unknown: [UInt8] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]
    static let opcodes: [Conversation] = unknown.flatMap { (opcode: UInt8) in
        ([[], [UInt8]("payload".utf8)] as [[UInt8]]).map { (payload: [UInt8]) -> Conversation in
            Conversation(
                "5.2: opcode \(opcode) with \(payload.count) bytes",
                [clientFrame(1, "before"), clientFrame(opcode, payload), clientFrame(9)],
                [.text("before"), .close(1002)])
        }
    }

    /// Section 5.4.
    static let fragments: [Conversation] = [
        Conversation(
            "5.5: a ping in fragments",
            [clientFrame(9, "fragment1", final: false), clientFrame(0, "fragment2")],
            [.close(1002)]),
        Conversation(
            "5.5: a pong in fragments",
            [clientFrame(10, "fragment1", final: false), clientFrame(0, "fragment2")],
            [.close(1002)]),
        Conversation(
            "5.4: a text in two fragments",
            [clientFrame(1, "fragment1", final: false), clientFrame(0, "fragment2")],
            [.text("fragment1fragment2")]),
        Conversation(
            "5.4: a ping between two fragments",
            [
                clientFrame(1, "fragment1", final: false), clientFrame(9, "ping"),
                clientFrame(0, "fragment2"),
            ], [.pong([UInt8]("ping".utf8)), .text("fragment1fragment2")]),
        Conversation(
            "5.4: nothing to continue, final",
            [clientFrame(0, "non-continuation"), clientFrame(1, "Hello")], [.close(1002)]),
        Conversation(
            "5.4: nothing to continue, more to come",
            [clientFrame(0, "non-continuation", final: false), clientFrame(1, "Hello")],
            [.close(1002)]),
        Conversation(
            "5.4: nothing to continue, again and again",
            (0..<4).flatMap {
                [
                    clientFrame(0, "fragment\($0)", final: false),
                    clientFrame(1, "fragment2", final: false), clientFrame(0, "fragment3"),
                ]
            }, [.close(1002)]),
        Conversation(
            "5.4: a continuation after the end",
            [
                clientFrame(1, "fragment1", final: false), clientFrame(0, "fragment2"),
                clientFrame(0, "fragment3", final: false), clientFrame(1, "fragment4"),
            ], [.text("fragment1fragment2"), .close(1002)]),
        Conversation(
            "5.4: a new message before the end of another",
            [clientFrame(1, "fragment1", final: false), clientFrame(1, "fragment2")],
            [.close(1002)]),
        Conversation(
            "5.4: five fragments with pings between",
            [
                clientFrame(1, "1", final: false), clientFrame(0, "2", final: false),
                clientFrame(9, "a"), clientFrame(0, "3", final: false),
                clientFrame(0, "4", final: false), clientFrame(9, "b"), clientFrame(0, "5"),
            ],
            [.pong([UInt8]("a".utf8)), .pong([UInt8]("b".utf8)), .text("12345")]),
        Conversation(
            "5.4: empty fragments",
            [
                clientFrame(1, "", final: false), clientFrame(0, "", final: false),
                clientFrame(0, ""),
            ], [.text("")]),
        Conversation(
            "5.4: empty fragments around a full one",
            [
                clientFrame(2, "", final: false), clientFrame(0, "middle", final: false),
                clientFrame(0, ""),
            ], [.binary([UInt8]("middle".utf8))]),
    ]

    /// Sections 5.5.1, 7.1 and 7.4.
    private static let closes: [Conversation] =
        [
            Conversation(
                "5.5.1: a message, then a close", [clientFrame(1, "Hello"), closeFrame(1000)],
                [.text("Hello"), .close(1000)]),
            Conversation(
                "5.5.1: two closes", [closeFrame(1000), closeFrame(1001)], [.close(1000)]),
            Conversation(
                "5.5.1: a ping after a close", [closeFrame(1000), clientFrame(9)], [.close(1000)]),
            Conversation(
                "5.5.1: a text after a close", [closeFrame(1000), clientFrame(1, "late")],
                [.close(1000)]),
            Conversation(
                "5.5.1: a close between fragments",
                [
                    clientFrame(1, "fragment1", final: false), closeFrame(1000),
                    clientFrame(0, "fragment2"),
                ], [.close(1000)]),
            Conversation("5.5.1: a close without a code", [closeFrame(nil)], [.close(nil)]),
            Conversation("5.5.1: a close of one byte", [closeFrame(nil, [3])], [.close(1002)]),
            Conversation(
                "5.5.1: a reason of 123 bytes", [closeFrame(1000, letters(123))], [.close(1000)]),
            Conversation(
                "5.5: a close of 126 bytes", [closeFrame(1000, letters(124))], [.close(1002)]),
            Conversation(
                "5.5.1: a reason that is not UTF-8",
                [closeFrame(1000, [0xce, 0xba, 0xed, 0xa0, 0x80])], [.close(1007)]),
        ]

    private static let codes: [UInt16] = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ]
    private static let noCodes: [UInt16] = [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ]
    static let closing: [Conversation] =
        closes + codes.map { Conversation("7.4: code \($0)", [closeFrame($0)], [.close($0)]) }
        + noCodes.map {
            Conversation("7.4: code \($0) is none", [closeFrame($0)], [.close(1002)])
        }
}
