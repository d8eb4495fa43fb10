import Hub
import Synchronization
import Transport
import Wire

/// Counts who is on the node, over all its loops: what limits by address, user and tenant are held
/// against. It is asked when connections come and go and, where there are such limits, when
/// somebody publishes; never for what is delivered.
final class Census: Sendable {
    private struct User: Hashable {
        let tenant: Text
        let name: Text
    }

    private struct Counts {
        var addresses: [String: Int] = [:]
        var users: [User: Int] = [:]
        var tenants: [Text: Int] = [:]
        var userRates: [User: Allowance] = [:]
        var tenantRates: [Text: Allowance] = [:]
    }

    private let counts = Mutex(Counts())
    /// What a look at the process's memory found: see `Pressure`.
    private let pressure = Atomic<UInt8>(0)
    /// How many buckets are kept before those that are full again are forgotten.
    private static let rateLimit = 10_000

    // MARK: Connections

    /// Counts a connection from an address in; false when there are too many already. Limits come
    /// with each question: a reload may have changed them.
    func enter(from address: SocketAddress, _ limits: NodeLimits) -> Bool {
        guard let limit = limits.connectionsPerAddress else { return true }
        return counts.withLock { Census.count(address.host, in: &$0.addresses, limit) }
    }

    func leave(from address: SocketAddress) {
        counts.withLock { Census.discount(address.host, in: &$0.addresses) }
    }

    /// Counts a connection of somebody in; false when there are too many already.
    func enter(_ principal: Principal, _ limits: NodeLimits) -> Bool {
        let user = User(tenant: principal.tenant, name: principal.name)
        return counts.withLock { counts in
            guard Census.count(user, in: &counts.users, limits.connectionsPerUser ?? .max) else {
                return false
            }
            if Census.count(
                principal.tenant, in: &counts.tenants, limits.connectionsPerTenant ?? .max)
            {
                return true
            }
            Census.discount(user, in: &counts.users)
            return false
        }
    }

    func leave(_ principal: Principal) {
        let user = User(tenant: principal.tenant, name: principal.name)
        counts.withLock { counts in
            Census.discount(user, in: &counts.users)
            Census.discount(principal.tenant, in: &counts.tenants)
        }
    }

    private static func count<Key>(_ key: Key, in table: inout [Key: Int], _ limit: Int) -> Bool {
        let count = table[key, default: 0]
        guard count < limit else { return false }
        table[key] = count + 1
        return true
    }

    private static func discount<Key>(_ key: Key, in table: inout [Key: Int]) {
        guard let count = table[key] else { return }
        table[key] = count > 1 ? count - 1 : nil
    }

    // MARK: Rates

    /// Takes one publish of somebody; nil when it is allowed, else how long to wait.
    func publish(of principal: Principal, now: Instant, _ limits: NodeLimits) -> Interval? {
        guard limits.publishesPerUser != nil || limits.publishesPerTenant != nil else { return nil }
        let user = User(tenant: principal.tenant, name: principal.name)
        return counts.withLock { counts in
            if let rate = limits.publishesPerUser {
                if counts.userRates.count > Census.rateLimit { counts.userRates = [:] }
                if let wait = counts.userRates[user, default: Allowance()].take(
                    perSecond: rate, now: now)
                {
                    return wait
                }
            }
            guard let rate = limits.publishesPerTenant else { return nil }
            if counts.tenantRates.count > Census.rateLimit { counts.tenantRates = [:] }
            return counts.tenantRates[principal.tenant, default: Allowance()].take(
                perSecond: rate, now: now)
        }
    }

    // MARK: Memory

    /// Looks at how much memory the process has, which one loop does once a second.
    func look(resident: UInt64, _ limits: NodeLimits) {
        let level: Pressure
        if let ceiling = limits.memoryBytes {
            level =
                resident >= ceiling
                ? .publishes
                : resident >= ceiling / 20 * 19
                    ? .subscriptions : resident >= ceiling / 10 * 9 ? .connections : .none
        } else {
            level = .none
        }
        pressure.store(level.rawValue, ordering: .relaxed)
    }

    /// What is refused for want of memory.
    var refuses: Pressure { Pressure(rawValue: pressure.load(ordering: .relaxed)) ?? .none }
}
