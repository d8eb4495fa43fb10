import Wire

/// Somebody, or a token, that counts no longer.
struct Revocation: Hashable, Sendable {
    enum Kind: Int64, Sendable {
        case user = 0
        case token = 1
    }

    let tenant: Text
    let kind: Kind
    /// The user's name, or the token's id.
    let name: Text
    /// When the last token that it is about has expired: then it can be forgotten.
    let until: WallTime
}
