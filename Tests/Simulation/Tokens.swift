import Hub
import Wire

/// The tokens of a simulation: each says who it is, what it allows, and until when.
struct Tokens {
    struct Token {
        let client: Int
        /// An index in `Scenario.allowed`.
        let allowed: Int
        let expires: UInt64?
        let isForged: Bool
    }

    private(set) var issued: [Token] = []

    mutating func issue(_ token: Token) -> Text {
        issued.append(token)
        return Text("token " + String(issued.count - 1))
    }

    subscript(number: Int) -> Token { issued[number] }

    static func number(_ text: Text) -> Int { Int(text.string.dropFirst(6)) ?? 0 }

    func verdict(_ text: Text, at now: UInt64) -> TokenVerdict {
        let token = issued[Tokens.number(text)]
        if token.isForged { return .rejected(.tokenInvalid, reason: "the signature is wrong") }
        if let expires = token.expires, expires <= now {
            return .rejected(.tokenExpired, reason: "the token has expired")
        }
        let read = Scenario.allowed[token.allowed]
        let grant = Principal.Grant(
            topics: TopicPattern("**"), read: read.isNothing ? nil : read,
            write: Tokens.writable(token.allowed))
        let principal = Principal(
            name: Text("client " + String(token.client)), tenant: "tenant", grants: [grant])
        return .accepted(
            principal, lifetime: token.expires.map { Interval(nanoseconds: $0 - now) })
    }

    /// Who may read nothing may write only what it could read; everybody else everything.
    static func writable(_ allowed: Int) -> Mask? {
        allowed == 3 ? Scenario.allowed[3].union("a", "u") : .everything
    }
}

extension Mask {
    fileprivate func union(_ path: Text...) -> Mask { Mask(patterns + [path.map { .name($0) }]) }
}
