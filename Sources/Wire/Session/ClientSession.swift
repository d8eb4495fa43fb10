/// A client's side of the protocol, whole: it opens, authenticates, subscribes, keeps mirrors in
/// step, proves them by their hashes, publishes, and after a cut takes everything up again in one
/// flight.
///
/// It does no I/O. Whoever carries the bytes calls `connected`, `received`, `reached` and
/// `disconnected`, sends what `nextMessage` gives, and reads `nextNotice`.
public struct ClientSession: Sendable {
    public struct Settings: Sendable {
        public var encoding: Encoding
        public var token: Text
        /// Names this run of the client, at random.
        public var instance: Text
        public var agent: Text?
        /// Keeps the hash of each mirror with every change instead of computing it when needed.
        public var keepsHashes: Bool

        public init(
            encoding: Encoding, token: Text, instance: Text, agent: Text? = nil,
            keepsHashes: Bool = false
        ) {
            self.encoding = encoding
            self.token = token
            self.instance = instance
            self.agent = agent
            self.keepsHashes = keepsHashes
        }
    }

    /// What the client's owner may want to know.
    public enum Notice: Equatable, Sendable {
        case authenticated(Authenticated)
        case subscribed(id: UInt64, Subscribed.Verdict)
        case unsubscribed(id: UInt64, Code?)
        /// The server ended it for a reason that passes; it subscribes again by itself.
        case postponed(id: UInt64, Code)
        /// A mirror holds a whole snapshot.
        case snapshot(id: UInt64)
        /// A mirror was changed by a diff, which merged so many versions.
        case changed(id: UInt64, versions: UInt64)
        /// A diff said nothing new.
        case stale(id: UInt64)
        /// A diff began above what the mirror holds; the subscription resumes by itself.
        case gap(id: UInt64)
        /// The mirror agreed with the server's hash, or did not; then it is repaired.
        case proven(id: UInt64, version: UInt64)
        case diverged(id: UInt64, version: UInt64)
        case event(id: UInt64, Event, Inbox.Verdict)
        case signal(Signal)
        case lag(id: UInt64, Lag)
        case outcome(id: UInt64, Outbox.Outcome)
        case page(Page)
        case problem(Problem)
        case drain(Drain)
        /// The server ends the connection; its code says what to do.
        case closing(Close)
        /// The peer said something that is not a message.
        case malformed(MessageError)
    }

    enum State: Equatable, Sendable {
        case disconnected
        /// Everything was said in one flight; the answers are awaited.
        case opening
        case ready
    }

    public internal(set) var settings: Settings
    public internal(set) var terms = Terms()
    public internal(set) var outbox = Outbox()
    public internal(set) var subscriptions: [Subscription] = []
    var state = State.disconnected
    package var receipt = Receipt()
    var outgoing: [Message] = []
    var notices: [Notice] = []
    var heard = Instant(nanoseconds: 0)
    var said = Instant(nanoseconds: 0)
    var pings: UInt64 = 0
    /// The token that still holds while a newer one that was shown has not been answered.
    var earlierToken: Text?
    /// What the owner left with the connection, which no later one knows by itself: wills and
    /// presence, each by its topic (L30).
    private var bequests: [Message] = []
    private var nextSubscription: UInt64 = 1

    public init(_ settings: Settings) { self.settings = settings }

    public var isReady: Bool { state == .ready }

    // MARK: What the owner wants

    /// Begins to watch a topic; the id under which notices speak of it comes back.
    public mutating func subscribe(
        _ topic: Text, fields: Mask? = nil, rate: Number? = nil, hash: Bool = false,
        name: Text? = nil, start: Start? = nil, credit: UInt64? = nil, unordered: Bool = false
    ) -> UInt64 {
        let id = nextSubscription
        nextSubscription += 1
        let request = Subscribe(
            id: id, topic: topic, fields: fields, rate: rate, hash: hash, name: name,
            start: start, credit: credit, unordered: unordered)
        subscriptions.append(Subscription(request, keepsHash: settings.keepsHashes))
        if state != .disconnected { outgoing.append(.subscribe(request)) }
        return id
    }

    public mutating func unsubscribe(_ id: UInt64) {
        subscriptions.removeAll { $0.request.id == id }
        if state != .disconnected { outgoing.append(.unsubscribe(Unsubscribe(id: id))) }
    }

    /// Asks for a change; it is said again after a cut until it is answered.
    public mutating func publish(
        _ topic: Text, _ change: Publish.Change, expiries: [Publish.Expiry] = []
    ) -> UInt64 {
        outbox.publish(topic, change, expiries: expiries)
    }

    public mutating func command(_ name: Text, _ data: Value) -> UInt64 {
        outbox.command(name, data)
    }

    public mutating func signal(_ topic: Text, _ data: Value) {
        if state == .ready { outgoing.append(.signal(Signal(topic: topic, data: data))) }
    }

    /// Leaves a patch for when the connection is lost; an empty one takes it back.
    public mutating func leave(_ will: Will) {
        bequests.removeAll {
            if case .will(let old) = $0 { old.topic == will.topic } else { false }
        }
        if will.patch != Patch() { bequests.append(.will(will)) }
        say(.will(will))
    }

    /// Is there, among those who watch a topic, until the state is nil.
    public mutating func attend(_ presence: Presence) {
        bequests.removeAll {
            if case .presence(let old) = $0 { old.topic == presence.topic } else { false }
        }
        if presence.state != nil { bequests.append(.presence(presence)) }
        say(.presence(presence))
    }

    /// Says anything else; it is not said again after a cut.
    public mutating func say(_ message: Message) {
        if state != .disconnected { outgoing.append(message) }
    }

    /// Takes a newer token, for now and for every later connection.
    public mutating func refresh(_ token: Text) {
        if state == .ready { earlierToken = earlierToken ?? settings.token }
        settings.token = token
        if state == .ready { outgoing.append(.refresh(Authenticate(token: token))) }
    }

    /// The work for an event is done.
    public mutating func done(_ id: UInt64, _ sequence: UInt64) {
        guard let place = place(ofID: id) else { return }
        subscriptions[place].inbox.finished(sequence)
    }

    /// Refuses an event: not now, working on it, or never.
    public mutating func refuse(
        _ id: UInt64, _ sequence: UInt64, _ code: Code, after: UInt64? = nil
    ) {
        guard let place = place(ofID: id) else { return }
        if code == .never {
            subscriptions[place].inbox.finished(sequence)
        } else if code == .notNow {
            subscriptions[place].inbox.refused(sequence)
        }
        outgoing.append(.nack(Nack(id: id, code: code, version: sequence, after: after)))
    }

    /// Asks the server for the hash of a view, to prove the mirror.
    public mutating func prove(_ id: UInt64) {
        guard let place = place(ofID: id), let view = subscriptions[place].view else { return }
        outgoing.append(.hash(HashReport(view: view)))
    }

    // MARK: The connection

    /// A transport is there: everything that can be said is said at once (rule 22).
    public mutating func connected(now: Instant) {
        state = .opening
        receipt = Receipt()
        heard = now
        said = now
        outgoing = [
            .open(
                Open(
                    features: ServerSession.features, instance: settings.instance,
                    agent: settings.agent)),
            .authenticate(Authenticate(token: settings.token)),
        ]
        for i in subscriptions.indices {
            outgoing.append(.subscribe(subscriptions[i].resumed()))
        }
        outgoing += bequests
    }

    public mutating func disconnected() {
        state = .disconnected
        earlierToken = nil
        outgoing = []
        outbox.disconnected()
        for i in subscriptions.indices {
            subscriptions[i].view = nil
            subscriptions[i].filling = nil
            subscriptions[i].resumesAt = nil
        }
    }

    /// The next message to send, or nil when there is nothing to say now.
    public mutating func nextMessage(now: Instant) -> Message? {
        guard state != .disconnected else { return nil }
        if outgoing.isEmpty {
            for i in subscriptions.indices {
                let id = subscriptions[i].request.id
                if let ack = subscriptions[i].inbox.acknowledgement(id) {
                    outgoing.append(.ack(ack))
                }
            }
            if receipt.isDue(terms, now: now) {
                outgoing.append(.seen(Seen(position: receipt.say())))
            }
        }
        let message = outgoing.isEmpty ? outbox.next(now: now) : outgoing.removeFirst()
        if message != nil { said = now }
        return message
    }

    public mutating func nextNotice() -> Notice? {
        notices.isEmpty ? nil : notices.removeFirst()
    }

    // MARK: Time

    public mutating func reached(_ now: Instant) {
        guard state == .ready else { return }
        resumeRepaired(now)
        if now.since(said) >= .milliseconds(terms.heartbeatTime), outgoing.isEmpty {
            pings += 1
            outgoing.append(.ping(Ping(nonce: pings)))
        }
    }

    /// Whether the server has been silent for so long that the connection must be dead.
    public func isHalfOpen(_ now: Instant) -> Bool {
        state != .disconnected && now.since(heard) >= .milliseconds(terms.heartbeatTime * 3)
    }

    /// When `reached` or `nextMessage` has something that it does not have now.
    public var deadline: Instant? {
        guard state != .disconnected else { return nil }
        var soonest = said + .milliseconds(terms.heartbeatTime)
        if let due = receipt.deadline(terms) { soonest = min(soonest, due) }
        if let due = outbox.deadline { soonest = min(soonest, due) }
        for subscription in subscriptions {
            if let due = subscription.resumesAt { soonest = min(soonest, due) }
        }
        return soonest
    }

    // MARK: Finding

    public subscript(id: UInt64) -> Subscription? {
        place(ofID: id).map { subscriptions[$0] }
    }

    func place(ofID id: UInt64) -> Int? {
        subscriptions.firstIndex { $0.request.id == id }
    }

    /// The subscriptions whose view has the number: usually one, but what was asked for in
    /// different words, or at different rates, may be the same view, and its frames are for all.
    func places(ofView view: UInt64) -> [Int] {
        subscriptions.indices.filter { subscriptions[$0].view == view }
    }
}
