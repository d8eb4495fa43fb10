public import Hub
public import Wire

/// Tokens that a node takes: checked here, and made here for those who hold a secret of its.
public struct Tokens: Sendable {
    private let verifier: TokenVerifier
    private let keys: TokenKeys
    private let roles: [Text: Access.Role]
    private let revocations: Revocations

    public init(_ settings: AccessSettings) { self.init(settings, Revocations()) }

    init(_ settings: AccessSettings, _ revocations: Revocations) {
        keys = settings.keys
        roles = settings.roles
        self.revocations = revocations
        verifier = TokenVerifier(
            keys: settings.keys.keys, issuer: settings.issuer, audience: settings.audience,
            leeway: settings.leeway)
    }

    /// Nil for a secret of less than 32 bytes.
    public init?(secret: [UInt8]) {
        guard let keys = TokenKeys(secret: secret) else { return nil }
        var settings = AccessSettings()
        settings.keys = keys
        self.init(settings)
    }

    func verdict(_ token: Text, at now: WallTime) -> TokenVerdict {
        let claims: Claims
        do throws(TokenError) {
            claims = try verifier.verify(token.utf8.span, at: now)
        } catch {
            // The peer learns what to do, not how the check works.
            switch error {
            case .expired: return .rejected(.tokenExpired, reason: "the token has expired")
            case .notYetValid:
                return .rejected(.tokenInvalid, reason: "the token does not count yet")
            default: return .rejected(.tokenInvalid, reason: "the token is not good")
            }
        }
        guard let principal = Access.principal(claims, roles: roles) else {
            return .rejected(
                .tokenInvalid, reason: "the token does not say who, of which tenant, may do what")
        }
        if revocations.covers(claims, tenant: principal.tenant) {
            return .rejected(.tokenRevoked, reason: "the token was revoked")
        }
        return .accepted(principal, lifetime: claims.life(at: now))
    }

    /// A token for a principal, good for so many seconds; nil where no key here can sign.
    /// Roles stand beside what the principal may do itself.
    public func token(
        for principal: Principal, roles: [Text] = [], at now: WallTime, seconds: Int64
    ) -> Text? {
        guard let key = keys.signing else { return nil }
        var others = Access.claims(principal)
        if !roles.isEmpty { others["roles"] = .array(roles.map { .text($0) }) }
        let claims = Claims(
            subject: principal.name, issuer: verifier.issuer,
            audience: verifier.audience.map { [$0] } ?? [],
            expiry: WallTime(seconds: now.seconds + seconds),
            issuedAt: WallTime(seconds: now.seconds), id: principal.token,
            others: others)
        return JSONWebToken.mint(claims, with: key)
    }
}
