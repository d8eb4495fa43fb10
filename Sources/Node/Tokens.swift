public import Hub
public import Wire

/// Tokens that a node takes: checked here, and made here for those who hold its secret.
public struct Tokens: Sendable {
    private let verifier: TokenVerifier
    private let key: TokenKey

    /// Nil for a secret of less than 32 bytes.
    public init?(secret: [UInt8], issuer: Text? = nil, audience: Text? = nil) {
        guard let key = TokenKey(secret: secret) else { return nil }
        self.key = key
        verifier = TokenVerifier(keys: [key], issuer: issuer, audience: audience)
    }

    func verdict(_ token: Text, at now: WallTime) -> TokenVerdict {
        let claims: Claims
        do throws(TokenError) {
            claims = try verifier.verify(token.utf8.span, at: now)
        } catch {
            // The peer learns what to do, not how the check works.
            switch error {
            case .expired: return .rejected(reason: "the token has expired")
            case .notYetValid: return .rejected(reason: "the token does not count yet")
            default: return .rejected(reason: "the token is not good")
            }
        }
        guard let principal = Access.principal(claims) else {
            return .rejected(reason: "the token does not say who, of which tenant, may do what")
        }
        return .accepted(principal, lifetime: claims.life(at: now))
    }

    /// A token for a principal, good for so many seconds.
    public func token(for principal: Principal, at now: WallTime, seconds: Int64) -> Text? {
        let claims = Claims(
            subject: principal.name, issuer: verifier.issuer,
            audience: verifier.audience.map { [$0] } ?? [],
            expiry: WallTime(seconds: now.seconds + seconds),
            issuedAt: WallTime(seconds: now.seconds), others: Access.claims(principal))
        return JSONWebToken.mint(claims, with: key)
    }
}
