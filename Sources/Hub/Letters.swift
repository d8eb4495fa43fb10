public import Wire

// What desks (where connections sit) and hubs (which own topics) write to each other. On one loop
// they are read in the same turn, between loops they travel in mailboxes; either way everything
// about one topic comes to one desk in one queue (rule 17).

/// A subscription's place at its desk.
public struct SeatID: Hashable, Sendable {
    public let index: UInt32
    public let generation: UInt32

    public init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }
}

/// An audience of one hub.
public struct AudienceID: Hashable, Sendable {
    public let index: UInt32

    public init(index: UInt32) { self.index = index }
}

/// Who published, so that the answer finds back.
public struct Origin: Equatable, Sendable {
    public let desk: UInt32
    /// The connection at the desk; with its generation, so that nobody gets another's answer.
    public let connection: SeatID
    /// The id under which the client said it.
    public let id: UInt64

    public init(desk: UInt32, connection: SeatID, id: UInt64) {
        self.desk = desk
        self.connection = connection
        self.id = id
    }

    /// For changes that nobody waits for: the answer finds no connection.
    public static let nobody = Origin(
        desk: 0, connection: SeatID(index: .max, generation: 0), id: 0)

    public var isNobody: Bool { connection.index == .max }
}

/// From a desk to the hub that owns the topic.
public enum Request: Sendable {
    case join(Join)
    /// One seat less in the audience, and whose it was.
    case leave(AudienceID, desk: UInt32, principal: Text)
    /// A seat that lagged, or that asks for the hash, wants what it lacks.
    case catchUp(CatchUp)
    case publish(Publication)
    /// What holds nothing, to whoever listens now.
    case signal(TopicKey, Text, Value)
    /// A reader's word on events.
    case acknowledge(Acknowledgement)
    case presence(Presence)
    case past(PastWish)
    case operate(Operation)

    /// The bytes that it brings to a topic: what a turn's budget counts.
    public var size: Int {
        if case .publish(let publication) = self { publication.size } else { 0 }
    }

    /// A connection is there, and how, or with no state that it is gone.
    public struct Presence: Sendable {
        /// The topic that holds the roster.
        public let roster: TopicKey
        public let user: Text
        public let connection: Text
        public let state: Value?
        /// Without a connection to end it, the entry ends so long after it was last given.
        public let lease: Interval?

        public init(
            roster: TopicKey, user: Text, connection: Text, state: Value?, lease: Interval? = nil
        ) {
            self.lease = lease
            self.roster = roster
            self.user = user
            self.connection = connection
            self.state = state
        }
    }

    public struct PastWish: Sendable {
        public let origin: Origin
        public let topic: TopicKey
        public let limit: UInt64
        public let start: Start?

        public init(origin: Origin, topic: TopicKey, limit: UInt64, start: Start?) {
            self.origin = origin
            self.topic = topic
            self.limit = limit
            self.start = start
        }
    }

    public struct Acknowledgement: Sendable {
        public enum Word: Sendable {
            case done(upTo: UInt64, ranges: [ClosedRange<UInt64>])
            case refused(sequence: UInt64, Code, after: Interval)
            case credit(UInt64)
            /// So many bytes more may be on their way: those before have been passed on, and the
            /// reader is not behind.
            case room(UInt64)
            /// The seat is gone; the name is free.
            case released
        }

        public let topic: TopicKey
        public let desk: UInt32
        /// Nil for a request on its own, which counts whoever holds the name.
        public let seat: SeatID?
        public let name: Text
        public let word: Word
        /// Who waits to hear that it counted.
        public let origin: Origin?

        public init(
            topic: TopicKey, desk: UInt32, seat: SeatID?, name: Text, word: Word,
            origin: Origin? = nil
        ) {
            self.origin = origin
            self.topic = topic
            self.desk = desk
            self.seat = seat
            self.name = name
            self.word = word
        }
    }

    public struct Join: Sendable {
        public let desk: UInt32
        public let seat: SeatID
        public let topic: TopicKey
        /// Asked for and allowed.
        public let mask: Mask
        public let rate: RateClass
        public let encoding: Encoding
        public let hash: Bool
        public let cursor: Cursor?
        /// Whose seat it is.
        public let principal: Text
        /// For an event topic: the name under which it is read, where to begin, and how.
        public let reader: Reader?

        public struct Reader: Sendable {
            public let name: Text
            public let start: Start
            public let credit: UInt64
            /// How many bytes of events may be on their way to the desk at first.
            public let room: UInt64
            public let isUnordered: Bool

            public init(
                name: Text, start: Start, credit: UInt64, room: UInt64 = 1 << 14,
                isUnordered: Bool
            ) {
                self.name = name
                self.room = room
                self.start = start
                self.credit = credit
                self.isUnordered = isUnordered
            }
        }

        public init(
            desk: UInt32, seat: SeatID, topic: TopicKey, mask: Mask, rate: RateClass,
            encoding: Encoding, hash: Bool, cursor: Cursor?, principal: Text = Text(),
            reader: Reader? = nil
        ) {
            self.principal = principal
            self.reader = reader
            self.desk = desk
            self.seat = seat
            self.topic = topic
            self.mask = mask
            self.rate = rate
            self.encoding = encoding
            self.hash = hash
            self.cursor = cursor
        }
    }

    public struct CatchUp: Sendable {
        public enum Wish: Sendable {
            case diff
            /// The diff, even an empty one, and the hash behind it.
            case proof
            /// All of it: the mirror was found wrong.
            case snapshot
        }

        public let desk: UInt32
        public let seat: SeatID
        public let audience: AudienceID
        /// What the reader holds at least.
        public let from: UInt64
        public let wish: Wish

        public init(
            desk: UInt32, seat: SeatID, audience: AudienceID, from: UInt64, wish: Wish
        ) {
            self.desk = desk
            self.seat = seat
            self.audience = audience
            self.from = from
            self.wish = wish
        }
    }

    public struct Publication: Sendable {
        public let origin: Origin
        public let topic: TopicKey
        public let principal: Text
        /// With the publisher's id, what makes a repeat harmless; nil when it gave none.
        public let instance: Text?
        /// A hash of all that was asked, to tell a repeat from another change under its id.
        public let fingerprint: UInt64
        public let change: Publish.Change
        public let expiries: [Publish.Expiry]
        /// The bytes of all that was asked, for a turn's budget.
        public let size: Int

        public init(
            origin: Origin, topic: TopicKey, principal: Text, instance: Text?,
            fingerprint: UInt64, change: Publish.Change, expiries: [Publish.Expiry], size: Int = 0
        ) {
            self.size = size
            self.origin = origin
            self.topic = topic
            self.principal = principal
            self.instance = instance
            self.fingerprint = fingerprint
            self.change = change
            self.expiries = expiries
        }
    }
}

/// From a hub to a desk.
public enum Notice: Sendable {
    /// A seat has an audience. What must be sent before it goes with the audience's frames comes
    /// along, in order.
    case joined(SeatID, Joined)
    case refused(SeatID, Code)
    /// What one seat asked for with `catchUp`.
    case caughtUp(SeatID, Fill)
    /// The same bytes for every seat of the audience.
    case frame(AudienceID, Frame)
    case outcome(Origin, Outcome)
    /// One message for one seat that reads under a name.
    case event(SeatID, [UInt8])
    /// At most once: whoever is behind does without.
    case signal(AudienceID, [UInt8])
    /// The topic began anew: the audience's seats take their places again, without a cursor.
    case anew(AudienceID)
    /// Events that the seat's name was owed are gone: it takes its place again, and is told.
    case overtaken(SeatID)
    /// The subscription has ended at the hub.
    case ended(SeatID, Code)
    case page(Origin, Page)

    public struct Joined: Sendable {
        public let audience: AudienceID
        public let principal: Text
        public let view: UInt64
        public let kind: Subscribed.TopicKind
        public let verdict: Subscribed.Verdict
        public let cursor: Cursor
        public let rate: RateClass
        /// Events that retention took before the reader came.
        public let gone: UInt64?
        public let fill: Fill
    }

    /// Frames for one seat.
    public struct Fill: Sendable {
        /// A snapshot in more than one part is sent part by part as the reader confirms, and then
        /// the seat asks again for what changed meanwhile.
        public let frames: [[UInt8]]
        /// The version that the reader holds after the last.
        public let to: UInt64
        public let isSnapshot: Bool
        /// The frames are the parts of one snapshot.
        public let isParted: Bool
        /// There was more than fits one answer: the reader confirms, and asks again.
        public var isPartial = false
    }

    public struct Frame: Sendable {
        public let bytes: [UInt8]
        public let to: UInt64
        /// Who holds as much as this has no need of it: `to`, or where the frame is one of several
        /// what they lead to together; everything, where it only remarks on a version.
        public let leads: UInt64
    }

    public enum Outcome: Equatable, Sendable {
        case done(version: UInt64)
        case refused(Code, version: UInt64?, reason: Text?)
    }
}
