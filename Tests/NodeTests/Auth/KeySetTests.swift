import Testing
import Wire

@testable import Node

@Suite("Key sets") struct KeySetTests {
    private func keys(_ json: String) throws(KeyError) -> [TokenKey] {
        try TokenKey.keys(jwks: Array(json.utf8).span)
    }

    private func one(_ parts: String) throws(KeyError) -> [TokenKey] {
        try keys(#"{"keys":[{\#(parts)}]}"#)
    }

    @Test("A set gives the keys that sign, with their ids") func reads() throws {
        let set = try keys(
            """
            {"keys": [
                {"kty": "oct", "kid": "s", "k": "\(Vectors.hs256Secret)"},
                {"kty": "RSA", "kid": "r", "n": "\(Vectors.rsaModulus)", "e": "AQAB",
                 "alg": "RS256", "use": "sig"},
                {"kty": "EC", "crv": "P-256", "x": "\(Vectors.p256X)", "y": "\(Vectors.p256Y)"},
                {"kty": "OKP", "crv": "Ed25519", "x": "\(Vectors.ed25519X)", "alg": "EdDSA"},
                {"kty": "RSA", "use": "enc"}, {"kty": "EC", "crv": "P-521"},
                {"kty": "OKP", "crv": "X25519"}, {"kty": "RSA", "alg": "PS512"},
                {"kty": "oct", "alg": "A128KW"}, {"kty": "of tomorrow"}
            ]}
            """)
        #expect(set.map(\.algorithm) == [.hs256, .rs256, .es256, .edDSA])
        #expect(set.map(\.id) == ["s", "r", nil, nil])
        let verifier = TokenVerifier(keys: set)
        for token in [Vectors.hs256, Vectors.rs256, Vectors.es256] {
            #expect(throws: Never.self) {
                try verifier.verify(Array(token.utf8).span, at: WallTime(seconds: 1_300_000_000))
            }
        }
    }

    @Test(
        "A key with parts missing or wrong is said to be, by its place",
        arguments: [
            #""kid":"x""#, #""kty":1"#, #""kty":"oct""#, #""kty":"oct","k":"c2hvcnQ""#,
            #""kty":"oct","k":"===""#, #""kty":"RSA","n":"AQAB","e":"AQAB""#,
            #""kty":"RSA","n":"","e":"""#, #""kty":"EC","crv":"P-256","x":"AA","y":"AA""#,
            #""kty":"OKP","crv":"Ed25519","x":"AA""#,
            #""kty":"EC","crv":"P-256","alg":"ES512","x":"\#(Vectors.p256X)","#
                + #""y":"\#(Vectors.p256Y)""#,
            // Swapped coordinates are not on the curve.
            #""kty":"EC","crv":"P-256","x":"\#(Vectors.p256Y)","y":"\#(Vectors.p256X)""#,
        ])
    func malformed(_ parts: String) {
        #expect(throws: KeyError.malformedKey(index: 0)) { try one(parts) }
    }

    @Test("A file that is no key set is said to be none") func notASet() {
        #expect(throws: KeyError.notJSON(DecodeError(.truncated, at: 0))) { try keys("") }
        #expect(throws: KeyError.noKeys) { try keys("[]") }
        #expect(throws: KeyError.noKeys) { try keys(#"{"keys":{}}"#) }
        let key = #"{"kty":"oct","k":"\#(Vectors.hs256Secret)"}"#
        let many = Array(repeating: key, count: TokenKey.keyLimit + 1).joined(separator: ",")
        #expect(throws: KeyError.tooManyKeys) { try keys(#"{"keys":[\#(many)]}"#) }
    }

    @Test("A file of keys may be a key set, PEM or a secret, told apart by its beginning")
    func files() throws {
        func kinds(_ text: String) throws(KeyError) -> [TokenAlgorithm] {
            try TokenKey.keys(file: Array(text.utf8)).map(\.algorithm)
        }
        let set = #" {"keys":[{"kty":"oct","k":"\#(Vectors.hs256Secret)"}]}"#
        #expect(try kinds(set) == [.hs256])
        #expect(try kinds(Vectors.p256PEM) == [.es256])
        #expect(try kinds("# two\n" + Vectors.p256PEM + Vectors.ed25519PEM) == [.es256, .edDSA])
        #expect(try kinds(String(repeating: "s", count: 32)) == [.hs256])

        let secret = try #require(try TokenKey.keys(file: Array((longSecret + "\r\n").utf8)).first)
        let claims = Claims(subject: "a", expiry: WallTime(seconds: 60))
        let token = try #require(JSONWebToken.mint(claims, with: secret))
        let same = try #require(TokenKey(secret: Array(longSecret.utf8)))
        let read = try TokenVerifier(keys: [same])
            .verify(token.utf8.span, at: WallTime(seconds: 0))
        #expect(read == claims)

        #expect(throws: KeyError.noKeys) { try kinds("\n") }
        #expect(throws: KeyError.secretTooShort) {
            try kinds(String(repeating: "s", count: 31) + "\n")
        }
        #expect(throws: KeyError.malformedKey(index: 1)) {
            try kinds(Vectors.p256PEM + "-----BEGIN PRIVATE KEY-----\nAA\n")
        }
    }

    private let longSecret = "a secret of more than thirty-two bytes"

    @Test("What is no public key of ours is none") func notAPEM() {
        let weakRSA = """
            -----BEGIN PUBLIC KEY-----
            MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCwKyjdwmnkoMF+hKsftMLPFgtN
            8kYRCHt0gFz0sJZ5gyodzNmln4H6rW8vOLeHImeIZ6gvzqzC3TNqhtyrQlzr/BmE
            fh4g7+u9MIm779gy+OijEW3sGuanD37c/rkMYOwQsRqBiY7G2uykvSjG5GoRiaKG
            I6/q6HlMKfpnWfOC7wIDAQAB
            -----END PUBLIC KEY-----
            """
        let p384 = """
            -----BEGIN PUBLIC KEY-----
            MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEUO8pVHmSMmx1Durkd/NWMfaitBIYYGIb
            +E8LRUgHY6C7MbHwd6XjhSX4gGxjaMXDtCdYAyOe38sK/fD4hvJI7qgnx7VhWMBJ
            WdjoNYUCjt6pWL5NCYEdARW6EMOhM+4G
            -----END PUBLIC KEY-----
            """
        for text in [weakRSA, p384, "", "-----BEGIN PUBLIC KEY-----", "\0"] {
            #expect(PublicKey(pem: Array(text.utf8)) == nil)
        }
    }

    @Test("A certificate gives its key") func certificate() {
        let text = """
            -----BEGIN CERTIFICATE-----
            MIIBcDCCARWgAwIBAgIUBbcr8e8ZCdTGcb02kJsgntW3hdcwCgYIKoZIzj0EAwIw
            DDEKMAgGA1UEAwwBdDAgFw0yNjExMjExMTU3NTFaGA8yMTI2MTAyODExNTc1MVow
            DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHdOdkkARtUB
            jMfCPh+i9EJB1sKijkyIhyJ/ouQMXptpVMOS+tQEQKDkAzHPcIKAyzy56GeDDseF
            /eUd0BgCXIKjUzBRMB0GA1UdDgQWBBQ8cbPbyJa727ZbqgT3WqI3DtOTdjAfBgNV
            HSMEGDAWgBQ8cbPbyJa727ZbqgT3WqI3DtOTdjAPBgNVHRMBAf8EBTADAQH/MAoG
            CCqGSM49BAMCA0kAMEYCIQCQ6IrOibcru96LWqnvM5zhp1D/rw/hSe6DGzHcneF6
            FwIhAOD01ir2cRygfzbRd2/3gJou17u6FPhvcTteYgxjtUmS
            -----END CERTIFICATE-----
            """
        #expect(PublicKey(pem: Array(text.utf8))?.kind == .p256)
    }
}
