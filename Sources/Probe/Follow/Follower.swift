internal import Wire

/// A subscriber's side of the protocol as a load run needs it: one topic, one view, and as few
/// bytes for each as can be, because there are ten thousand. What it holds is a state shared with
/// all who received the same bytes.
///
/// It does what `Wire.ClientSession` does for one subscription (the tests hold one against the
/// other) and nothing else; whoever carries the bytes calls the same functions.
struct Follower {
    /// What is to be said, at most one of each kind; in the order in which it is said.
    struct Wishes: OptionSet {
        let rawValue: UInt8
        static let open = Wishes(rawValue: 1)
        static let authenticate = Wishes(rawValue: 2)
        static let subscribe = Wishes(rawValue: 4)
        static let prove = Wishes(rawValue: 8)
        /// The hash that the server's differed from.
        static let report = Wishes(rawValue: 16)
        static let ping = Wishes(rawValue: 32)
        static let pong = Wishes(rawValue: 64)
    }

    /// Who it says that it is, asked for when it is said.
    struct Words {
        let topic: Text
        let fields: Mask?
        let hash: Bool
        let token: Text
        let instance: Text
    }

    enum Standing: Equatable {
        case cut
        /// Everything was said in one flight; the answers are awaited.
        case opening
        case ready
    }

    /// Its subscription; there is one.
    static let id: UInt64 = 1
    static let noView = UInt64.max

    let encoding: Encoding
    private(set) var standing = Standing.cut
    /// What it holds, unless it holds nothing.
    private(set) var state: SharedState?
    /// The number by which frames name the view on this connection.
    private(set) var view = Follower.noView
    /// Set while a snapshot is due or comes in parts: what is held is nothing to resume from.
    private(set) var awaitsSnapshot = true
    /// The next part of a snapshot belongs to what is held.
    private(set) var isFilling = false
    private(set) var wishes: Wishes = []
    private var epoch = Text()
    private var print: Text?

    /// Bytes of messages received on this connection, how many of them it has confirmed, and since
    /// when some are not.
    private var position: UInt64 = 0
    private var confirmed: UInt64 = 0
    private var unconfirmedSince = Instant(nanoseconds: 0)
    private var heard = Instant(nanoseconds: 0)
    private var said = Instant(nanoseconds: 0)
    private var nonce: UInt64 = 0
    private var pings: UInt32 = 0

    /// Repairs are rare, their waits double (rule 24).
    private var repairWait = Interval.seconds(2)
    private var lastRepair = Instant(nanoseconds: 0)
    private var resumesAt = Instant(nanoseconds: 0)

    init(_ encoding: Encoding) { self.encoding = encoding }

    @inline(__always) var version: UInt64 { state?.version ?? 0 }

    var cursor: Cursor? {
        guard let print, let state, !awaitsSnapshot else { return nil }
        return Cursor(epoch: epoch, version: state.version, print: print)
    }

    // MARK: The connection

    mutating func connected(now: Instant) {
        standing = .opening
        (position, confirmed) = (0, 0)
        unconfirmedSince = Instant(nanoseconds: 0)
        (heard, said) = (now, now)
        wishes = [.open, .authenticate, .subscribe]
    }

    /// Over HTTP there is nothing to open: each request says all.
    mutating func connectedOverHTTP(now: Instant) {
        connected(now: now)
        standing = .ready
        wishes = []
    }

    /// What is to be said, for a transport that says it by asking anew.
    mutating func takeWishes() -> Wishes {
        defer { wishes = [] }
        return wishes
    }

    mutating func disconnected() {
        standing = .cut
        wishes = []
        view = Follower.noView
        isFilling = false
        resumesAt = Instant(nanoseconds: 0)
    }

    /// Asks the server for the hash of the view.
    mutating func prove() { if view != Follower.noView { wishes.insert(.prove) } }

    // MARK: Time

    mutating func reached(_ now: Instant, _ terms: Terms) {
        guard standing == .ready else { return }
        resumeRepaired(now)
        if now.since(said) >= .milliseconds(terms.heartbeatTime), wishes.isEmpty {
            pings &+= 1
            wishes.insert(.ping)
        }
    }

    func isHalfOpen(_ now: Instant, _ terms: Terms) -> Bool {
        standing != .cut && now.since(heard) >= .milliseconds(terms.heartbeatTime * 3)
    }

    // MARK: Saying

    /// Whether there may be something to say: the common answer is no.
    @inline(__always)
    func isSilent(_ now: Instant, _ terms: Terms) -> Bool {
        wishes.isEmpty && !mustConfirm(now, terms)
    }

    @inline(__always)
    private func mustConfirm(_ now: Instant, _ terms: Terms) -> Bool {
        guard unconfirmedSince.nanoseconds > 0 else { return false }
        return position - confirmed >= terms.unconfirmedBytes / 4
            || now.since(unconfirmedSince) >= .milliseconds(terms.unconfirmedTime / 3)
    }

    private mutating func confirm() -> UInt64 {
        confirmed = position
        unconfirmedSince = Instant(nanoseconds: 0)
        return position
    }

    /// The next message to send, or nil when there is nothing to say now.
    mutating func nextMessage(now: Instant, _ terms: Terms, _ words: () -> Words) -> Message? {
        guard standing != .cut else { return nil }
        guard let message = wished(words) ?? confirmation(now, terms) else { return nil }
        said = now
        return message
    }

    private mutating func confirmation(_ now: Instant, _ terms: Terms) -> Message? {
        mustConfirm(now, terms) ? .seen(Seen(position: confirm())) : nil
    }

    private mutating func wished(_ words: () -> Words) -> Message? {
        if wishes.isEmpty { return nil }
        if wishes.remove(.open) != nil {
            return .open(
                Open(
                    features: ServerSession.features, instance: words().instance,
                    agent: "fieldcast-probe"))
        }
        if wishes.remove(.authenticate) != nil {
            return .authenticate(Authenticate(token: words().token))
        }
        if wishes.remove(.subscribe) != nil {
            let words = words()
            var request = Subscribe(
                id: Follower.id, topic: words.topic, fields: words.fields, hash: words.hash)
            request.cursor = cursor
            return .subscribe(request)
        }
        if wishes.remove(.prove) != nil { return .hash(HashReport(view: view)) }
        if wishes.remove(.report) != nil, let state {
            return .hash(HashReport(view: view, version: state.version, hash: state.hash))
        }
        if wishes.remove(.ping) != nil { return .ping(Ping(nonce: UInt64(pings))) }
        if wishes.remove(.pong) != nil {
            return .pong(Pong(nonce: nonce, position: confirm()))
        }
        return nil
    }

    // MARK: Hearing

    @inline(__always)
    mutating func hear(_ count: Int, _ now: Instant) {
        heard = now
        if unconfirmedSince.nanoseconds == 0 { unconfirmedSince = now }
        position += UInt64(count)
    }

    /// Goes where these very bytes led another client from here; false when nobody went there.
    @inline(__always)
    mutating func follow(_ frame: Span<UInt8>) -> Bool {
        guard let next = state?.end(of: frame, in: view), !awaitsSnapshot else { return false }
        state = next
        return true
    }

    mutating func move(to next: SharedState) { state = next }

    // MARK: Mistakes

    /// Subscribes again, with the cursor if what is held is whole.
    mutating func resume() {
        view = Follower.noView
        wishes.insert(.subscribe)
    }

    mutating func mistrust() { awaitsSnapshot = true }

    /// What came was wrong: begins anew, at once or when the wait since the last repair is over.
    mutating func repair(_ now: Instant) {
        view = Follower.noView
        resumesAt = nextRepair(now)
        resumeRepaired(now)
    }

    private mutating func nextRepair(_ now: Instant) -> Instant {
        let isFirst = lastRepair.nanoseconds == 0
        let due = isFirst ? now : max(now, lastRepair + repairWait)
        lastRepair = due
        if !isFirst, repairWait < .seconds(60) { repairWait = repairWait + repairWait }
        return due
    }

    /// Whether to tell the server of its other hash now.
    mutating func mayReport(_ now: Instant) -> Bool {
        if lastRepair.nanoseconds > 0, lastRepair + repairWait > now { return false }
        _ = nextRepair(now)
        return true
    }

    mutating func report() { wishes.insert(.report) }

    private mutating func resumeRepaired(_ now: Instant) {
        guard resumesAt.nanoseconds > 0, resumesAt <= now else { return }
        resumesAt = Instant(nanoseconds: 0)
        resume()
    }

    // MARK: Answers

    mutating func authenticated() { standing = .ready }

    mutating func subscribed(_ answer: Subscribed, _ book: StateBook) {
        view = answer.view
        isFilling = false
        epoch = book.shared(answer.cursor.epoch)
        print = book.shared(answer.cursor.print)
        awaitsSnapshot = answer.verdict == .snapshot
    }

    /// The server ended the subscription. True where the code says that it may begin again (X1),
    /// which it does by itself.
    mutating func unsubscribed(_ code: Code?, _ now: Instant) -> Bool {
        view = Follower.noView
        isFilling = false
        guard let remedy = code?.remedy, remedy != .giveUp, remedy != .authenticateAgain else {
            return false
        }
        if remedy == .takeSnapshot { mistrust() }
        let due = nextRepair(now)
        resumesAt = remedy == .retryLater ? max(due, now + .seconds(1)) : due
        resumeRepaired(now)
        return true
    }

    mutating func pinged(_ ping: Ping) {
        nonce = ping.nonce
        wishes.insert(.pong)
    }

    /// A snapshot, or a part of one, led here.
    mutating func laid(_ next: SharedState) {
        state = next
        epoch = next.epoch
        awaitsSnapshot = next.standing != .whole
        isFilling = next.standing == .partial
    }
}
