/// The limits and timers that hold on a connection, announced in the opening reply. A client that
/// keeps to them is never refused for exceeding one.
public struct Terms: Equatable, Sendable {
    /// The largest message taken, in bytes.
    public var messageBytes: UInt64
    /// Publishes and commands that may be unanswered at a time; beyond, the connection is not read.
    public var inFlight: UInt64
    public var subscriptions: UInt64
    /// More bytes than this sent and not confirmed by `seen` or `pong` are lagging…
    public var unconfirmedBytes: UInt64
    /// …and so is any byte not confirmed for this long. This and the following in milliseconds.
    public var unconfirmedTime: UInt64
    public var authenticateTime: UInt64
    public var heartbeatTime: UInt64
    public var inactivityTime: UInt64
    /// How long the id of a publish is known again.
    public var dedupWindow: UInt64

    public init(
        messageBytes: UInt64 = 1 << 20, inFlight: UInt64 = 256, subscriptions: UInt64 = 256,
        unconfirmedBytes: UInt64 = 1 << 16, unconfirmedTime: UInt64 = 10_000,
        authenticateTime: UInt64 = 5_000, heartbeatTime: UInt64 = 30_000,
        inactivityTime: UInt64 = 300_000, dedupWindow: UInt64 = 1_024
    ) {
        self.messageBytes = messageBytes
        self.inFlight = inFlight
        self.subscriptions = subscriptions
        self.unconfirmedBytes = unconfirmedBytes
        self.unconfirmedTime = unconfirmedTime
        self.authenticateTime = authenticateTime
        self.heartbeatTime = heartbeatTime
        self.inactivityTime = inactivityTime
        self.dedupWindow = dedupWindow
    }

    /// More unconfirmed than this, answers included, ends the connection.
    @inlinable public var unconfirmedLimit: UInt64 {
        let (product, overflow) = unconfirmedBytes.multipliedReportingOverflow(by: 8)
        let (sum, beyond) = product.addingReportingOverflow(messageBytes)
        return overflow || beyond ? .max : sum
    }

    /// What the peer did not announce, or not as a number of at least one, has its default (N3).
    init(_ map: Map) {
        self.init()
        func read(_ name: Text, _ current: UInt64) -> UInt64 {
            guard let told = map[name]?.count, told > 0 else { return current }
            return told
        }
        messageBytes = read("messageBytes", messageBytes)
        inFlight = read("inFlight", inFlight)
        subscriptions = read("subscriptions", subscriptions)
        unconfirmedBytes = read("unconfirmedBytes", unconfirmedBytes)
        unconfirmedTime = read("unconfirmedTime", unconfirmedTime)
        authenticateTime = read("authenticateTime", authenticateTime)
        heartbeatTime = read("heartbeatTime", heartbeatTime)
        inactivityTime = read("inactivityTime", inactivityTime)
        dedupWindow = read("dedupWindow", dedupWindow)
    }

    var map: Map {
        var map = Map()
        map["messageBytes"] = .unsigned(messageBytes)
        map["inFlight"] = .unsigned(inFlight)
        map["subscriptions"] = .unsigned(subscriptions)
        map["unconfirmedBytes"] = .unsigned(unconfirmedBytes)
        map["unconfirmedTime"] = .unsigned(unconfirmedTime)
        map["authenticateTime"] = .unsigned(authenticateTime)
        map["heartbeatTime"] = .unsigned(heartbeatTime)
        map["inactivityTime"] = .unsigned(inactivityTime)
        map["dedupWindow"] = .unsigned(dedupWindow)
        return map
    }
}
