public import Wire

/// Where the connections of one loop sit: their sessions, their subscriptions, how far each reader
/// has come, and who is behind.
///
/// Messages come in decoded, notices come in from the hubs, and everything that goes out goes
/// through the `Carrier`. It does no I/O and reads no clock.
public struct Desk: ~Copyable {
    public struct Settings: Sendable {
        public var terms: Terms
        /// A reader that fell behind so often within a minute is given a lower rate.
        public var lagsBeforeSlowing: Int
        /// A reader that has not confirmed anything for so long is disconnected.
        public var patience: Interval

        public init(
            terms: Terms = Terms(), lagsBeforeSlowing: Int = 5, patience: Interval = .seconds(60)
        ) {
            self.terms = terms
            self.lagsBeforeSlowing = lagsBeforeSlowing
            self.patience = patience
        }
    }

    public let settings: Settings
    /// The wall's time, for the timestamps of messages in JSON; set by the host once a turn.
    public var wall = WallTime(seconds: 0)

    /// What is refused for want of memory; set by the host.
    public var pressure = Pressure.none

    let number: UInt32
    let shards: Int
    var stations = Slab<Station>()
    var seats = Slab<Seat>()
    /// By shard and audience: the part of the audience that sits here.
    var sections: [SectionKey: Section] = [:]
    var writer = Writer(capacity: 4_096)
    /// The node goes: nobody is said to have left, for they come back.
    public private(set) var isDraining = false
    private var nextSweep: Instant?
    private var opened: UInt64 = 0
    private var bequeathed: UInt64 = 0

    public internal(set) var counts = Counts()

    struct SectionKey: Hashable, Sendable {
        let shard: Int
        let audience: AudienceID
    }

    public struct Counts: Equatable, Sendable {
        public var messages: UInt64 = 0
        /// Of these, before framing.
        public var receivedBytes: UInt64 = 0
        public var problems: UInt64 = 0
        public var deliveries: UInt64 = 0
        public var deliveredBytes: UInt64 = 0
        public var lags: UInt64 = 0
        public var merged: UInt64 = 0
        public var snapshotRungs: UInt64 = 0
        public var slowed: UInt64 = 0
        public var closedSlow: UInt64 = 0
        public var repairs: UInt64 = 0

        public init() {}

        /// Adds up what several have counted.
        public static func += (sum: inout Counts, other: Counts) {
            sum.messages += other.messages
            sum.receivedBytes += other.receivedBytes
            sum.problems += other.problems
            sum.deliveries += other.deliveries
            sum.deliveredBytes += other.deliveredBytes
            sum.lags += other.lags
            sum.merged += other.merged
            sum.snapshotRungs += other.snapshotRungs
            sum.slowed += other.slowed
            sum.closedSlow += other.closedSlow
            sum.repairs += other.repairs
        }
    }

    public init(_ settings: Settings, number: UInt32, shards: Int) {
        self.settings = settings
        self.number = number
        self.shards = shards
    }

    public var connectionCount: Int { stations.count }
    public var subscriptionCount: Int { seats.count }

    // MARK: Connections

    /// A connection is there; the number under which the host speaks of it comes back.
    public mutating func open(line: UInt64, _ encoding: Encoding, now: Instant) -> UInt32 {
        opened += 1
        let session = ServerSession(
            connection: Text("\(number)-\(opened)"), terms: settings.terms, now: now)
        if nextSweep == nil { nextSweep = now + Desk.sweepInterval }
        return stations.insert(Station(line: line, encoding: encoding, session: session))
    }

    /// A request is there whose token was found good: it says what it wants with `take`, and what
    /// it is told goes to its line like any other connection's.
    public mutating func openGuest(
        line: UInt64, _ encoding: Encoding, _ principal: Principal, lifetime: Interval?,
        instance: Text?, now: Instant
    ) -> UInt32 {
        opened += 1
        let session = ServerSession(
            guest: Text("\(number)-\(opened)"), instance: instance, lifetime: lifetime,
            terms: settings.terms, now: now)
        if nextSweep == nil { nextSweep = now + Desk.sweepInterval }
        var station = Station(line: line, encoding: encoding, session: session)
        station.principal = principal
        return stations.insert(station)
    }

    /// The connection is gone: its subscriptions end with it.
    public mutating func closed(_ station: UInt32, carrier: any Carrier) {
        guard let seats = stations[station]?.seats else { return }
        for seat in seats { vacate(seat, carrier) }
        bequeath(station, carrier)
        stations.remove(station)
    }

    /// What is said in the name of a connection that is gone: its last wills, unless it said
    /// goodbye, and that it is not there any more, unless everybody must go.
    private mutating func bequeath(_ station: UInt32, _ carrier: any Carrier) {
        guard let gone = stations[station], let principal = gone.principal else { return }
        let isVoid = gone.session.saidGoodbye && !Fault.willAfterGoodbye.isPlanted
        for will in isVoid ? [] : gone.wills {
            let topic = TopicKey(tenant: principal.tenant, name: will.topic)
            // Nobody waits for the answer; the number tells one will from another.
            bequeathed += 1
            let nobody = Origin(
                desk: number, connection: Origin.nobody.connection, id: bequeathed)
            let publication = Request.Publication(
                origin: nobody, topic: topic, principal: principal.name, instance: nil,
                fingerprint: 0, change: .patch(will.patch), expiries: [])
            carrier.post(.publish(publication), toShard: topic.shard(of: shards))
        }
        let isSilent = isDraining && !Fault.leavesAtDrain.isPlanted
        for topic in isSilent ? [] : gone.presences {
            announce(topic, nil, gone, principal, carrier)
        }
    }

    static func roster(of topic: Text, _ tenant: Text) -> TopicKey {
        TopicKey(tenant: tenant, name: Text(Text.rosterPrefix.string + topic.string))
    }

    func announce(
        _ topic: Text, _ state: Value?, _ station: Station, _ principal: Principal,
        _ carrier: any Carrier
    ) {
        let roster = Desk.roster(of: topic, principal.tenant)
        let presence = Request.Presence(
            roster: roster, user: principal.name, connection: station.session.connection,
            state: state)
        carrier.post(.presence(presence), toShard: roster.shard(of: shards))
    }

    /// Takes the bytes of one message.
    public mutating func received(
        _ bytes: Span<UInt8>, from station: UInt32, now: Instant, carrier: any Carrier
    ) {
        counts.messages += 1
        counts.receivedBytes += UInt64(bytes.count)
        guard let encoding = stations[station]?.encoding else { return }
        let reaction: ServerSession.Reaction?
        do throws(MessageError) {
            let message =
                switch encoding {
                case .messagePack: try Message(messagePack: bytes)
                case .json: try Message(json: bytes)
                }
            reaction = stations[station]?.session.received(message, now: now)
        } catch {
            reaction = stations[station]?.session.received(error, now: now)
        }
        react(reaction ?? .none, station, now, carrier)
        if stations[station]?.waiting ?? 0 > 0 { advance(station, now, carrier) }
    }

    /// Takes a message that a request stands for.
    public mutating func received(
        _ message: Message, from station: UInt32, now: Instant, carrier: any Carrier
    ) {
        counts.messages += 1
        let reaction = stations[station]?.session.received(message, now: now)
        react(reaction ?? .none, station, now, carrier)
    }

    /// All that a connection was sent has left for its peer, which has no way to confirm it.
    public mutating func confirmAll(_ station: UInt32, now: Instant, carrier: any Carrier) {
        guard let sent = stations[station]?.session.flow.sent else { return }
        _ = stations[station]?.session.flow.confirm(sent, now: now)
        if stations[station]?.waiting ?? 0 > 0 { advance(station, now, carrier) }
    }

    /// Parts of a snapshot are still to come, or a catch-up.
    public func isWaiting(_ station: UInt32) -> Bool { stations[station]?.waiting ?? 0 > 0 }

    /// Does what a session says.
    mutating func react(
        _ reaction: ServerSession.Reaction, _ station: UInt32, _ now: Instant,
        _ carrier: any Carrier
    ) {
        switch reaction {
        case .none: break
        case .answer(let message):
            if case .error = message { counts.problems += 1 }
            send(message, to: station, now, carrier)
        case .verify(let token):
            switch carrier.verify(token) {
            case .rejected(let code, let reason):
                let next = stations[station]?.session.rejected(code, reason)
                react(next ?? .none, station, now, carrier)
            case .accepted(let principal, let lifetime):
                admit(principal, lifetime, station, now, carrier)
            }
        case .pass(let message): take(message, from: station, now, carrier)
        case .close(let code, let reason): close(station, code, reason, carrier)
        }
    }

    private mutating func admit(
        _ principal: Principal, _ lifetime: Interval?, _ station: UInt32, _ now: Instant,
        _ carrier: any Carrier
    ) {
        let before = stations[station]?.principal
        // A connection is one principal's for life; a token of another needs another connection.
        if let before, before.name != principal.name || before.tenant != principal.tenant {
            let next = stations[station]?.session.rejected(
                .tokenInvalid, "the token is somebody else's")
            react(next ?? .none, station, now, carrier)
            return
        }
        if before == nil, let line = stations[station]?.line,
            let refusal = carrier.admit(principal, on: line)
        {
            stations[station]?.session.end()
            close(station, refusal.code, refusal.reason ?? Text(), carrier)
            return
        }
        stations[station]?.principal = principal
        let next = stations[station]?.session.accepted(
            principal: principal.name, tenant: principal.tenant, lifetime: lifetime, now: now)
        react(next ?? .none, station, now, carrier)
        if before != nil { reviewSeats(of: station, now, carrier) }
    }

    func close(_ station: UInt32, _ code: Code, _ reason: Text, _ carrier: any Carrier) {
        if let line = stations[station]?.line { carrier.close(line, code, reason) }
    }

    /// Tells a connection what it should know.
    public mutating func warn(
        _ station: UInt32, _ problem: Problem, now: Instant, carrier: any Carrier
    ) {
        counts.problems += 1
        send(.error(problem), to: station, now, carrier)
    }

    /// Ends a connection for the host's own reasons.
    public mutating func disconnect(
        _ station: UInt32, _ code: Code, _ reason: Text, carrier: any Carrier
    ) {
        stations[station]?.session.end()
        close(station, code, reason, carrier)
    }

    /// Tells everybody that the node goes, when, and over which time to spread the return.
    public mutating func drain(
        after: Interval, window: Interval, now: Instant, carrier: any Carrier
    ) {
        isDraining = true
        let drain = Drain(after: after.wholeMilliseconds, window: window.wholeMilliseconds)
        for station in stations.indices where stations[UInt32(station)]?.session.isReady == true {
            send(.drain(drain), to: UInt32(station), now, carrier)
        }
    }

    // MARK: Sending

    mutating func send(
        _ message: Message, to station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let encoding = stations[station]?.encoding else { return }
        writer.clear()
        message.write(encoding, to: &writer, timestamp: wall)
        send(writer.bytes(), to: station, now, carrier)
    }

    mutating func send(
        _ bytes: [UInt8], to station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let line = stations[station]?.line, let encoding = stations[station]?.encoding
        else { return }
        stations[station]?.session.flow.add(bytes.count, now: now)
        carrier.carry(bytes, encoding, to: line)
        // Answers wait for nobody, so whoever asks and never reads would pile them up.
        let unconfirmed = stations[station]?.session.flow.unconfirmed ?? 0
        if unconfirmed > settings.terms.unconfirmedLimit { closeSlow(station, carrier) }
    }

    // MARK: Time

    private static let sweepInterval = Interval.seconds(1)

    /// When `reached` wants to be called next.
    public var deadline: Instant? { stations.count > 0 ? nextSweep : nil }

    /// Looks after what time does to connections: once a second over all of them, which costs less
    /// than keeping ten thousand deadlines in order.
    public mutating func reached(_ now: Instant, carrier: any Carrier) {
        guard let sweep = nextSweep, sweep <= now else { return }
        nextSweep = now + Desk.sweepInterval
        for index in stations.indices {
            let station = UInt32(index)
            guard let busy = stations[station].map({ !$0.seats.isEmpty }) else { continue }
            if let due = stations[station]?.session.deadline(busy: busy), due <= now {
                let reaction = stations[station]?.session.reached(now, busy: busy)
                react(reaction ?? .none, station, now, carrier)
            }
            if stations[station]?.waiting ?? 0 > 0 { checkPatience(station, now, carrier) }
        }
    }
}
