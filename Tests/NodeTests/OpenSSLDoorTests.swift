import Testing

@testable import Node

@Suite("The door to OpenSSL") struct OpenSSLDoorTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("Message codes are those of RFC 4231, 2") func messageCode() {
        let message = Array("what do ya want for nothing?".utf8)
        let secret = Array("Jefe".utf8)
        let code = MessageCode.make(over: message.span, secret: secret) ?? []
        #expect(hex(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let right = MessageCode.isRight(code.span, over: message.span, secret: secret)
        let nothing = MessageCode.isRight(Span(), over: message.span, secret: secret)
        #expect(right && !nothing)
        let overNothing = MessageCode.make(over: Span(), secret: secret)
        #expect(overNothing == nil)
    }

    @Test("Nothing is no signature, and signs nothing") func emptySpans() throws {
        let key = try #require(PublicKey(ed25519: try Vectors.bytes(Vectors.ed25519X)))
        let one: [UInt8] = [0]
        let verdicts = [
            key.verifies(Span(), over: Span()), key.verifies(one.span, over: Span()),
            key.verifies(Span(), over: one.span),
        ]
        #expect(verdicts == [false, false, false])
        #expect(PublicKey(ed25519: []) == nil)
        #expect(PublicKey(pem: []) == nil)
        #expect(PublicKey(rsa: [], exponent: []) == nil)
    }
}
