public import Transport
import Wire

/// How much of a node one peer, user or tenant may take, and all of them together. Nil is no limit
/// but the whole's.
public struct NodeLimits: Equatable, Sendable {
    public var connections = 100_000
    /// From where clients may come; empty for anywhere. And from where they may not.
    public var allowedAddresses: [AddressRange] = []
    public var deniedAddresses: [AddressRange] = []
    public var connectionsPerAddress: Int?
    public var connectionsPerUser: Int? = 1_000
    public var connectionsPerTenant: Int?
    /// Topics of one tenant; each loop takes its share of them.
    public var topicsPerTenant: Int?
    /// Messages of one connection: so many a second, and twice as many at once.
    public var messagesPerSecond: Int? = 5_000
    /// Publishes, signals and reads of history of one user, and of one tenant, over all their
    /// connections.
    public var publishesPerUser: Int?
    public var publishesPerTenant: Int?
    /// Above nine tenths of so many resident bytes new connections are refused, above nineteen
    /// twentieths new subscriptions as well, and above all of them what is published too. What goes
    /// on already goes on.
    public var memoryBytes: UInt64?

    public init() {}

    func admits(_ address: SocketAddress) -> Bool {
        !deniedAddresses.contains { $0.contains(address) }
            && (allowedAddresses.isEmpty || allowedAddresses.contains { $0.contains(address) })
    }
}

/// A bucket that fills with time: so many a second, twice as many at once.
struct Allowance: Equatable, Sendable {
    /// Up to when what was taken is paid for.
    private var paid = Instant(nanoseconds: 0)

    init() {}

    /// Takes one; nil when it was there, else how long until it is.
    mutating func take(perSecond rate: Int, now: Instant) -> Interval? {
        let price = 1_000_000_000 / UInt64(max(rate, 1))
        let credit = Interval(nanoseconds: 2_000_000_000)
        let start = max(
            paid, Instant(nanoseconds: now.nanoseconds &- min(now.nanoseconds, credit.nanoseconds)))
        let after = start + Interval(nanoseconds: price)
        guard after <= now else { return after.since(now) }
        paid = after
        return nil
    }
}
