public import Hub
import Wire

/// What a token's claims grant.
///
///     "tenant": "acme",
///     "topics": [{"pattern": "desk/**", "read": true, "write": [["notes"], ["status"]]}],
///     "roles": ["agent"],
///     "commands": ["desk/*"],
///     "admin": true
///
/// `read` and `write` are true for every field, or the fields as in a subscription; absent is none.
/// What a role grants stands in the configuration.
public enum Access {
    /// What everybody may do whose token names it.
    public struct Role: Equatable, Sendable {
        public var grants: [Principal.Grant]
        public var commands: [TopicPattern]

        public init(grants: [Principal.Grant] = [], commands: [TopicPattern] = []) {
            self.grants = grants
            self.commands = commands
        }
    }

    /// Nil when the claims name nobody or are not of this form.
    static func principal(_ claims: Claims, roles: [Text: Role] = [:]) -> Principal? {
        guard let name = claims.subject, !name.isEmpty,
            case .text(let tenant)? = claims.others["tenant"], !tenant.isEmpty,
            var grants = list(claims.others["topics"], grant),
            let names = list(claims.others["roles"], text),
            let words = list(claims.others["commands"], text)
        else { return nil }
        // A role that is not configured grants nothing: roles are the issuer's words too.
        var commands = words.map { TopicPattern($0) }
        for role in names.compactMap({ roles[$0] }) {
            grants += role.grants
            commands += role.commands
        }
        let isAdministrator: Bool
        switch claims.others["admin"] {
        case nil, .boolean(false)?: isAdministrator = false
        case .boolean(true)?: isAdministrator = true
        default: return nil
        }
        return Principal(
            name: name, tenant: tenant, grants: grants,
            commands: commands, isAdministrator: isAdministrator,
            token: claims.id)
    }

    /// Empty where it is absent; nil where it is no list of what `element` reads.
    private static func list<T>(_ value: Value?, _ element: (Value) -> T?) -> [T]? {
        switch value {
        case nil: return []
        case .array(let values)?:
            let read = values.compactMap(element)
            return read.count == values.count ? read : nil
        default: return nil
        }
    }

    private static func text(_ value: Value) -> Text? {
        if case .text(let text) = value { text } else { nil }
    }

    private static func grant(_ value: Value) -> Principal.Grant? {
        guard case .map(let map) = value, case .text(let pattern)? = map["pattern"] else {
            return nil
        }
        guard let read = mask(map["read"]), let write = mask(map["write"]) else { return nil }
        return Principal.Grant(
            topics: TopicPattern(pattern), read: read.isNothing ? nil : read,
            write: write.isNothing ? nil : write)
    }

    private static func mask(_ value: Value?) -> Mask? {
        switch value {
        case nil, .boolean(false)?: .nothing
        case .boolean(true)?: .everything
        case let value?: Mask(value)
        }
    }

    /// The claims that `principal` reads back.
    static func claims(_ principal: Principal) -> Map {
        var map = Map()
        map["tenant"] = .text(principal.tenant)
        map["topics"] = .array(
            principal.grants.map { grant in
                var entry = Map()
                entry["pattern"] = .text(grant.topics.text)
                entry["read"] = grant.read.map { value($0) }
                entry["write"] = grant.write.map { value($0) }
                return .map(entry)
            })
        if !principal.commands.isEmpty {
            map["commands"] = .array(principal.commands.map { .text($0.text) })
        }
        if principal.isAdministrator { map["admin"] = true }
        return map
    }

    private static func value(_ mask: Mask) -> Value {
        mask.isEverything ? .boolean(true) : mask.value
    }
}
