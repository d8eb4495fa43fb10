import Testing
import Wire

@testable import Transport

/// RFC 6455 as conversations with a listening echo, on the grounds of the other tests. Each is held
/// in three manners: all bytes together, frame by frame, octet by octet.
@Suite(.endsFixtures) struct ConformanceTests {
    static let grounds: [Ground] = Ground.real + [.simulated(seed: 1), .simulated(seed: 2)]

    @Test("RFC 6455", arguments: Conversations.all)
    func conversation(_ conversation: Conversation) throws {
        let bytes = conversation.sent.reduce(0) { $0 + $1.count }
        for ground in Self.grounds {
            // A peer that does not read gets the latest pong only, so everybody here reads.
            var faults = SimulatedNetwork.Faults.rough
            faults.fullBuffers = 0
            let f = try Fixture(LoopLimits(), Footing(ground, faults: faults))
            for manner in Conversation.Manner.allCases where manner != .octets || bytes < 1_000 {
                let heard = try f.hold(conversation, manner)
                #expect(heard == Fixture.expected(conversation), "\(ground), \(manner)")
            }
        }
    }

    @Test(
        "RFC 6455 8.1: a text that can no longer be UTF-8 is refused before it is whole",
        arguments: ConformanceTests.grounds)
    func failFast(ground: Ground) throws {
        let valid = [UInt8]("κόσμε".utf8)
        let tail = [UInt8]("edited".utf8)
        for bad in [[0xf4, 0x90, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xc0], [0xf5]] as [[UInt8]] {
            let frames = [
                // In a frame of its own, at the end of one, and inside one that is not whole.
                [clientFrame(1, valid, final: false), clientFrame(0, bad, final: false)],
                [clientFrame(1, valid + bad, final: false)],
                [Array(clientFrame(1, valid + bad + tail).dropLast(tail.count))],
            ]
            for sent in frames {
                let f = try Fixture(on: ground)
                for manner in Conversation.Manner.allCases {
                    let heard = try f.hold(Conversation("", sent, [.close(1007)]), manner)
                    #expect(heard == [.close(1007)])
                }
            }
        }
    }

    @Test("RFC 6455 8.1: texts, whole and cut anywhere", arguments: Texts.all)
    func text(_ text: Texts) throws {
        let f = try Fixture(on: .epoll)
        let reply: Conversation.Reply = text.isValid ? .text(text.bytes) : .close(1007)
        for cut in 0...text.bytes.count {
            let sent = [
                clientFrame(1, Array(text.bytes[..<cut]), final: false),
                clientFrame(0, Array(text.bytes[cut...])),
            ]
            let conversation = Conversation("", sent, [reply])
            #expect(try f.hold(conversation, .frames) == Fixture.expected(conversation))
        }
    }

    /// Sequences by their form: the first and the last of each length, and what must never come.
    struct Texts: CustomTestStringConvertible, Sendable {
        var bytes: [UInt8]
        var isValid: Bool
        var testDescription: String { "\(isValid ? "text" : "no text") \(bytes)" }

        static let all: [Texts] =
            ([
                [0x00], [0x7f], [0xc2, 0x80], [0xdf, 0xbf], [0xe0, 0xa0, 0x80], [0xef, 0xbf, 0xbf],
                [0xf0, 0x90, 0x80, 0x80], [0xf4, 0x8f, 0xbf, 0xbf], [0xed, 0x9f, 0xbf],
                [0xee, 0x80, 0x80], [0xef, 0xbf, 0xbd], [0xef, 0xbf, 0xbe],
                [0xf0, 0x9f, 0xbf, 0xbe], [UInt8]("κόσμε Δ 中文 🌍".utf8),
            ] as [[UInt8]]).map { Texts(bytes: $0, isValid: true) }
            + ([
                [0x80], [0xbf], [0xc0], [0xc2], [0xe0], [0xf0], [0xf8], [0xfc], [0xfe], [0xff],
                [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xf0, 0x80, 0x80, 0xaf], [0xc1, 0xbf],
                [0xe0, 0x9f, 0xbf], [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80],
                [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
                [0xf8, 0x88, 0x80, 0x80, 0x80], [0x41, 0xe2, 0x82], [0xce, 0xba, 0xe1, 0xbd],
                [0xf0, 0x9f, 0x8c, 0x41], [0xc3, 0x28], [0xe2, 0x28, 0xa1], [0xe2, 0x82, 0x28],
            ] as [[UInt8]]).map { Texts(bytes: $0, isValid: false) }
    }

    @Test(
        "RFC 6455 5.4: a message in fragments of any size comes back whole",
        arguments: [1, 7, 64, 1_000, 4_096])
    func fragmented(size: Int) throws {
        var limits = LoopLimits()
        limits.messageBytes = 4 << 20
        limits.queueBytes = 4 << 20
        for ground in Ground.real {
            let f = try Fixture(limits, on: ground)
            let message = (0..<(size * 300)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            var frames: [[UInt8]] = []
            for start in stride(from: 0, to: message.count, by: size) {
                let end = min(start + size, message.count)
                frames.append(
                    clientFrame(
                        start == 0 ? 2 : 0, Array(message[start..<end]),
                        final: end == message.count, mask: UInt32(start) &* 2_654_435_761 | 1))
            }
            let conversation = Conversation("", frames, [.binary(message)])
            let isSame = try f.hold(conversation, .together) == Fixture.expected(conversation)
            #expect(isSame)
        }
    }
}
