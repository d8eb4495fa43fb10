import Synchronization
public import Wire

/// Tokens that do not count any more though their time is not over: one by its id, or all that a
/// user was given before a moment. All loops share them.
public final class Revocations: Sendable {
    /// What was revoked, and until when that must be remembered.
    public struct Entry: Hashable, Sendable {
        public enum Whose: Hashable, Sendable {
            case token(Text)
            case user(tenant: Text, name: Text)
        }

        public let whose: Whose
        /// Tokens issued later count again.
        public let at: WallTime

        public init(_ whose: Whose, at: WallTime) {
            self.whose = whose
            self.at = at
        }
    }

    private let entries = Mutex<[Entry.Whose: WallTime]>([:])

    public init(_ known: [Entry] = []) {
        entries.withLock { entries in
            for entry in known { entries[entry.whose] = entry.at }
        }
    }

    public func add(_ entry: Entry) {
        entries.withLock { $0[entry.whose] = entry.at }
    }

    public var all: [Entry] {
        entries.withLock { $0.map { Entry($0.key, at: $0.value) } }
    }

    /// Whether a token is revoked. One that does not say when it was issued may be from before.
    func covers(_ claims: Claims, tenant: Text) -> Bool {
        entries.withLock { entries in
            if entries.isEmpty { return false }
            if let id = claims.id, entries[.token(id)] != nil { return true }
            guard let name = claims.subject,
                let at = entries[.user(tenant: tenant, name: name)]
            else { return false }
            // Claims count whole seconds: one of the same second is taken for earlier.
            return claims.issuedAt.map { $0.seconds <= at.seconds } ?? true
        }
    }
}
