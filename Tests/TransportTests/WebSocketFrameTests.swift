import Testing

@testable import Transport

/// What an inbox makes of some bytes, as values that can be compared.
enum Heard: Equatable {
    case text([UInt8]), binary([UInt8])
    case ping([UInt8]), pong([UInt8])
    case close(UInt16?, String)
    case violation(UInt16)
}

/// Feeds bytes in pieces cut at the given places.
func hear(
    _ bytes: [UInt8], cuts: [Int] = [], role: WebSocketRole = .client, limit: Int = 1 << 20
) -> [Heard] {
    var inbox = WebSocketInbox(role: role, sizeLimit: limit)
    var heard: [Heard] = []
    var start = 0
    for end in cuts + [bytes.count] {
        var piece = [UInt8](bytes[start..<end])
        start = end
        var position = 0
        var span = piece.mutableSpan
        loop: while true {
            switch inbox.next(&span, &position) {
            case .more: break loop
            case .message(let binary, _, let payload):
                var message: [UInt8] = []
                switch payload {
                case .here(let range): for i in range { message.append(span[i]) }
                case .collected(let whole): message = whole
                }
                heard.append(binary ? .binary(message) : .text(message))
            case .ping(let payload): heard.append(.ping(payload))
            case .pong(let payload): heard.append(.pong(payload))
            case .close(let code, let reason): heard.append(.close(code?.rawValue, reason))
            case .violation(let code, _): heard.append(.violation(code.rawValue))
            }
        }
        #expect(position == piece.count || heard.last.map(isEnd) == true)
    }
    return heard
}

private func isEnd(_ heard: Heard) -> Bool {
    switch heard {
    case .close, .violation: true
    case .text, .binary, .ping, .pong: false
    }
}

/// The same answer at every single split, byte by byte, and at every pair of splits of short ones.
func hearEverywhere(
    _ bytes: [UInt8], role: WebSocketRole = .client, limit: Int = 1 << 20
) -> [Heard] {
    let whole = hear(bytes, role: role, limit: limit)
    for cut in 0...bytes.count {
        #expect(hear(bytes, cuts: [cut], role: role, limit: limit) == whole, "cut at \(cut)")
    }
    if bytes.count > 1 {
        let each = hear(bytes, cuts: Array(1..<bytes.count), role: role, limit: limit)
        #expect(each == whole, "byte by byte")
    }
    if bytes.count < 40 {
        for a in 0...bytes.count {
            for b in a...bytes.count {
                #expect(hear(bytes, cuts: [a, b], role: role, limit: limit) == whole)
            }
        }
    }
    return whole
}

private func frame(
    _ opcode: Opcode, _ text: String, mask: UInt32? = nil, final: Bool = true
) -> [UInt8] {
    FrameWriter.frame(opcode, [UInt8](text.utf8).span, mask: mask, final: final)
}

@Suite struct WebSocketFrameTests {
    @Test("RFC 6455 5.7: the examples")
    func examples() {
        let hello = [UInt8]("Hello".utf8)
        #expect(hearEverywhere([0x81, 0x05] + hello) == [.text(hello)])
        #expect(
            hearEverywhere(
                [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], role: .server)
                == [.text(hello)])
        #expect(
            hearEverywhere([0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f])
                == [.text(hello)])
        #expect(hearEverywhere([0x89, 0x05] + hello) == [.ping(hello)])
        let long = [UInt8](repeating: 7, count: 256)
        #expect(hearEverywhere([0x82, 0x7e, 0x01, 0x00] + long) == [.binary(long)])
    }

    @Test(
        "RFC 6455 5.2: every length form is written shortest and read back",
        arguments: [
            0, 1, 125, 126, 127, 65_535, 65_536, 70_000,
        ])
    func lengths(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let plain = FrameWriter.frame(.binary, payload.span, mask: nil)
        #expect(plain.count - count == (count < 126 ? 2 : count < 65_536 ? 4 : 10))
        #expect(hear(plain) == [.binary(payload)])
        let masked = FrameWriter.frame(.binary, payload.span, mask: 0x1234_5678)
        #expect(hear(masked, role: .server) == [.binary(payload)])
        #expect(
            hear(masked, cuts: [masked.count / 3, masked.count / 2], role: .server)
                == [.binary(payload)])
    }

    @Test("RFC 6455 5.2: a length that is not the shortest form is refused")
    func longForms() {
        #expect(hearEverywhere([0x82, 0x7e, 0x00, 0x7d]) == [.violation(1002)])
        #expect(hearEverywhere([0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff]) == [.violation(1002)])
        #expect(hearEverywhere([0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0]) == [.violation(1002)])
    }

    @Test("A frame that promises too much is refused by its head")
    func promises() {
        let huge: [UInt8] = [0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        #expect(hearEverywhere(huge) == [.violation(1009)])
        #expect(hear(frame(.text, "12345"), limit: 4) == [.violation(1009)])
        #expect(hear(frame(.text, "1234"), limit: 4) == [.text([UInt8]("1234".utf8))])
        let fragments = frame(.text, "123", final: false) + frame(.continuation, "45")
        #expect(hearEverywhere(fragments, limit: 4) == [.violation(1009)])
    }

    @Test("RFC 6455 5.1: a client must mask, a server must not")
    func masks() {
        #expect(hearEverywhere(frame(.text, "a"), role: .server) == [.violation(1002)])
        #expect(hearEverywhere(frame(.text, "a", mask: 5)) == [.violation(1002)])
    }

    @Test("RFC 6455 5.2: reserved bits and opcodes are refused", arguments: UInt8(0)...255)
    func firstByte(byte: UInt8) {
        let heard = hear([byte, 0])
        let opcode = byte & 0x0f
        let isKnown = [0, 1, 2, 8, 9, 10].contains(opcode)
        let isBad =
            byte & 0x70 != 0 || !isKnown || opcode == 0 || (opcode >= 8 && byte & 0x80 == 0)
        #expect((heard == [.violation(1002)]) == isBad)
    }

    @Test("RFC 6455 5.4: control frames may stand between fragments")
    func interleaved() {
        let bytes =
            frame(.text, "He", final: false) + frame(.ping, "p")
            + frame(.continuation, "ll", final: false)
            + frame(.pong, "") + frame(.continuation, "o")
        #expect(
            hearEverywhere(bytes) == [.ping([0x70]), .pong([]), .text([UInt8]("Hello".utf8))])
    }

    @Test("RFC 6455 5.4: fragments out of order are refused")
    func order() {
        #expect(hearEverywhere(frame(.continuation, "x")) == [.violation(1002)])
        let twice = frame(.text, "x", final: false) + frame(.text, "y")
        #expect(hearEverywhere(twice) == [.violation(1002)])
    }

    @Test("RFC 6455 5.5: a control frame is whole and at most 125 bytes")
    func control() {
        #expect(hearEverywhere([0x89, 0x7e, 0, 126]) == [.violation(1002)])
        #expect(hearEverywhere([0x09, 0x00]) == [.violation(1002)])
        let most = [UInt8](repeating: 1, count: 125)
        #expect(hear(FrameWriter.ping(most, mask: nil)) == [.ping(most)])
    }

    @Test("RFC 6455 8.1: text is UTF-8, checked over fragments and at once")
    func utf8() {
        let text = "κόσμε 🌍"
        let bytes = [UInt8](text.utf8)
        #expect(hearEverywhere(frame(.text, text)) == [.text(bytes)])
        for cut in 0...bytes.count {
            let first = FrameWriter.frame(
                .text, bytes.span.extracting(first: cut), mask: nil, final: false)
            let last = FrameWriter.frame(
                .continuation, bytes.span.extracting(droppingFirst: cut), mask: nil)
            #expect(hearEverywhere(first + last) == [.text(bytes)])
        }
    }

    @Test(
        "RFC 6455 8.1: what is not UTF-8 closes with 1007",
        arguments: [
            [0x80], [0xc0, 0xaf], [0xc1, 0x81], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80],
            [0xf0, 0x80, 0x80, 0x80],
            [0xf4, 0x90, 0x80, 0x80], [0xf5], [0xff], [0xce], [0xe2, 0x82], [0xf0, 0x9f, 0x8c],
        ] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        #expect(
            hearEverywhere(FrameWriter.frame(.text, bytes.span, mask: nil)) == [.violation(1007)])
        let open =
            FrameWriter.frame(.text, bytes.span, mask: nil, final: false) + frame(.continuation, "")
        #expect(hearEverywhere(open) == [.violation(1007)])
        #expect(hear(FrameWriter.frame(.binary, bytes.span, mask: nil)) == [.binary(bytes)])
    }

    @Test("The UTF-8 check agrees with the standard library on every pair and many triples")
    func utf8Oracle() {
        var differ: [[UInt8]] = []
        for a in UInt8.min...UInt8.max {
            for b in UInt8.min...UInt8.max {
                for tail in [[], [0x80], [0xbf, 0x80], [0x41]] as [[UInt8]] {
                    let bytes = [a, b] + tail
                    var check = UTF8Check()
                    let taken = check.accept(bytes.span, in: 0..<bytes.count) && check.isComplete
                    let isText = String(validating: bytes, as: UTF8.self) != nil
                    if taken != isText { differ.append(bytes) }
                }
            }
        }
        #expect(differ.isEmpty)
    }

    @Test("RFC 6455 7.4: close codes, valid and not")
    func closeCodes() {
        let valid = Set<UInt16>([1000, 1001, 1002, 1003] + Array(1007...1014) + Array(3000...4999))
        for code in UInt16(0)...5100 {
            let payload = [UInt8(code >> 8), UInt8(code & 0xff)]
            let heard = hear(FrameWriter.frame(.close, payload.span, mask: nil))
            #expect(heard == (valid.contains(code) ? [.close(code, "")] : [.violation(1002)]))
        }
        #expect(hear([0x88, 0]) == [.close(nil, "")])
        #expect(hearEverywhere([0x88, 1, 3]) == [.violation(1002)])
        #expect(hearEverywhere([0x88, 3, 0x03, 0xe8, 0xff]) == [.violation(1007)])
        #expect(
            hearEverywhere(FrameWriter.close(.goingAway, reason: "bye", mask: nil))
                == [.close(1001, "bye")])
    }

    @Test("RFC 6455 5.5.1: nothing is read behind a close frame")
    func afterClose() {
        let bytes = FrameWriter.close(.normal, reason: "", mask: nil) + frame(.text, "late")
        #expect(hear(bytes) == [.close(1000, "")])
    }

    @Test("A close reason is cut at a character")
    func longReason() {
        let bytes = FrameWriter.close(
            .normal, reason: String(repeating: "é", count: 100), mask: nil)
        #expect(bytes.count == 2 + 2 + 122)
        #expect(hear(bytes) == [.close(1000, String(repeating: "é", count: 61))])
    }

    @Test("Masking at every phase, offset and length equals the plain loop")
    func masking() {
        for phase in 0..<4 {
            for offset in 0..<9 {
                for count in 0..<40 {
                    var bytes = (0..<(offset + count + 3)).map { UInt8($0 * 5 & 0xff) }
                    let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
                    var plain = bytes
                    for i in 0..<count { plain[offset + i] ^= key[(phase + i) & 3] }
                    var span = bytes.mutableSpan
                    Masking.apply(
                        0x1234_5678, phase: phase, to: &span, in: offset..<(offset + count))
                    #expect(bytes == plain)
                }
            }
        }
    }
}
