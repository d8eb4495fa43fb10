import Synchronization
import Wire

/// Tokens that do not count any more though their time is not over: one by its id, or all that a
/// user was given before a moment. All loops of a node share them.
final class Revocations: Sendable {
    private struct Whose: Hashable {
        let tenant: Text
        let kind: Revocation.Kind
        let name: Text
    }

    private let entries = Mutex<[Whose: Revocation]>([:])

    init(_ known: [Revocation] = []) {
        for revocation in known { add(revocation) }
    }

    func add(_ revocation: Revocation) {
        let whose = Whose(
            tenant: revocation.tenant, kind: revocation.kind, name: revocation.name)
        entries.withLock { $0[whose] = revocation }
    }

    /// Whether a token is revoked. One that does not say when it was issued may be from before.
    func covers(_ claims: Claims, tenant: Text) -> Bool {
        entries.withLock { entries in
            if entries.isEmpty { return false }
            if let id = claims.id,
                entries[Whose(tenant: tenant, kind: .token, name: id)] != nil
            {
                return true
            }
            guard let name = claims.subject,
                let found = entries[Whose(tenant: tenant, kind: .user, name: name)]
            else { return false }
            // Claims count whole seconds: one of the same second is taken for earlier.
            return claims.issuedAt.map { $0.seconds <= found.at.seconds } ?? true
        }
    }
}
