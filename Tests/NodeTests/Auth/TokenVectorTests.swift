import Testing
import Wire

@testable import Node

@Suite("Published tokens") struct TokenVectorTests {
    /// A minute before the token of RFC 7515 expires.
    private let now = WallTime(seconds: 1_300_819_320)

    private func verifier(_ keys: TokenKey...) -> TokenVerifier { TokenVerifier(keys: keys) }

    private func expectJoe(_ claims: Claims) {
        #expect(claims.issuer == "joe")
        #expect(claims.expiry == WallTime(seconds: 1_300_819_380))
        #expect(claims.life(at: now) == .seconds(60))
        #expect(claims.others["http://example.com/is_root"] == true)
        #expect(claims.others.count == 1)
    }

    @Test("HS256: RFC 7515, A.1") func hs256() throws {
        expectJoe(try verifier(Vectors.hs256Key()).verify(Array(Vectors.hs256.utf8).span, at: now))
    }

    @Test("RS256: RFC 7515, A.2") func rs256() throws {
        expectJoe(try verifier(Vectors.rsaKey()).verify(Array(Vectors.rs256.utf8).span, at: now))
    }

    @Test("ES256: RFC 7515, A.3") func es256() throws {
        expectJoe(try verifier(Vectors.p256Key()).verify(Array(Vectors.es256.utf8).span, at: now))
    }

    @Test("EdDSA: RFC 8037, A.4") func edDSA() throws {
        let token = try JSONWebToken(Array(Vectors.edDSA.utf8).span)
        #expect(token.algorithm == "EdDSA")
        let right = try Vectors.ed25519Key().verifies(token.signature.span, over: token.signed)
        #expect(right)
        #expect(throws: TokenError.malformed) { try token.claims() }
    }

    @Test("A key may come as a PEM file") func pem() throws {
        let p256 = try #require(PublicKey(pem: Array(Vectors.p256PEM.utf8)))
        expectJoe(
            try verifier(TokenKey(p256)).verify(Array(Vectors.es256.utf8).span, at: now))
        #expect(PublicKey(pem: Array(Vectors.ed25519PEM.utf8))?.kind == .ed25519)
    }

    @Test("The right one of several keys is found") func severalKeys() throws {
        let keys = try [
            Vectors.ed25519Key(), Vectors.rsaKey(), Vectors.p256Key(), Vectors.hs256Key(),
        ]
        for token in [Vectors.hs256, Vectors.rs256, Vectors.es256] {
            expectJoe(try TokenVerifier(keys: keys).verify(Array(token.utf8).span, at: now))
        }
    }
}
