import Testing
import Wire

@testable import Transport

/// RFC 7692 as conversations with a listening echo that has agreed to permessage-deflate, in three
/// manners each: all bytes together, frame by frame, octet by octet.
@Suite(.endsFixtures) struct CompressedTests {
    /// "Hello" as section 7.2.3.1 has it.
    static let hello: [UInt8] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]
    static let plain = [UInt8]("Hello".utf8)
    /// RSV1, which says that a message is compressed.
    static let packed: UInt8 = 4

    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var frames: [[UInt8]]
        var heard: [[UInt8]] = []
        /// What the server closes with, where it does.
        var code: CloseCode?
        var testDescription: String { name }
    }

    static let cases: [Case] = fragments + marks + contents

    /// Section 6.1: cut anywhere, marked at its first fragment alone, other frames between.
    static let fragments: [Case] = (0...hello.count).map { cut in
        Case(
            name: "6.1: cut at \(cut)",
            frames: [
                clientFrame(1, Array(hello[..<cut]), final: false, reserved: packed),
                clientFrame(9, [1]), clientFrame(0, [], final: false),
                clientFrame(0, Array(hello[cut...])),
            ], heard: [plain])
    }

    /// Sections 6 and 6.1: where the mark may not stand, and what the other bits may not say.
    static let marks: [Case] =
        ([8, 9, 10] as [UInt8]).map {
            Case(
                name: "6: the mark on opcode \($0)", frames: [clientFrame($0, reserved: packed)],
                code: .protocolError)
        }
        + ([1, 2, 3, 5, 6, 7] as [UInt8]).map {
            Case(
                name: "6: reserved bits \($0)", frames: [clientFrame(1, hello, reserved: $0)],
                code: .protocolError)
        }
        + [true, false].map { final in
            Case(
                name: "6.1: the mark on a continuation, final \(final)",
                frames: [
                    clientFrame(1, Array(hello[..<3]), final: false, reserved: packed),
                    clientFrame(0, Array(hello[3...]), final: final, reserved: packed),
                ], code: .protocolError)
        } + [
            Case(
                name: "6.1: the mark on a continuation of what is not compressed",
                frames: [
                    clientFrame(1, "He", final: false), clientFrame(0, hello, reserved: packed),
                ], code: .protocolError)
        ]

    /// Sections 6.2 and 7.2: what is in it.
    static let contents: [Case] = [
        Case(
            name: "6: compressed or not, message by message",
            frames: [
                clientFrame(1, hello, reserved: packed), clientFrame(1, "Hello"),
                clientFrame(2, hello), clientFrame(2, hello, reserved: packed),
            ], heard: [plain, plain, hello, plain]),
        Case(
            name: "7.2.3.3: a block without compression",
            frames: [
                clientFrame(1, [0, 5, 0, 0xfa, 0xff] + plain + [0], reserved: packed)
            ], heard: [plain]),
        Case(
            name: "7.2.3.4: a last block",
            frames: [
                clientFrame(
                    1, [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], reserved: packed),
                clientFrame(1, hello, reserved: packed),
            ], heard: [plain, plain]),
        Case(
            name: "7.2.3.5: two blocks",
            frames: [
                clientFrame(
                    1,
                    [0xf2, 0x48, 0x05, 0, 0, 0, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
                    reserved: packed)
            ], heard: [plain]),
        Case(
            name: "7.2.3.6: an empty message",
            frames: [
                clientFrame(1, [0], reserved: packed), clientFrame(2, [], reserved: packed),
                clientFrame(1, [], final: false, reserved: packed), clientFrame(0, [0]),
            ], heard: [[], [], []]),
        Case(
            name: "7.1.1.2: a reference to what came before, though nothing is taken over",
            frames: [
                clientFrame(1, hello, reserved: packed),
                clientFrame(1, [0xf2, 0, 0x11, 0, 0], reserved: packed),
            ], heard: [plain], code: .invalidPayload),
        Case(
            name: "RFC 6455 8.1: bad UTF-8, seen when it is inflated",
            frames: [
                clientFrame(1, [0, 2, 0, 0xfd, 0xff, 0xc0, 0xaf, 0], reserved: packed)
            ], code: .invalidPayload),
        Case(
            name: "7.2.2: cut short",
            frames: [clientFrame(1, Array(hello[..<3]), reserved: packed)], code: .invalidPayload),
        Case(
            name: "7.2.2: no DEFLATE", frames: [clientFrame(2, [0xff, 0xff], reserved: packed)],
            code: .invalidPayload),
    ]

    @Test("RFC 7692", arguments: cases)
    func conversation(_ item: Case) throws {
        var limits = LoopLimits()
        limits.deflate = DeflateOptions()
        for ground in ConformanceTests.grounds {
            for manner in Conversation.Manner.allCases {
                let f = try Fixture(limits, on: ground)
                let peer = try f.upgraded(extensions: "permessage-deflate")
                var pieces = item.frames
                if manner == .together { pieces = [pieces.flatMap { $0 }] }
                if manner == .octets { pieces = pieces.flatMap { $0 }.map { [$0] } }
                // What has been refused need not be heard to its end.
                for piece in pieces where f.closedServers.isEmpty { peer.write(piece) }
                f.turn(until: {
                    f.loop.waker.wake()
                    return f.heardByServers.count >= item.heard.count
                })
                if let code = item.code {
                    // The peer goes when the server has said why.
                    peer.shutWriting()
                    f.turn(until: { !f.closedServers.isEmpty })
                    #expect(f.closedServers.values.first?.cause == .violation)
                    #expect(f.closedServers.values.first?.code == code)
                } else {
                    peer.write(closeFrame(1000))
                    f.turn(until: {
                        f.loop.waker.wake()
                        return f.loop[f.openedServers[0]]?.phase != .open
                    })
                }
                #expect(f.heardByServers == item.heard, "\(ground), \(manner)")
                peer.close()
            }
        }
    }
}
