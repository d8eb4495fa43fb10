import Testing
import Wire

@testable import Node

@Suite("Tokens that must not pass") struct TokenForgeryTests {
    private let now = WallTime(seconds: 1_300_819_320)

    private func failure(_ token: String, _ keys: TokenKey...) -> TokenError? {
        do throws(TokenError) {
            _ = try TokenVerifier(keys: keys).verify(Array(token.utf8).span, at: now)
            return nil
        } catch {
            return error
        }
    }

    private func part(_ text: String) -> String {
        String(decoding: Base64URL.encode(Array(text.utf8).span), as: UTF8.self)
    }

    /// Signed with our secret, whatever the header says.
    private func signed(header: String, payload: String? = nil) throws -> String {
        let token = part(header) + "." + (payload.map(part) ?? Vectors.payload)
        let signature = try Vectors.hs256Key().sign(Array(token.utf8).span)
        let code = try #require(signature)
        return token + "." + String(decoding: Base64URL.encode(code.span), as: UTF8.self)
    }

    @Test(
        "No signature is no token",
        arguments: ["none", "None", "NONE", "nOnE", "", "HS512", "HS384", "PS256", "ES256K"])
    func noneIsRefused(_ algorithm: String) throws {
        let header = part(#"{"alg":"\#(algorithm)"}"#)
        let key = try Vectors.hs256Key()
        #expect(failure("\(header).\(Vectors.payload).", key) == .unknownKey)
        #expect(try failure(signed(header: #"{"alg":"\#(algorithm)"}"#), key) == .unknownKey)
    }

    @Test("A public key is never taken for a secret") func algorithmConfusion() throws {
        let pem = Array(Vectors.p256PEM.utf8)
        let asSecret = try #require(TokenKey(secret: pem))
        let claims = Claims(subject: "mallory", expiry: now + .seconds(60))
        let forged = try #require(JSONWebToken.mint(claims, with: asSecret))
        let key = TokenKey(try #require(PublicKey(pem: pem)))
        #expect(failure(forged.string, key) == .unknownKey)
    }

    @Test("A key of one kind refuses the algorithm of another") func wrongKind() throws {
        #expect(try failure(Vectors.hs256, Vectors.rsaKey(), Vectors.p256Key()) == .unknownKey)
        #expect(try failure(Vectors.rs256, Vectors.hs256Key(), Vectors.p256Key()) == .unknownKey)
        #expect(try failure(Vectors.es256, Vectors.rsaKey(), Vectors.ed25519Key()) == .unknownKey)
    }

    @Test(
        "A signature with any bit turned is wrong",
        arguments: [Vectors.hs256, Vectors.rs256, Vectors.es256])
    func turnedBits(_ token: String) throws {
        let parts = token.split(separator: ".")
        let signature = try Vectors.bytes(String(parts[2]))
        let keys = try [Vectors.hs256Key(), Vectors.rsaKey(), Vectors.p256Key()]
        for bit in 0..<signature.count * 8 {
            var turned = signature
            turned[bit / 8] ^= 1 << UInt8(bit % 8)
            let text = String(decoding: Base64URL.encode(turned.span), as: UTF8.self)
            let forged = "\(parts[0]).\(parts[1]).\(text)"
            #expect(failure(forged, keys[0], keys[1], keys[2]) == .wrongSignature)
        }
    }

    @Test("A claim with any character changed is not believed") func changedClaims() throws {
        let key = try Vectors.hs256Key()
        var bytes = Array(Vectors.hs256.utf8)
        let dots = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
        for i in dots[0] + 1..<dots[1] {
            let kept = bytes[i]
            bytes[i] = kept == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(failure(String(decoding: bytes, as: UTF8.self), key) == .wrongSignature)
            bytes[i] = kept
        }
    }

    @Test("No beginning of a token is one") func truncated() throws {
        let key = try Vectors.hs256Key()
        for length in 0..<Vectors.hs256.count {
            #expect(failure(String(Vectors.hs256.prefix(length)), key) != nil)
        }
    }

    @Test("An ECDSA signature of zeros, in DER, or of another length is wrong") func ecdsaForms()
        throws
    {
        let key = try Vectors.p256Key()
        let signature = try Vectors.bytes(String(Vectors.es256.split(separator: ".")[2]))
        // Both halves begin with a bit that DER must not have as a sign.
        let der = [0x30, 69, 2, 32] + signature[..<32] + [2, 33, 0] + signature[32...]
        let forms: [[UInt8]] = [
            [], [0], [UInt8](repeating: 0, count: 64), [UInt8](repeating: 0xff, count: 64),
            der, Array(signature.dropLast()), signature + [0],
        ]
        for form in forms {
            let text = String(decoding: Base64URL.encode(form.span), as: UTF8.self)
            let forged = "\(Vectors.es256Header).\(Vectors.payload).\(text)"
            #expect(failure(forged, key) == .wrongSignature)
        }
    }

    @Test(
        "What is not three parts of base64url is malformed",
        arguments: [
            "", ".", "..", "...", "a.b", Vectors.hs256 + ".", Vectors.hs256 + ".AAAA",
            Vectors.hs256 + "=", Vectors.hs256 + "\n", " " + Vectors.hs256,
            "Bearer " + Vectors.hs256,
            "." + Vectors.hs256, Vectors.hs256.replacing(".", with: " . "),
        ])
    func malformed(_ token: String) throws {
        #expect(try failure(token, Vectors.hs256Key()) == .malformed)
    }

    @Test(
        "A header that is not an object with an algorithm is malformed",
        arguments: [
            "", "null", "[]", #""HS256""#, "{}", #"{"alg":256}"#, #"{"alg":null}"#,
            #"{"alg":["HS256"]}"#,
            #"{"alg":"HS256","alg":"HS256"}"#, #"{"alg":"HS256"}x"#, #"{"alg":"HS256","kid":1}"#,
            #"{"ALG":"HS256"}"#, "\u{feff}{\"alg\":\"HS256\"}",
        ])
    func malformedHeader(_ header: String) throws {
        #expect(try failure(signed(header: header), Vectors.hs256Key()) == .malformed)
    }

    @Test(
        "Extensions that must be understood are not",
        arguments: [
            #"{"alg":"HS256","crit":["b64"],"b64":false}"#, #"{"alg":"HS256","crit":[]}"#,
            #"{"alg":"HS256","crit":["exp"],"exp":1}"#,
        ])
    func critical(_ header: String) throws {
        #expect(try failure(signed(header: header), Vectors.hs256Key()) == .unknownExtension)
    }

    @Test("A token longer than the limit is not looked at") func tooLong() throws {
        let long = String(repeating: "A", count: JSONWebToken.lengthLimit + 1)
        #expect(try failure(long, Vectors.hs256Key()) == .tooLong)
        #expect(try failure(String(long.dropFirst()), Vectors.hs256Key()) == .malformed)
    }

    @Test("A token may name its key, and then that key must have signed") func keyIDs() throws {
        let token = try signed(header: #"{"alg":"HS256","kid":"2026"}"#)
        #expect(try failure(token, Vectors.hs256Key(id: "2026")) == nil)
        #expect(try failure(token, Vectors.hs256Key()) == nil)
        #expect(try failure(token, Vectors.hs256Key(id: "2025")) == .unknownKey)
        #expect(try failure(Vectors.hs256, Vectors.hs256Key(id: "2025")) == nil)
        #expect(failure(token) == .unknownKey)
    }

    @Test(
        "Signed claims that are not an object are malformed",
        arguments: ["", "null", "[]", "1", "{", #"{"exp":1}{"exp":2}"#, #"{"exp":1,"exp":2}"#])
    func malformedPayload(_ payload: String) throws {
        let token = try signed(header: #"{"alg":"HS256"}"#, payload: payload)
        #expect(try failure(token, Vectors.hs256Key()) == .malformed)
    }
}
