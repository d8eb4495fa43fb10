import Testing

@testable import Transport

/// The body in some pieces, and what stands behind it.
private func read(
    _ text: String, _ start: BodyReader, cuts: [Int] = []
) -> Result<(body: String, rest: Int), HTTPFault> {
    let bytes = [UInt8](text.utf8)
    var reader = start
    var body: [UInt8] = []
    var begin = 0
    do throws(HTTPFault) {
        for end in cuts + [bytes.count] {
            let piece = [UInt8](bytes[begin..<end])
            var position = 0
            step: while true {
                switch try reader.next(piece.span, &position) {
                case .more: break step
                case .bytes(let range): body += piece[range]
                case .end:
                    return .success(
                        (String(decoding: body, as: UTF8.self), bytes.count - begin - position))
                }
            }
            begin = end
        }
        return .success((String(decoding: body, as: UTF8.self), -1))
    } catch {
        return .failure(error)
    }
}

private func readEverywhere(_ text: String, _ start: BodyReader) -> String {
    func shown(_ result: Result<(body: String, rest: Int), HTTPFault>) -> String {
        switch result {
        case .success(let (body, rest)): "\(body)|\(rest)"
        case .failure(let fault): "\(fault)"
        }
    }
    let whole = shown(read(text, start))
    let count = text.utf8.count
    for a in 0...count {
        for b in a...count { #expect(shown(read(text, start, cuts: [a, b])) == whole) }
    }
    if count > 1 { #expect(shown(read(text, start, cuts: Array(1..<count))) == whole) }
    return whole
}

@Suite struct BodyReaderTests {
    @Test(
        "RFC 9112 7.1: chunked bodies, at every pair of splits",
        arguments: [
            ("0\r\n\r\nnext", "|4"),
            ("3\r\nabc\r\n0\r\n\r\n", "abc|0"),
            ("3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nX", "abc0123456789|1"),
            ("2;a=\"b\"\r\nhi\r\n0;x\r\n\r\n", "hi|0"),
            ("1\r\na\r\n0\r\nTrailer: x\r\nB: c\r\n\r\nrest", "a|4"),
            ("1\r\na\r\n", "a|-1"),
            ("", "|-1"),
        ])
    func chunked(text: String, expected: String) {
        #expect(readEverywhere(text, .chunked(limit: 100)) == expected)
    }

    @Test(
        "RFC 9112 7.1: chunk forms that two readers could take differently are refused",
        arguments: [
            "\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\na\r\n", "1 \r\na\r\n",
            "1\na\r\n",
            "1\r\nab\r\n", "1\r\na\n0\r\n\r\n", "1\r\na\r0", "12345678\r\n",
            "ffffffffffffffff1\r\n",
            "1;\u{1}\r\n", "1;\n\r\n", "0\r\n\n", "0\r\nA: b\n\r\n", "0\r\n\r\r", "1_0\r\n",
        ])
    func badChunks(text: String) {
        #expect(readEverywhere(text, .chunked(limit: 100)) == "badChunk")
    }

    @Test("Limits hold before the bytes come")
    func limits() {
        #expect(readEverywhere("65\r\n", .chunked(limit: 100)) == "bodyTooLarge")
        #expect(
            readEverywhere(
                "32\r\n" + String(repeating: "a", count: 50) + "\r\n33\r\n", .chunked(limit: 100))
                == "bodyTooLarge")
        #expect(readEverywhere("abcdef", .untilClose(limit: 5)) == "bodyTooLarge")
    }

    @Test("A fixed length, and a body that ends with its connection")
    func others() {
        #expect(readEverywhere("abcrest", .length(3)) == "abc|4")
        #expect(readEverywhere("ab", .length(3)) == "ab|-1")
        #expect(readEverywhere("rest", .length(0)) == "|4")
        #expect(readEverywhere("all of it", .untilClose(limit: 100)) == "all of it|-1")
    }

    @Test("A chunk written is a chunk read")
    func written() {
        let chunks =
            Frame.chunk([UInt8]("hello".utf8)).bytes
            + Frame.chunk([UInt8](repeating: 0x61, count: 300)).bytes
        let text = String(decoding: chunks, as: UTF8.self) + "0\r\n\r\n"
        guard case .success(let (body, rest)) = read(text, .chunked(limit: 1000)) else {
            Issue.record("refused")
            return
        }
        #expect(body == "hello" + String(repeating: "a", count: 300))
        #expect(rest == 0)
        #expect(Frame.chunk([]).count == 0)
    }
}
