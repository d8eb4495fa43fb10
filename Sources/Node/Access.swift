import Hub
import Wire

/// What a token's claims grant.
///
///     "tenant": "acme",
///     "topics": [{"pattern": "desk/**", "read": true, "write": [["notes"], ["status"]]}]
///
/// `read` and `write` are true for every field, or the fields as in a subscription; absent is none.
enum Access {
    /// Nil when the claims name nobody or are not of this form.
    static func principal(_ claims: Claims) -> Principal? {
        guard let name = claims.subject, !name.isEmpty,
            case .text(let tenant)? = claims.others["tenant"], !tenant.isEmpty
        else { return nil }
        var grants: [Principal.Grant] = []
        switch claims.others["topics"] {
        case nil: break
        case .array(let entries)?:
            for entry in entries {
                guard let grant = grant(entry) else { return nil }
                grants.append(grant)
            }
        default: return nil
        }
        return Principal(name: name, tenant: tenant, grants: grants)
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
        return map
    }

    private static func value(_ mask: Mask) -> Value {
        mask.isEverything ? .boolean(true) : mask.value
    }
}
