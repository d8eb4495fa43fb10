import Testing

@testable import Transport

/// Scans a head in pieces, then parses it: the result, and how many bytes it took.
private func parse(
    _ text: [UInt8], cuts: [Int] = [], limits: HTTPLimits = HTTPLimits()
) -> Result<HTTPRequest, HTTPFault> {
    var scanner = HTTPHeadScanner()
    var head: [UInt8] = []
    var start = 0
    do throws(HTTPFault) {
        for end in cuts + [text.count] {
            let piece = [UInt8](text[start..<end])
            start = end
            var position = 0
            let isWhole = try scanner.scan(piece.span, &position, limit: limits.headBytes)
            head += piece[..<position]
            if isWhole { return .success(try HTTPRequest(head: head, limits: limits)) }
        }
        throw .badRequestLine
    } catch {
        return .failure(error)
    }
}

private func parseEverywhere(
    _ text: String, limits: HTTPLimits = HTTPLimits()
) -> Result<HTTPRequest, HTTPFault> {
    let bytes = [UInt8](text.utf8)
    let whole = parse(bytes, limits: limits)
    for cut in 0...bytes.count { #expect(parse(bytes, cuts: [cut], limits: limits) == whole) }
    if bytes.count > 1 {
        #expect(parse(bytes, cuts: Array(1..<bytes.count), limits: limits) == whole)
    }
    return whole
}

@Suite struct HTTPHeadTests {
    @Test("A plain request, at every split")
    func plain() throws {
        let text =
            "GET /a/b?x=1&name=a%20b+c HTTP/1.1\r\nHost: h\r\n"
            + "X-One:  two \t\r\nx-one: three, four\r\n\r\n"
        let request = try parseEverywhere(text).get()
        #expect(request.method == .get)
        #expect(request.target == "/a/b?x=1&name=a%20b+c")
        #expect(request.path == "/a/b")
        #expect(request.queryValue("x") == "1")
        #expect(request.queryValue("name") == "a b c")
        #expect(request.queryValue("y") == nil)
        #expect(request.fields.first("x-one") == "two")
        #expect(request.fields.list("x-one") == ["two", "three", "four"])
        #expect(request.keepsAlive)
    }

    @Test(
        "RFC 9112: forms that two readers could take differently are refused",
        arguments: [
            ("GET / HTTP/1.1\nHost: h\r\n\r\n", HTTPFault.bareLineEnd),
            ("GET / HTTP/1.1\r\nHost: h\n\r\n", .bareLineEnd),
            ("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", .bareLineEnd),
            ("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", .badRequestLine),
            ("GET / HTTP/1.1\r\nHost: h\u{0}\r\n\r\n", .controlByte),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n folded\r\n\r\n", .foldedField),
            ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", .foldedField),
            ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", .badField),
            ("GET / HTTP/1.1\r\nHost\r\n\r\n", .badField),
            ("GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", .badField),
            ("GET / HTTP/1.1\r\nHost: h\r\nA[]: x\r\n\r\n", .badField),
            ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", .badTarget),
            ("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", .badRequestLine),
            ("GET /\tx HTTP/1.1\r\nHost: h\r\n\r\n", .badTarget),
            ("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", .badTarget),
            ("GET /#x HTTP/1.1\r\nHost: h\r\n\r\n", .badTarget),
            ("GET * HTTP/1.1\r\nHost: h\r\n\r\n", .badTarget),
            ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", .unsupportedVersion),
            ("GET / HTTP/1.2\r\nHost: h\r\n\r\n", .unsupportedVersion),
            ("GET / http/1.1\r\nHost: h\r\n\r\n", .badRequestLine),
            ("GET /\r\nHost: h\r\n\r\n", .badTarget),
            ("BREW / HTTP/1.1\r\nHost: h\r\n\r\n", .unknownMethod),
            ("get / HTTP/1.1\r\nHost: h\r\n\r\n", .unknownMethod),
            ("GET / HTTP/1.1\r\n\r\n", .badHost),
            ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", .badHost),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                .ambiguousLength
            ),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n",
                .ambiguousLength
            ),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .ambiguousLength),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                .unsupportedCoding
            ),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
                .unsupportedCoding
            ),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", .badLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", .badLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\n", .badLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n", .badLength),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
                .badLength
            ),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", .bodyTooLarge),
        ])
    func refused(text: String, why: HTTPFault) {
        #expect(parseEverywhere(text) == .failure(why))
    }

    @Test("Limits on a head hold before it is whole")
    func limits() {
        var limits = HTTPLimits()
        limits.headBytes = 64
        limits.fields = 2
        let long = "GET /" + String(repeating: "a", count: 100)
        #expect(parseEverywhere(long, limits: limits) == .failure(.headTooLarge))
        let many = "GET / HTTP/1.1\r\nHost: h\r\na: b\r\nc: d\r\n\r\n"
        #expect(parseEverywhere(many, limits: limits) == .failure(.tooManyFields))
    }

    @Test("A response states its length, and a field with a line end is left out")
    func response() {
        let response = HTTPResponse(
            .ok, fields: [("a", "b"), ("evil", "x\r\ny: z"), ("e:vil", "x")], body: [0x68, 0x69])
        let text = String(decoding: response.serialized(keepsAlive: true, to: .get), as: UTF8.self)
        #expect(text == "HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 2\r\n\r\nhi")
        let head = String(
            decoding: response.serialized(keepsAlive: false, to: .head), as: UTF8.self)
        #expect(
            head == "HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 2\r\nconnection: close\r\n\r\n")
        let none = HTTPResponse(.noContent).serialized(keepsAlive: true, to: .get)
        #expect(String(decoding: none, as: UTF8.self) == "HTTP/1.1 204 No Content\r\n\r\n")
    }
}
