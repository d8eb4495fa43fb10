/// How far a peer has confirmed what it was sent (rule 14). The kernel takes a hundred thousand
/// small frames before it says that it would block; a peer that has not confirmed is behind long
/// before.
public struct Flow: Equatable, Sendable {
    /// The bytes of all messages handed to the transport so far.
    public private(set) var sent: UInt64 = 0
    /// Those the peer says it has received.
    public private(set) var seen: UInt64 = 0
    /// Since when something has been unconfirmed; meaningless while nothing is.
    private var since = Instant(nanoseconds: 0)

    public init() {}

    @inlinable public var unconfirmed: UInt64 { sent &- seen }

    @inline(__always)
    public mutating func add(_ bytes: Int, now: Instant) {
        if sent == seen { since = now }
        sent &+= UInt64(bytes)
    }

    /// The peer confirms; false when it claims more than it was sent, or takes something back.
    public mutating func confirm(_ position: UInt64, now: Instant) -> Bool {
        guard position <= sent, position >= seen else { return false }
        if position > seen { since = now }
        seen = position
        return true
    }

    /// How long something has been unconfirmed without any of it being confirmed.
    public func silence(_ now: Instant) -> Interval {
        sent == seen ? Interval(nanoseconds: 0) : now.since(since)
    }

    /// Whether the peer is behind by bytes or by time.
    @inline(__always)
    public func isLagging(_ terms: Terms, now: Instant) -> Bool {
        if sent == seen || Fault.slowReaderQueued.isPlanted { return false }
        return sent &- seen > terms.unconfirmedBytes
            || now.since(since) > .milliseconds(terms.unconfirmedTime)
    }
}

/// The other side of it: what a client has received, and when it must say so.
public struct Receipt: Equatable, Sendable {
    public private(set) var position: UInt64 = 0
    private var said: UInt64 = 0
    private var since: Instant?

    public init() {}

    public mutating func add(_ bytes: Int, now: Instant) {
        if since == nil { since = now }
        position += UInt64(bytes)
    }

    /// Whether it is time to say it: a quarter of the window is used, or a third of the time.
    public func isDue(_ terms: Terms, now: Instant) -> Bool {
        guard let due = deadline(terms) else { return false }
        return position - said >= terms.unconfirmedBytes / 4 || due <= now
    }

    public func deadline(_ terms: Terms) -> Instant? {
        since.map { $0 + .milliseconds(terms.unconfirmedTime / 3) }
    }

    /// The position, to be sent now.
    public mutating func say() -> UInt64 {
        said = position
        since = nil
        return position
    }
}
