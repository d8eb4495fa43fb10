import COpenSSL
import Testing

@testable import Node

@Suite("The door to OpenSSL") struct OpenSSLDoorTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func digest(
        _ length: Int, _ text: String, _ make: (Span<UInt8>, inout MutableSpan<UInt8>) -> Bool
    ) -> String? {
        var out = [UInt8](repeating: 0, count: length)
        var span = out.mutableSpan
        return make(Array(text.utf8).span, &span) ? hex(out) : nil
    }

    @Test("Digests are those of FIPS 180") func digests() {
        #expect(
            digest(20, "abc") { fc_sha1($0, &$1) } == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(digest(20, "") { fc_sha1($0, &$1) } == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(
            digest(32, "abc") { fc_sha256($0, &$1) }
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(digest(31, "abc") { fc_sha256($0, &$1) } == nil)
    }

    @Test("Message codes are those of RFC 4231, 2") func messageCode() {
        let message = Array("what do ya want for nothing?".utf8)
        let secret = Array("Jefe".utf8)
        let code = MessageCode.make(over: message.span, secret: secret) ?? []
        #expect(hex(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let right = MessageCode.isRight(code.span, over: message.span, secret: secret)
        let nothing = MessageCode.isRight(Span(), over: message.span, secret: secret)
        let overNothing = MessageCode.make(over: Span(), secret: [])
        #expect(right && !nothing)
        #expect(overNothing?.count == MessageCode.length)
    }

    @Test("Nothing at all can be compared and verified") func emptySpans() throws {
        let one: [UInt8] = [0]
        let equal = fc_equal(Span<UInt8>(), Span<UInt8>())
        let longer = fc_equal(Span<UInt8>(), one.span)
        #expect(equal && !longer)
        let key = try #require(PublicKey(ed25519: try Vectors.bytes(Vectors.ed25519X)))
        let verified = key.verifies(Span(), over: Span())
        #expect(!verified)
    }

    @Test("Random bytes are not all the same") func random() {
        var bytes = [UInt8](repeating: 0, count: 32)
        var span = bytes.mutableSpan
        let filled = fc_random_bytes(&span)
        #expect(filled)
        #expect(Set(bytes).count > 8)
    }
}
