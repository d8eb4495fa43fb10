import Wire

/// Decides whether a token counts: by its signature first, then by what it says.
struct TokenVerifier: Sendable {
    /// Any of these may have signed. During an exchange of keys there are two.
    var keys: [TokenKey]
    /// Who must have issued it; nil for anybody who has a key.
    var issuer: Text?
    /// Who we are. A token for an audience is for nobody else (RFC 7519, section 4.1.3), so while
    /// this is nil any token with an audience is refused.
    var audience: Text?
    /// How far the issuer's clock may be from ours.
    var leeway = Interval.seconds(30)
    /// A token that never ends can only be revoked; refuse it unless somebody asked for that.
    var requiresExpiry = true

    func verify(_ token: Span<UInt8>, at now: WallTime) throws(TokenError) -> Claims {
        let token = try JSONWebToken(token)
        // A key without an id may have any; a token without an id may be of any key.
        let candidates = keys.filter { key in
            key.algorithm.name == token.algorithm
                && (key.id == nil || token.keyID == nil || key.id == token.keyID)
        }
        guard !candidates.isEmpty else { throw .unknownKey }
        guard candidates.contains(where: { $0.verifies(token.signature.span, over: token.signed) })
        else { throw .wrongSignature }
        let claims = try token.claims()
        try check(claims, at: now)
        return claims
    }

    private func check(_ claims: Claims, at now: WallTime) throws(TokenError) {
        if let expiry = claims.expiry {
            guard now < expiry + leeway else { throw .expired }
        } else if requiresExpiry {
            throw .missingClaim("exp")
        }
        if let notBefore = claims.notBefore {
            guard notBefore <= now + leeway else { throw .notYetValid }
        }
        if let issuer {
            guard let said = claims.issuer else { throw .missingClaim("iss") }
            guard said == issuer else { throw .wrongIssuer }
        }
        switch audience {
        case let audience?:
            guard !claims.audience.isEmpty else { throw .missingClaim("aud") }
            guard claims.audience.contains(audience) else { throw .wrongAudience }
        case nil:
            guard claims.audience.isEmpty else { throw .wrongAudience }
        }
    }
}
