import Testing

@testable import Transport

private func header(_ bytes: [UInt8], cuts: [Int] = []) -> (ProxyHeader.Outcome, rest: Int) {
    var header = ProxyHeader()
    var start = 0
    for end in cuts + [bytes.count] {
        let piece = [UInt8](bytes[start..<end])
        var position = 0
        let outcome = header.read(piece.span, &position)
        if outcome != .more { return (outcome, bytes.count - start - position) }
        start = end
    }
    return (.more, 0)
}

private func everywhere(_ bytes: [UInt8]) -> ProxyHeader.Outcome {
    let whole = header(bytes)
    for cut in 0...bytes.count {
        let other = header(bytes, cuts: [cut])
        #expect(other == whole)
    }
    return whole.0
}

@Suite(.endsFixtures) struct ProxyTests {
    @Test(
        "PROXY protocol version 1",
        arguments: [
            ("PROXY TCP4 192.0.2.1 10.0.0.1 4711 443\r\n", "192.0.2.1:4711"),
            ("PROXY TCP6 2001:db8::1 ::1 4711 443\r\n", "[2001:db8::1]:4711"),
            ("PROXY UNKNOWN\r\n", "itself"),
            ("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "itself"),
            ("PROXY TCP6 192.0.2.1 10.0.0.1 4711 443\r\n", "malformed"),
            ("PROXY TCP4 192.0.2.1 10.0.0.1 4711\r\n", "malformed"),
            ("PROXY TCP4 192.0.2.1 10.0.0.1 70000 443\r\n", "malformed"),
            ("PROXY TCP4 name 10.0.0.1 1 443\r\n", "malformed"),
            ("PROXY TCP4 192.0.2.1 10.0.0.1 1 443\n", "malformed"),
            ("POST / HTTP/1.1\r\n", "malformed"),
            ("GET / HTTP/1.1\r\n", "malformed"),
            ("PROXY TCP4 192.0.2.1", "more"),
        ])
    func text(line: String, expected: String) {
        let outcome = everywhere([UInt8](line.utf8))
        let shown: String =
            switch outcome {
            case .more: "more"
            case .malformed: "malformed"
            case .source(let source): source?.description ?? "itself"
            }
        #expect(shown == expected)
    }

    @Test("PROXY protocol version 2, and what follows is left")
    func binary() {
        let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
        let v4 = signature + [0x21, 0x11, 0, 12, 192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x67, 1, 0xbb]
        #expect(everywhere(v4) == .source(SocketAddress("192.0.2.1", port: 4711)))
        #expect(header(v4 + [1, 2, 3]).rest == 3)
        let v6: [UInt8] =
            signature + [0x21, 0x21, 0, 36] + [0x20, 0x01, 0x0d, 0xb8]
            + [UInt8](repeating: 0, count: 11)
            + [1] + [UInt8](repeating: 0, count: 16) + [0x12, 0x67, 1, 0xbb]
        #expect(everywhere(v6) == .source(SocketAddress("2001:db8::1", port: 4711)))
        #expect(everywhere(signature + [0x20, 0, 0, 0]) == .source(nil))
        #expect(everywhere(signature + [0x11, 0x11, 0, 12]) == .more)
        #expect(everywhere(signature + [0x11, 0x11, 0, 0]) == .malformed)
        #expect(everywhere(signature + [0x21, 0x11, 0xff, 0xff]) == .malformed)
        #expect(everywhere(signature + [0x21, 0x11, 0, 4, 1, 2, 3, 4]) == .malformed)
    }

    @Test("Addresses are read and written in one form")
    func addresses() {
        for (text, shown) in [
            ("127.0.0.1", "127.0.0.1:9"), ("::1", "[::1]:9"), ("::", "[::]:9"),
            ("2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:9"), ("fe80::1:2", "[fe80::1:2]:9"),
            ("::ffff:192.0.2.1", "192.0.2.1:9"), ("::ffff:c000:201", "192.0.2.1:9"),
            ("::fffe:c000:201", "[::fffe:c000:201]:9"),
        ] {
            #expect(SocketAddress(text, port: 9)?.description == shown)
        }
        #expect(SocketAddress("localhost", port: 9) == nil)
        #expect(SocketAddress("1.2.3", port: 9) == nil)
    }

    @Test("X-Forwarded-For is believed from its end, as far as trusted proxies wrote it")
    func forwarded() throws {
        let trusted = TrustedProxies(
            try ["10.0.0.0/8", "::1"].map { try #require(AddressRange($0)) })
        func client(_ peer: String, _ forwarded: String...) throws -> String {
            var text = "GET / HTTP/1.1\r\nhost: h\r\n"
            for line in forwarded { text += "X-Forwarded-For: \(line)\r\n" }
            let request = try HTTPRequest(head: [UInt8]((text + "\r\n").utf8), limits: HTTPLimits())
            let peer = try #require(SocketAddress(peer, port: 0))
            return trusted.client(of: request.fields, from: peer).host
        }
        #expect(try client("192.0.2.9", "1.1.1.1") == "192.0.2.9")
        #expect(try client("10.0.0.1") == "10.0.0.1")
        #expect(try client("10.0.0.1", "1.1.1.1") == "1.1.1.1")
        #expect(try client("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.2.3.4") == "1.1.1.1")
        #expect(try client("10.0.0.1", "6.6.6.6", "1.1.1.1:5000, [::1]:80") == "1.1.1.1")
        #expect(try client("10.0.0.1", "6.6.6.6, unknown, 10.1.1.1") == "10.1.1.1")
        #expect(try client("::ffff:10.0.0.1", "::ffff:1.1.1.1, ::ffff:10.9.9.9") == "1.1.1.1")
        #expect(AddressRange("::ffff:10.0.0.0/104") == AddressRange("10.0.0.0/8"))
        #expect(AddressRange("::ffff:10.0.0.1") == AddressRange("10.0.0.1"))
        #expect(AddressRange("::ffff:10.0.0.0/95") == nil)
        #expect(AddressRange("10.0.0.0/33") == nil)
        #expect(AddressRange("10.0.0.0/x") == nil)
        #expect(AddressRange("0.0.0.0/0")?.contains(.loopback(port: 1)) == true)
    }
}
