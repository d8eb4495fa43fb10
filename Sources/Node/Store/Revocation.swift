public import Wire

/// Somebody, or a token, that counts no longer.
public struct Revocation: Hashable, Sendable {
    public enum Kind: Int64, Sendable {
        case user = 0
        case token = 1
    }

    public let tenant: Text
    public let kind: Kind
    /// The user's name, or the token's id.
    public let name: Text
    /// Tokens that the user was given later count again.
    public let at: WallTime
    /// When the last token that it is about has expired: then it can be forgotten.
    public let until: WallTime

    public init(tenant: Text, kind: Kind, name: Text, at: WallTime, until: WallTime) {
        self.tenant = tenant
        self.kind = kind
        self.name = name
        self.at = at
        self.until = until
    }
}
