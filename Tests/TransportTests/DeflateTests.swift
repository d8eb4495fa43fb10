import Testing

@testable import Transport

private func fields(_ extensions: String...) throws -> HTTPFields {
    var text = "GET / HTTP/1.1\r\nhost: h\r\n"
    for line in extensions { text += "Sec-WebSocket-Extensions: \(line)\r\n" }
    return try HTTPRequest(head: [UInt8]((text + "\r\n").utf8), limits: HTTPLimits()).fields
}

private func inflate(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> [UInt8] {
    try #require(Decompressor()).decompress(bytes.span, limit: limit)
}

@Suite(.endsFixtures) struct DeflateTests {
    @Test(
        "RFC 7692 7.1: which offers are agreed to",
        arguments: [
            ("permessage-deflate", 15),
            ("permessage-deflate; client_max_window_bits", 15),
            ("permessage-deflate; client_max_window_bits=8", 15),
            ("permessage-deflate; server_no_context_takeover", 15),
            ("permessage-deflate; client_no_context_takeover", 15),
            ("permessage-deflate; server_max_window_bits=9", 9),
            ("permessage-deflate; server_max_window_bits=\"12\"", 12),
            ("permessage-deflate; server_max_window_bits=10; client_max_window_bits=10", 10),
            ("Permessage-Deflate ; Server_Max_Window_Bits = 15", 15),
            ("foo, permessage-deflate; server_max_window_bits=8, permessage-deflate", 15),
            ("permessage-deflate; unknown, permessage-deflate; server_max_window_bits=11", 11),
            ("permessage-deflate; server_max_window_bits=8", nil),
            ("permessage-deflate; server_max_window_bits", nil),
            ("permessage-deflate; server_max_window_bits=7", nil),
            ("permessage-deflate; server_max_window_bits=16", nil),
            ("permessage-deflate; server_max_window_bits=09", nil),
            ("permessage-deflate; client_max_window_bits=16", nil),
            ("permessage-deflate; server_no_context_takeover=1", nil),
            ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", nil),
            ("permessage-deflate; =", nil),
            ("x-webkit-deflate-frame", nil),
            ("", nil),
        ] as [(String, Int?)])
    func offers(offer: String, bits: Int?) throws {
        let agreement = DeflateAgreement.choose(from: try fields(offer))
        #expect(agreement?.serverWindowBits == bits)
        guard let agreement else { return }
        // What the server answers, the client understands as the same.
        let granted = DeflateAgreement.granted(by: try fields(agreement.answer))
        #expect(granted == agreement)
    }

    @Test(
        "RFC 7692 7.1: answers that a client must fail on",
        arguments: [
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=16", "permessage-deflate; nonsense",
            "permessage-deflate, permessage-deflate", "other",
            "permessage-deflate; server_no_context_takeover=x",
        ])
    func badAnswers(answer: String) throws {
        #expect(DeflateAgreement.granted(by: try fields(answer)) == nil)
    }

    @Test("A client takes what is granted, and remembers whose windows live on")
    func granted() throws {
        let plain = try #require(DeflateAgreement.granted(by: try fields("permessage-deflate")))
        #expect(!plain.serverForgets && !plain.clientForgets)
        let tight = DeflateAgreement.granted(
            by: try fields(
                "permessage-deflate; server_no_context_takeover; client_max_window_bits=8"))
        #expect(tight?.serverForgets == true && tight?.clientWindowBits == 8)
    }

    @Test("RFC 7692 7.2.3: the examples")
    func examples() throws {
        let hello = [UInt8]("Hello".utf8)
        #expect(try inflate([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]) == hello)
        #expect(try inflate([0x00, 0x05, 0x00, 0xfa, 0xff] + hello + [0x00]) == hello)
        // A block with BFINAL set, 7.2.3.4; two blocks in one message, 7.2.3.5.
        #expect(try inflate([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]) == hello)
        #expect(
            try inflate([
                0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
            ]) == hello)
        // With the window kept, 7.2.3.2.
        let keeping = try #require(Decompressor())
        let first: [UInt8] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]
        let second: [UInt8] = [0xf2, 0x00, 0x11, 0x00, 0x00]
        #expect(try keeping.decompress(first.span, limit: 100) == hello)
        #expect(try keeping.decompress(second.span, limit: 100) == hello)
    }

    @Test("RFC 7692 7.2.3.4: behind a last block the window lives on, and nothing need follow")
    func lastBlocks() throws {
        let hello = [UInt8]("Hello".utf8)
        let keeping = try #require(Decompressor())
        let again: [UInt8] = [0xf2, 0x00, 0x11, 0x00, 0x00]
        for first in [
            [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
            [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        ] as [[UInt8]] {
            #expect(try keeping.decompress(first.span, limit: 100) == hello)
            #expect(try keeping.decompress(again.span, limit: 100) == hello)
            keeping.reset()
            #expect(throws: Decompressor.Fault.broken) {
                try keeping.decompress(again.span, limit: 100)
            }
            keeping.reset()
        }
        // Stored whole, as large as the piece that is inflated at a time.
        let count = 16 * 1024
        let zeros = [UInt8](repeating: 0, count: count)
        #expect(try inflate([0x01, 0x00, 0x40, 0xff, 0xbf] + zeros) == zeros)
        #expect(try inflate([0x01, 0x00, 0x40, 0xff, 0xbf] + zeros + [0x00]) == zeros)
    }

    @Test("RFC 7692 7.2.3.6: empty messages, and what a coder with nothing to say may give")
    func emptyMessages() throws {
        let hello = [UInt8]("Hello".utf8)
        let keeping = try #require(Decompressor())
        let first: [UInt8] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]
        let again: [UInt8] = [0xf2, 0x00, 0x11, 0x00, 0x00]
        #expect(try keeping.decompress(first.span, limit: 5) == hello)
        for empty in [[0x00], [], [0x02, 0x00], [0x03, 0x00]] as [[UInt8]] {
            #expect(try keeping.decompress(empty.span, limit: 0) == [])
            #expect(try keeping.decompress(again.span, limit: 5) == hello)
        }
    }

    @Test("A message of the largest size may be compressed although that makes it larger")
    func incompressible() throws {
        let stored = WebSocketInbox.compressedLimit(1_000)
        for (count, isTaken) in [(stored, true), (stored + 1, false)] {
            let payload = [UInt8](repeating: 1, count: count)
            var bytes = FrameWriter.frame(.binary, payload.span, mask: nil, compressed: true)
            var inbox = WebSocketInbox(role: .client, sizeLimit: 1_000, allowsDeflate: true)
            var span = bytes.mutableSpan
            var position = 0
            let event = inbox.next(&span, &position)
            if case .message = event { #expect(isTaken) } else { #expect(!isTaken) }
        }
    }

    @Test("A coder with little memory may make the largest message larger", arguments: Ground.real)
    func smallBlocks(ground: Ground) throws {
        var limits = LoopLimits()
        limits.deflate = DeflateOptions()
        limits.messageBytes = 127 * 500
        let f = try Fixture(limits, on: ground)
        let peer = try f.upgraded(extensions: "permessage-deflate")
        let message = (0..<limits.messageBytes).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 4) }
        var payload: [UInt8] = []
        for start in stride(from: 0, to: message.count, by: 127) {
            payload += [0x00, 0x7f, 0x00, 0x80, 0xff] + message[start..<(start + 127)]
        }
        peer.write(clientFrame(2, payload + [0x00], reserved: 4))
        f.turn(until: { !f.heardByServers.isEmpty || f.closeCalls > 0 })
        let isSame = f.heardByServers == [message]
        #expect(isSame)
        peer.close()
    }

    @Test("What is no DEFLATE is told, whatever it is")
    func broken() throws {
        // Codes that are none; then what was cut off inside a block, and behind one.
        for bytes in [
            [0xff], [0x07], [0x00, 0x05, 0x00], [0xf2, 0x48, 0xcd], [0xf3, 0x48, 0xcd],
            [0x00, 0x06, 0x00, 0xf9, 0xff, 0x48], [0x00, 0x01, 0x00, 0xfe, 0xff, 0x48],
        ] as [[UInt8]] {
            #expect(throws: Decompressor.Fault.broken) { try inflate(bytes) }
        }
        var seed = MaskGenerator(seed: 99)
        for _ in 0..<2000 {
            let bytes = (0..<Int(seed.next() % 60)).map { _ in
                UInt8(truncatingIfNeeded: seed.next())
            }
            _ = try? inflate(bytes, limit: 10_000)
        }
    }

    @Test("A bomb is given up at the limit")
    func bomb() throws {
        let zeros = [UInt8](repeating: 0, count: 10 << 20)
        let compressor = try #require(Compressor())
        let packed = compressor.compress(zeros.span)
        let small = try #require(packed)
        #expect(small.count < 60_000)
        #expect(throws: Decompressor.Fault.tooLarge) { try inflate(small, limit: 1 << 20) }
        let isSame = try inflate(small, limit: 10 << 20) == zeros
        #expect(isSame)
    }

    @Test("Every window goes round, and each message stands alone", arguments: 9...15)
    func windows(bits: Int) throws {
        let compressor = try #require(Compressor(windowBits: bits))
        var generator = MaskGenerator(seed: UInt64(bits))
        for size in [1, 10, 300, 5000, 100_000] {
            let message = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next() % 7) }
            guard let small = compressor.compress(message.span) else {
                #expect(size < 20)
                continue
            }
            #expect(small.count < size)
            let isSame = try inflate(small) == message
            #expect(isSame)
        }
        #expect(Compressor(windowBits: 8) == nil)
    }

    @Test("Below the threshold nothing is compressed, for one or for all")
    func threshold() throws {
        let zeros = [UInt8](repeating: 0, count: 256)
        let usual = try #require(Compressor())
        #expect(usual.compress(zeros.span) != nil)
        #expect(usual.compress(zeros.span.extracting(droppingFirst: 1)) == nil)
        #expect(Frame.server(Array(zeros.dropLast()), binary: true).count == 259)
        var options = DeflateOptions()
        options.thresholdBytes = 20
        let eager = try #require(Compressor(options))
        #expect(eager.compress(zeros.span.extracting(first: 20)) != nil)
    }

    @Test("Compressed both ways over a loop; one broadcast frame for all", arguments: Ground.all)
    func loop(ground: Ground) throws {
        var limits = LoopLimits()
        limits.deflate = DeflateOptions()
        let f = try Fixture(limits, on: ground)
        let pair = try f.openPair()
        #expect(f.loop.compression(of: pair.server) == 15)
        let text = [UInt8](String(repeating: "state in step ", count: 300).utf8)
        #expect(f.send(text, binary: false, from: pair.client) == .sent)
        #expect(f.send([1, 2, 3], from: pair.client) == .sent)
        #expect(f.loop.queuedBytes(pair.client) < 500)
        f.turn(until: { f.heardByClients.count == 2 })
        #expect(f.heardByServers == [text, [1, 2, 3]])
        #expect(f.heardByClients == [text, [1, 2, 3]])
        let frame = Frame.server(text.span, binary: false, with: try #require(Compressor()))
        #expect(frame.count < 200)
        _ = f.loop.send(frame, to: pair.server)
        f.turn(until: { f.heardByClients.count == 3 })
        #expect(f.heardByClients.last == text)
    }

    @Test("A bomb closes with 1009, wrong text with 1007", arguments: Ground.all)
    func hostile(ground: Ground) throws {
        for (payload, code) in [
            ([UInt8](repeating: 0, count: 1 << 20), CloseCode.tooLarge),
            ([UInt8](repeating: 0xff, count: 1000), .invalidPayload),
        ] {
            var limits = LoopLimits()
            limits.deflate = DeflateOptions()
            limits.messageBytes = 100_000
            let f = try Fixture(limits, on: ground)
            let pair = try f.openPair()
            #expect(f.send(payload, binary: false, from: pair.client) == .sent)
            f.turn(until: { f.closeCalls == 2 })
            #expect(f.closedClients[pair.client]?.code == code)
        }
    }

    @Test("RFC 7692 6.1: without the extension, its bit is refused")
    func notAgreed() throws {
        let frame = FrameWriter.frame(.text, [0].span, mask: nil, compressed: true)
        #expect(hearEverywhere(frame) == [.violation(1002)])
    }
}
