import Hub
import Testing
import Wire

@testable import Node

@Suite("What a token says") struct TokenClaimTests {
    private let now = WallTime(seconds: 1_800_000_000)

    /// The outcome for a token of ours that says just this.
    private func outcome(
        _ json: String, at now: WallTime? = nil, _ adjust: (inout TokenVerifier) -> Void = { _ in }
    ) throws -> TokenError? {
        let key = try Vectors.hs256Key()
        var verifier = TokenVerifier(keys: [key])
        adjust(&verifier)
        func encoded(_ text: String) -> [UInt8] { Base64URL.encode(Array(text.utf8).span) }
        let signed = encoded(#"{"alg":"HS256"}"#) + Array(".".utf8) + encoded(json)
        let signature = key.sign(signed.span)
        let code = try #require(signature)
        let token = signed + Array(".".utf8) + Base64URL.encode(code.span)
        do throws(TokenError) {
            _ = try verifier.verify(token.span, at: now ?? self.now)
            return nil
        } catch {
            return error
        }
    }

    @Test("A token counts until its expiry, and the leeway beyond") func expiry() throws {
        let json = #"{"exp":1800000000}"#
        let end = WallTime(seconds: 1_800_000_000)
        let lastMoment = WallTime(seconds: 1_800_000_029, nanoseconds: 999_999_999)
        #expect(try outcome(json, at: lastMoment) == nil)
        #expect(try outcome(json, at: end + .seconds(30)) == .expired)
        #expect(try outcome(json, at: end) { $0.leeway = .seconds(0) } == .expired)
        #expect(
            try outcome(#"{"exp":1800000000.9}"#, at: end) { $0.leeway = .seconds(0) } == .expired)
        #expect(try outcome(#"{"exp":-1}"#) == .expired)
    }

    @Test("A token without an expiry is refused, unless that was asked for") func noExpiry() throws
    {
        #expect(try outcome("{}") == .missingClaim("exp"))
        #expect(try outcome("{}") { $0.requiresExpiry = false } == nil)
    }

    @Test("A token counts from its beginning, less the leeway") func notBefore() throws {
        let json = #"{"exp":1900000000,"nbf":1800000000}"#
        let start = WallTime(seconds: 1_800_000_000)
        #expect(try outcome(json, at: WallTime(seconds: 1_799_999_970)) == nil)
        #expect(try outcome(json, at: WallTime(seconds: 1_799_999_969)) == .notYetValid)
        #expect(try outcome(json, at: start) { $0.leeway = .seconds(0) } == nil)
    }

    @Test(
        "A time that is no number of seconds is malformed",
        arguments: [
            #""1900000000""#, "null", "true", "[1900000000]", "1e300", "-1e300", "9007199254740992",
            "18446744073709551615", #"{"$int":"9223372036854775807"}"#,
        ])
    func malformedTimes(_ time: String) throws {
        #expect(try outcome(#"{"exp":\#(time)}"#) == .malformedClaim("exp"))
        #expect(try outcome(#"{"exp":1900000000,"nbf":\#(time)}"#) == .malformedClaim("nbf"))
        #expect(try outcome(#"{"exp":1900000000,"iat":\#(time)}"#) == .malformedClaim("iat"))
    }

    @Test("A time at the end of what we count does not overflow") func farTimes() throws {
        let json = #"{"exp":9007199254740991,"nbf":-9007199254740991}"#
        #expect(try outcome(json) { $0.leeway = Interval(nanoseconds: .max) } == nil)
    }

    @Test("The issuer must be the one we trust, to the byte") func issuer() throws {
        let trust: (inout TokenVerifier) -> Void = { $0.issuer = "https://issuer" }
        #expect(try outcome(#"{"exp":1900000000,"iss":"https://issuer"}"#, trust) == nil)
        #expect(try outcome(#"{"exp":1900000000,"iss":"https://issuer/"}"#, trust) == .wrongIssuer)
        #expect(try outcome(#"{"exp":1900000000}"#, trust) == .missingClaim("iss"))
        #expect(try outcome(#"{"exp":1900000000,"iss":1}"#, trust) == .malformedClaim("iss"))
        #expect(try outcome(#"{"exp":1900000000,"iss":"anybody"}"#) == nil)
    }

    @Test("A token for an audience is for nobody else") func audience() throws {
        let desk: (inout TokenVerifier) -> Void = { $0.audience = "desk" }
        #expect(try outcome(#"{"exp":1900000000,"aud":"desk"}"#, desk) == nil)
        #expect(try outcome(#"{"exp":1900000000,"aud":["shop","desk"]}"#, desk) == nil)
        #expect(try outcome(#"{"exp":1900000000,"aud":["shop"]}"#, desk) == .wrongAudience)
        #expect(try outcome(#"{"exp":1900000000,"aud":[]}"#, desk) == .missingClaim("aud"))
        #expect(try outcome(#"{"exp":1900000000}"#, desk) == .missingClaim("aud"))
        #expect(try outcome(#"{"exp":1900000000,"aud":[1]}"#, desk) == .malformedClaim("aud"))
        #expect(try outcome(#"{"exp":1900000000,"aud":"desk"}"#) == .wrongAudience)
    }

    @Test("A minted token says what it was given") func minted() throws {
        let key = try Vectors.hs256Key(id: "2026")
        var claims = Claims(
            subject: "agent-7", issuer: "desk", audience: ["shop", "desk"],
            expiry: now + .seconds(60), issuedAt: now, id: "a1",
            others: Map([.init(key: "tenant", value: "acme")]) ?? Map())
        let verifier = TokenVerifier(keys: [key], issuer: "desk", audience: "desk")
        let token = try #require(JSONWebToken.mint(claims, with: key))
        let read = try verifier.verify(token.utf8.span, at: now)
        #expect(read == claims)
        claims.audience = ["desk"]
        let second = try #require(JSONWebToken.mint(claims, with: key))
        let readAgain = try verifier.verify(second.utf8.span, at: now)
        #expect(readAgain == claims)
        #expect(second != token)
    }

    @Test("A public key mints nothing, and a short secret is no key") func cannotMint() throws {
        let claims = Claims(subject: "a", expiry: now)
        #expect(JSONWebToken.mint(claims, with: try Vectors.p256Key()) == nil)
        #expect(TokenKey(secret: [UInt8](repeating: 7, count: 31)) == nil)
    }

    @Test(
        "A role brings its grants and its commands, and one that is not configured brings nothing")
    func roles() throws {
        let grant = Principal.Grant(
            topics: TopicPattern("desk/*"), read: .everything, write: nil)
        let roles = [
            Text("agent"): Access.Role(grants: [grant], commands: [TopicPattern("desk/*")])
        ]
        func principal(_ names: [Text]) -> Principal? {
            var others = Map()
            others["tenant"] = "acme"
            others["roles"] = .array(names.map { .text($0) })
            others["commands"] = ["own"]
            return Access.principal(
                Claims(subject: "ada", expiry: now, others: others), roles: roles)
        }
        let agent = try #require(principal(["agent", "stranger"]))
        #expect(agent.mayCommand("desk/close") && agent.mayCommand("own"))
        #expect(agent.readable("desk/a") == .everything && !agent.mayCommand("shop/close"))
        let nobody = try #require(principal(["stranger"]))
        #expect(nobody.mayCommand("own") && !nobody.mayCommand("desk/close"))
        #expect(nobody.readable("desk/a") == nil)
    }

    @Test("A key in a log does not show itself") func keysAreNotPrinted() throws {
        let key = try #require(TokenKey(secret: Array("correct horse battery staple, 32".utf8)))
        var dumped = ""
        dump([key], to: &dumped)
        #expect("\(key)" == "HS256 key without an id")
        #expect(!dumped.contains("99"))  // the c of correct, as a byte
    }
}
