public import Wire

/// A reader of an event topic that outlives its connections (rule 23): what it has done, what is
/// under way, what must come again and when.
///
/// Events go out in order. One that was refused *not now* holds the later ones back, unless the
/// reader said that order does not matter to it. Each is under way at most once at a time.
public struct DurableName: Sendable {
    /// What is stored.
    public struct State: Equatable, Sendable {
        public let name: Text
        /// Every event up to this one is done with.
        public var done: UInt64
        /// Those done with beyond.
        public var beyond: Ranges
        /// How often each event that is not done with was delivered.
        public var deliveries: [Delivery]

        public struct Delivery: Equatable, Sendable {
            public let sequence: UInt64
            public var count: UInt64

            public init(sequence: UInt64, count: UInt64) {
                self.sequence = sequence
                self.count = count
            }
        }

        public init(name: Text, done: UInt64, beyond: Ranges, deliveries: [Delivery]) {
            self.name = name
            self.done = done
            self.beyond = beyond
            self.deliveries = deliveries
        }
    }

    /// What to do about a reader's word on an event.
    enum Fate: Equatable {
        case nothing
        /// It goes to the dead letters, and is done with.
        case dead(Code)
    }

    private(set) var state: State
    /// Where its connection sits; nil while nobody reads.
    var holder: Holder?
    /// Who held it before nobody did.
    private var lastHolder: Holder?
    var isDirty = false
    /// It has never been stored.
    private(set) var isNew = false
    private var credit: UInt64 = 0
    /// Bytes that may still be sent before the holder's desk says that there is room for more; the
    /// last event may exceed it.
    private var room = 0
    private var isUnordered = false
    /// Delivered to the present holder and not answered.
    private var underWay = Ranges()
    /// Refused *not now*: they come again when the time is there.
    private var delayed: [(sequence: UInt64, until: Instant)] = []
    /// The next event that the present holder was not sent for the first time.
    private var next: UInt64

    struct Holder: Equatable, Sendable {
        let desk: UInt32
        let seat: SeatID
        let audience: AudienceID
        /// False for one who came while the topic was absent, until it is told the epoch.
        var knowsEpoch: Bool
    }

    init(_ state: State) {
        self.state = state
        if let last = state.deliveries.last, Fault.eventsCutShort.isPlanted {
            self.state.done = last.sequence
        }
        next = self.state.done + 1
    }

    init(name: Text, done: UInt64) {
        self.init(State(name: name, done: done, beyond: Ranges(), deliveries: []))
        isDirty = true
        isNew = true
    }

    /// Its state is on its way to the store.
    mutating func handOver() -> State {
        isDirty = false
        isNew = false
        return state
    }

    // MARK: Holding

    /// A connection takes the name: whatever was under way with another comes again to it.
    mutating func take(
        _ holder: Holder, credit: UInt64, room: Int = 1 << 20, unordered: Bool
    ) {
        self.holder = Fault.oldHolderKept.isPlanted ? self.holder ?? holder : holder
        self.credit = credit
        self.room = room
        isUnordered = unordered
        underWay = Ranges()
        delayed = []
        next = state.done + 1
    }

    /// The same reader, after its topic was read again from the store: what was under way with it
    /// comes again.
    mutating func inherit(_ old: DurableName) {
        guard let holder = old.holder else { return }
        let waiting = old.underWay.list.reduce(UInt64(0)) { $0 + UInt64($1.count) }
        take(
            holder, credit: old.credit + waiting, room: old.room, unordered: old.isUnordered)
    }

    mutating func release() {
        if holder != nil { lastHolder = holder }
        holder = nil
        underWay = Ranges()
        delayed = []
        next = state.done + 1
    }

    /// Whether a seat's word about events counts: the holder's, or while there is none, the last
    /// one's. Seats are numbered by each desk for itself, so the desk must agree too.
    func listens(to seat: SeatID, at desk: UInt32) -> Bool {
        guard let speaker = holder ?? lastHolder else { return false }
        return speaker.seat == seat && speaker.desk == desk
    }

    mutating func add(credit more: UInt64) {
        credit = min(credit + more, Limits.integer / 2)
    }

    mutating func add(room more: UInt64) {
        room += Int(clamping: min(more, Limits.integer / 2))
    }

    /// So many bytes are on their way to the holder's desk.
    mutating func spend(_ bytes: Int) { room -= Fault.roomIgnored.isPlanted ? 0 : bytes }

    // MARK: Delivering

    /// The next event to send now, with how often it went out before; nil when there is none, no
    /// credit or room, or an earlier one holds it back.
    mutating func nextDelivery(head: UInt64, now: Instant) -> (sequence: UInt64, before: UInt64)? {
        guard holder != nil, credit > 0, room > 0 else { return nil }
        // What was refused and is due goes first: it is the oldest.
        if let due = delayed.firstIndex(where: { $0.until <= now }) {
            let sequence = delayed.remove(at: due).sequence
            return deliver(sequence)
        }
        guard isUnordered || delayed.isEmpty else { return nil }
        while next <= head, next <= state.done || state.beyond.contains(next) { next += 1 }
        guard next <= head else { return nil }
        next += 1
        return deliver(next - 1)
    }

    private mutating func deliver(_ sequence: UInt64) -> (UInt64, UInt64) {
        if !Fault.creditNotSpent.isPlanted { credit -= 1 }
        underWay.insert(sequence)
        isDirty = true
        if let i = state.deliveries.firstIndex(where: { $0.sequence == sequence }) {
            state.deliveries[i].count += 1
            return (sequence, state.deliveries[i].count - 1)
        }
        state.deliveries.append(State.Delivery(sequence: sequence, count: 1))
        return (sequence, 0)
    }

    /// An event that is none of its own.
    mutating func skip(_ sequence: UInt64) { finish(sequence) }

    func deliveries(of sequence: UInt64) -> UInt64 {
        state.deliveries.first { $0.sequence == sequence }?.count ?? 0
    }

    // MARK: Answers

    /// Everything up to `sequence` is done, and the ranges beyond. A reader may acknowledge what
    /// an earlier connection was sent; what does not exist cannot be done, and is cut off.
    mutating func acknowledge(
        upTo sequence: UInt64, _ ranges: [ClosedRange<UInt64>], head: UInt64
    ) {
        if min(sequence, head) > state.done { finish(through: min(sequence, head)) }
        for range in ranges where range.lowerBound <= head {
            state.beyond.insert(range.lowerBound...min(range.upperBound, head))
        }
        settle()
    }

    /// A refusal: *not now* delays, *working on it* changes nothing but that it lives, *never* is a
    /// dead letter, and so is one refused too often.
    mutating func refuse(
        _ sequence: UInt64, _ code: Code, after delay: Interval, limit: UInt64, now: Instant
    ) -> Fate {
        // A reader that has left may have refused for good before; whatever else it said of an
        // event is void, since that comes again anyway.
        guard deliveries(of: sequence) > 0, underWay.contains(sequence) || code == .never
        else { return .nothing }
        switch code {
        case .workingOnIt: return .nothing
        case .notNow
        where deliveries(of: sequence) < limit && !Fault.deadLetterEarly.isPlanted:
            let entry = (sequence: sequence, until: now + delay)
            let place = delayed.firstIndex { $0.sequence > sequence } ?? delayed.count
            delayed.insert(entry, at: place)
            return .nothing
        case .never where Fault.redeliveredAfterNever.isPlanted:
            delayed.append((sequence: sequence, until: now + delay))
            return .dead(.never)
        default:
            finish(sequence)
            return .dead(code == .notNow ? .tooMany : .never)
        }
    }

    /// Done with, one way or another.
    private mutating func finish(_ sequence: UInt64) {
        guard sequence > state.done else { return }
        state.beyond.insert(sequence)
        settle()
    }

    private mutating func finish(through sequence: UInt64) {
        state.beyond.insert(state.done + 1...sequence)
        settle()
    }

    private mutating func settle() {
        isDirty = true
        if let first = state.beyond.list.first, first.lowerBound <= state.done + 1 {
            state.done = max(state.done, first.upperBound)
            state.beyond.removeAll(upTo: state.done)
        }
        let beyond = state.beyond
        let done = state.done
        state.deliveries.removeAll { $0.sequence <= done || beyond.contains($0.sequence) }
        if !Fault.redeliveredAfterNever.isPlanted {
            delayed.removeAll { $0.sequence <= done || beyond.contains($0.sequence) }
        }
        underWay.removeAll(upTo: done)
    }

    /// When something that was refused comes again; while nobody reads, or has credit and room,
    /// nothing does, however long it is due.
    var deadline: Instant? {
        holder == nil || credit == 0 || room <= 0 ? nil : delayed.map { $0.until }.min()
    }
}

/// An event that a reader would never take, or not after many deliveries.
public struct DeadLetter: Equatable, Sendable {
    public let name: Text
    public let sequence: UInt64
    public let code: Code
    public let deliveries: UInt64
    public let data: Value

    public init(name: Text, sequence: UInt64, code: Code, deliveries: UInt64, data: Value) {
        self.name = name
        self.sequence = sequence
        self.code = code
        self.deliveries = deliveries
        self.data = data
    }
}
