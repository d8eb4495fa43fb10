import Testing

@testable import Wire

/// Row P11: messages on a plain stream, however the stream is cut.
@Suite struct FrameReaderTests {
    static let messages: [[UInt8]] = [[0x93, 1, 1], [7], [UInt8](repeating: 9, count: 300)]

    static var stream: [UInt8] {
        Framing.preamble(.messagePack) + messages.flatMap { Framing.frame($0) }
    }

    @Test func everyCutOfTheStreamGivesTheSameMessages() throws {
        let stream = FrameReaderTests.stream
        for cut in 0...stream.count {
            var reader = FrameReader(limit: 300)
            var read: [[UInt8]] = []
            for part in [stream[..<cut], stream[cut...]] {
                reader.append([UInt8](part).span)
                while let message = try reader.next() { read.append(message) }
            }
            #expect(read == FrameReaderTests.messages)
            #expect(reader.encoding == .messagePack)
        }
    }

    @Test func byteByByteGivesTheSameMessages() throws {
        var reader = FrameReader(limit: 300)
        var read: [[UInt8]] = []
        for byte in FrameReaderTests.stream {
            reader.append([byte].span)
            while let message = try reader.next() { read.append(message) }
        }
        #expect(read == FrameReaderTests.messages)
    }

    @Test func aFrameTooLongIsRefusedByItsHead() throws {
        var reader = FrameReader(limit: 300, encoding: .json)
        reader.append([0, 0, 1, 45].span)
        #expect(throws: Framing.Failure.tooLong(301)) { try reader.next() }
    }

    @Test func anEmptyFrameIsRefused() throws {
        var reader = FrameReader(limit: 300, encoding: .json)
        reader.append([0, 0, 0, 0].span)
        #expect(throws: Framing.Failure.empty) { try reader.next() }
    }

    @Test(arguments: [
        ([0x47], Framing.Failure.notThisProtocol), ([0x46, 0x44], .notThisProtocol),
        ([0x46, 0x43, 2], .unsupported), ([0x46, 0x43, 1, 2], .unsupported),
    ])
    func aWrongBeginningIsRefusedAtOnce(_ bytes: [UInt8], _ failure: Framing.Failure) throws {
        var reader = FrameReader(limit: 300)
        reader.append(bytes.span)
        #expect(throws: failure) { try reader.next() }
    }

    @Test func theBeginningNamesTheEncoding() throws {
        for encoding in Encoding.allCases {
            var reader = FrameReader(limit: 300)
            reader.append(Framing.preamble(encoding).span)
            #expect(try reader.next() == nil)
            #expect(reader.encoding == encoding)
        }
    }

    @Test func itKnowsWhetherAStreamMayEndHere() throws {
        var reader = FrameReader(limit: 300)
        var places: [Int] = []
        for (place, byte) in FrameReaderTests.stream.enumerated() {
            reader.append([byte].span)
            _ = try reader.next()
            if reader.isBetweenFrames { places.append(place + 1) }
        }
        // Behind the beginning, and behind each of the three messages.
        #expect(places == [4, 11, 16, 320])
    }

    @Test func aLongStreamDoesNotGrowTheBuffer() throws {
        var reader = FrameReader(limit: 1_000, encoding: .json)
        let frame = Framing.frame([UInt8](repeating: 1, count: 999))
        for _ in 0..<1_000 {
            reader.append(frame.span)
            #expect(try reader.next()?.count == 999)
        }
    }
}
