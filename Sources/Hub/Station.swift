import Wire

/// One connection at a desk.
struct Station: Sendable {
    /// The loop's word for the connection.
    let line: UInt64
    let encoding: Encoding
    var session: ServerSession
    var principal: Principal? {
        didSet { permits = Permits() }
    }
    /// What it may write to the topics that it wrote to last.
    var permits = Permits()
    /// Its seats, in the order in which it subscribed.
    var seats: [UInt32] = []
    /// Seats that wait until the reader confirms.
    var waiting = 0
    /// Which seat is looked at first when it does: another each time.
    var turn = 0
    /// Publishes that were passed on and not answered.
    var inFlight = 0
    var isPaused = false
    /// Patches for when it is gone without a goodbye.
    var wills: [Will] = []
    /// The topics among whose watchers it said to be.
    var presences: [Text] = []

    /// Notes so many bytes as sent and tells its line; nil when its reader is behind. One look in
    /// place: a fan-out has thousands, and whatever reads a station out of the slab copies it.
    @inline(__always)
    mutating func admit(_ bytes: Int, _ terms: Terms, now: Instant) -> UInt64? {
        if session.flow.isLagging(terms, now: now) { return nil }
        session.flow.add(bytes, now: now)
        return line
    }
}

/// The fields of a few topics that somebody may write, so that whoever publishes to them over and
/// over is not compared with all its grants each time.
struct Permits: Sendable {
    private static let limit = 4

    private var entries: [(topic: Text, mask: Mask?)] = []
    private var next = 0

    /// What is known of the topic; nil when nothing is.
    func mask(for topic: Text) -> Mask?? { entries.first { $0.topic == topic }?.mask }

    mutating func keep(_ mask: Mask?, for topic: Text) {
        if entries.count < Permits.limit {
            entries.append((topic, mask))
        } else {
            entries[next] = (topic, mask)
            next = (next + 1) % Permits.limit
        }
    }
}

/// One subscription at a desk.
struct Seat: Sendable {
    /// Where the reader stands.
    enum Standing: Equatable, Sendable {
        /// The hub has been asked. Goes to `filling`, `level`, or the seat is taken back.
        case joining
        /// A snapshot goes out part by part; the next is `next`. Goes to `catchingUp`.
        case filling(parts: [[UInt8]], next: Int, to: UInt64)
        /// It receives the audience's frames. Goes to `behind`.
        case level
        /// It has not confirmed what it was sent, holds `from`, and receives nothing until it has.
        /// Goes to `catchingUp`.
        case behind(from: UInt64)
        /// The hub has been asked for what it lacks. Goes to `level`, `filling`.
        case catchingUp(from: UInt64)
    }

    let station: UInt32
    let subscribe: Subscribe
    let topic: TopicKey
    let shard: Int
    let mask: Mask
    var rate: RateClass
    var standing = Standing.joining
    var audience: AudienceID?
    var view: UInt64 = 0
    /// Nil until it is seated.
    var kind: Subscribed.TopicKind?
    /// Which view it is, and from where it began.
    var cursor: Cursor?
    /// Its place among the section's members, while it is level.
    var place = 0
    /// How often it fell behind since `lagsSince`: the ladder's next rung depends on it.
    var lags = 0
    var lagsSince = Instant(nanoseconds: 0)
    /// Versions that it was not sent one by one, since it subscribed.
    var merged: UInt64 = 0
    /// The mirror was repaired at this moment; the next repair comes not before the wait is over.
    var repaired: Instant?
    var repairWait = Interval.seconds(1)
    /// A proof was asked for while the seat could not give it.
    var owesProof = false
    /// It is behind for want of a snapshot, not of a diff.
    var owesSnapshot = false
    /// The version from which it joined: what the reader holds until it is sent something.
    var joinedFrom: UInt64 = 0
    /// Of a reader under a name: bytes of events passed on since the hub was last given room.
    var passed: UInt64 = 0
    /// It lagged when room was due: the hub gets it when the reader has confirmed.
    var holdsRoom = false
}

/// The part of an audience that sits at one desk.
struct Section: Sendable {
    struct Member: Sendable {
        let station: UInt32
        let seat: UInt32
        /// What it was last sent alone: a frame up to there would tell it nothing.
        var holds: UInt64
    }

    var members: [Member] = []
    /// Counts the frames: where the next fan-out begins.
    var turn: UInt64 = 0
    /// The version of the last frame: what every member holds at least.
    var sent: UInt64
}

/// Things kept in an array by number and generation, so that a late letter to one that is gone
/// does not reach its successor.
struct Slab<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var generations: [UInt32] = []
    private var free: [UInt32] = []

    var indices: Range<Int> { elements.indices }
    var count: Int { elements.count - free.count }

    /// Reading an element by number; the number must be of one that is there or was.
    subscript(index: UInt32) -> Element? {
        // Without a copy: a station is large, and a fan-out looks at thousands.
        _read { yield elements[Int(index)] }
        _modify { yield &elements[Int(index)] }
    }

    func id(_ index: UInt32) -> SeatID {
        SeatID(index: index, generation: generations[Int(index)])
    }

    func holds(_ id: SeatID) -> Bool {
        Int(id.index) < elements.count && generations[Int(id.index)] == id.generation
            && elements[Int(id.index)] != nil
    }

    mutating func insert(_ element: Element) -> UInt32 {
        if let index = free.popLast() {
            elements[Int(index)] = element
            return index
        }
        elements.append(element)
        generations.append(0)
        return UInt32(elements.count - 1)
    }

    mutating func remove(_ index: UInt32) {
        elements[Int(index)] = nil
        generations[Int(index)] &+= 1
        free.append(index)
    }
}
