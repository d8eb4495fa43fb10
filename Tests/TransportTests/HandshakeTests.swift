import Testing

@testable import Transport

private func request(_ text: String) throws -> HTTPRequest {
    try HTTPRequest(head: [UInt8](text.utf8), limits: HTTPLimits())
}

private let upgrade = """
    GET /chat?a=1 HTTP/1.1\r
    Host: server.example.com\r
    Upgrade: websocket\r
    Connection: keep-alive, Upgrade\r
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
    Sec-WebSocket-Protocol: chat, superchat\r
    Sec-WebSocket-Version: 13\r
    \r\n
    """

@Suite struct HandshakeTests {
    @Test("RFC 6455 1.3: the example key")
    func accept() throws {
        let request = try request(upgrade)
        #expect(request.subprotocols == ["chat", "superchat"])
        #expect(try Handshake.key(of: request) == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(
            Handshake.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test("SHA-1 and base64, the published examples")
    func digests() {
        func hex(_ text: String) -> String {
            SHA1.digest([UInt8](text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
                .joined()
        }
        #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(
            hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
        for (plain, coded) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.encode([UInt8](plain.utf8)) == [UInt8](coded.utf8))
            #expect(Base64.decode([UInt8](coded.utf8)) == [UInt8](plain.utf8))
        }
        for bad in ["Zg=", "Z===", "Zh==", "Zm9", "Zm9=", "====", "Zm9v\n", "Zg==Zg=="] {
            #expect(Base64.decode([UInt8](bad.utf8)) == nil, "\(bad)")
        }
    }

    @Test(
        "RFC 6455 4.2.1: a request that is no valid upgrade is refused",
        arguments: [
            ("GET /chat", "POST /chat", Handshake.Refusal.notAnUpgrade),
            ("Upgrade: websocket", "Upgrade: h2c", .notAnUpgrade),
            ("Connection: keep-alive, Upgrade", "Connection: keep-alive", .notAnUpgrade),
            ("Version: 13", "Version: 8", .unsupportedVersion),
            ("Sec-WebSocket-Version: 13\r\n", "", .unsupportedVersion),
            ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", .badKey),
            ("dGhlIHNhbXBsZSBub25jZQ==", "dGhl", .badKey),
            (
                "Sec-WebSocket-Version",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version", .badKey
            ),
        ])
    func refused(part: String, by other: String, why: Handshake.Refusal) throws {
        let parts = upgrade.split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
        let request = try request(parts.joined(separator: other))
        #expect(throws: why) { try Handshake.key(of: request) }
    }

    @Test("RFC 6455 4.1: what a client checks in the answer")
    func verdicts() throws {
        let nonce = [UInt8](0..<16)
        let key = String(decoding: Base64.encode(nonce), as: UTF8.self)
        func verdict(_ bytes: [UInt8]) throws -> Handshake.Verdict {
            Handshake.verdict(
                on: try HTTPResponseHead(head: bytes, limits: HTTPLimits()), nonce: nonce,
                offered: ["a", "b"])
        }
        #expect(
            try verdict(Handshake.response(key: key, subprotocol: "b"))
                == .open(subprotocol: "b", nil))
        #expect(
            try verdict(Handshake.response(key: key, subprotocol: nil))
                == .open(subprotocol: nil, nil))
        #expect(try verdict(Handshake.response(key: key, subprotocol: "c")) == .broken)
        #expect(try verdict(Handshake.response(key: "x", subprotocol: nil)) == .broken)
        #expect(
            try verdict(Handshake.response(key: key, subprotocol: nil, extensions: "x")) == .broken)
        let no = HTTPResponse(.unauthorized).serialized(keepsAlive: true, to: .get)
        #expect(try verdict(no) == .refused(.unauthorized))
    }
}
