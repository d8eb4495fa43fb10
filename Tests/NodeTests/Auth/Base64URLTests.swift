import Testing

@testable import Node

@Suite("Base64 for addresses") struct Base64URLTests {
    private func decode(_ text: String) -> [UInt8]? { Base64URL.decode(Array(text.utf8).span) }

    private func encode(_ bytes: [UInt8]) -> String {
        String(decoding: Base64URL.encode(bytes.span), as: UTF8.self)
    }

    @Test(
        "RFC 4648, section 10, without the padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
        ])
    func vectors(_ plain: String, _ text: String) {
        #expect(encode(Array(plain.utf8)) == text)
        #expect(decode(text) == Array(plain.utf8))
    }

    @Test("RFC 7515, appendix C") func notes() {
        #expect(encode([3, 236, 255, 224, 193]) == "A-z_4ME")
    }

    @Test(
        "Only what would have been written is read",
        arguments: [
            "Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "Zm 9v", "Zm9v\n", "+w", "/w", "Zm9v.", "Zmé",
            "=", "\0\0",
        ])
    func refused(_ text: String) {
        #expect(decode(text) == nil)
    }

    @Test("Every two bytes come back, from one text only") func everyPair() {
        for high in UInt8.min...UInt8.max {
            for low in UInt8.min...UInt8.max {
                #expect(decode(encode([high, low])) == [high, low])
            }
        }
    }
}
