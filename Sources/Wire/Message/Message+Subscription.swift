// Messages about what a client watches.

/// How far one reader has come in one view. The client gives it back as it got it, with the
/// version of the newest frame it applied.
public struct Cursor: Equatable, Sendable {
    public var epoch: Text
    public var version: UInt64
    /// Which view it was: differs whenever the effective view does (rule 9).
    public var print: Text

    public init(epoch: Text, version: UInt64, print: Text) {
        self.epoch = epoch
        self.version = version
        self.print = print
    }

    init?(_ value: Value) {
        guard case .array(let parts) = value, parts.count == 3, let epoch = parts[0].asText,
            let version = parts[1].count, let print = parts[2].asText
        else { return nil }
        self.init(epoch: epoch, version: version, print: print)
    }

    var value: Value { .array([.text(epoch), .unsigned(version), .text(print)]) }
}

/// Where a durable name that is new begins to read.
public enum Start: Equatable, Sendable {
    /// With what comes from now on.
    case now
    case earliest
    case sequence(UInt64)
    /// With the first event at or after a moment.
    case time(WallTime)

    init?(_ value: Value) {
        switch value {
        case .text("now"): self = .now
        case .text("earliest"): self = .earliest
        case .time(let time): self = .time(time)
        default:
            guard let sequence = value.count else { return nil }
            self = .sequence(sequence)
        }
    }

    var value: Value {
        switch self {
        case .now: "now"
        case .earliest: "earliest"
        case .sequence(let sequence): .unsigned(sequence)
        case .time(let time): .time(time)
        }
    }
}

public struct Subscribe: Equatable, Sendable {
    /// Chosen by the client, and its name for the subscription from here on.
    public var id: UInt64
    public var topic: Text
    /// The fields asked for; all that may be seen when absent.
    public var fields: Mask?
    /// At most so many frames a second.
    public var rate: Number?
    /// What the client holds, after a reconnect.
    public var cursor: Cursor?
    /// Asks for the view's hash behind diffs.
    public var hash: Bool
    /// Reads an event topic under a name that outlives the connection.
    public var name: Text?
    public var start: Start?
    /// How many events may be under way without an acknowledgement.
    public var credit: UInt64?
    /// Events may overtake one that was refused *not now*.
    public var unordered: Bool
    /// Reserved for row filters and windows; answered *unsupported* (rule 12).
    public var window: Value?

    public init(
        id: UInt64, topic: Text, fields: Mask? = nil, rate: Number? = nil, cursor: Cursor? = nil,
        hash: Bool = false, name: Text? = nil, start: Start? = nil, credit: UInt64? = nil,
        unordered: Bool = false, window: Value? = nil
    ) {
        self.id = id
        self.topic = topic
        self.fields = fields
        self.rate = rate
        self.cursor = cursor
        self.hash = hash
        self.name = name
        self.start = start
        self.credit = credit
        self.unordered = unordered
        self.window = window
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        topic = try fields.text("topic")
        let asked = fields.optionalValue("fields")
        rate = try fields.optionalNumber("rate")
        let cursor = fields.optionalValue("cursor")
        hash = try fields.flag("hash")
        name = try fields.optionalText("name")
        let start = fields.optionalValue("start")
        credit = try fields.optionalInteger("credit")
        unordered = try fields.flag("unordered")
        window = fields.optionalValue("window")
        self.fields = nil
        if let asked {
            guard let mask = Mask(asked) else { throw .field("fields") }
            self.fields = mask
        }
        self.cursor = nil
        if let cursor {
            guard let read = Cursor(cursor) else { throw .field("cursor") }
            self.cursor = read
        }
        self.start = nil
        if let start {
            guard let read = Start(start) else { throw .field("start") }
            self.start = read
        }
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("topic", topic)
        list.put("fields", fields?.value)
        list.put("rate", rate.map { .number($0) })
        list.put("cursor", cursor?.value)
        list.put("hash", flag: hash)
        list.put("name", name)
        list.put("start", start?.value)
        list.put("credit", credit)
        list.put("unordered", flag: unordered)
        list.put("window", window)
    }
}

/// What became of a subscription, and how the frames that follow will name it.
public struct Subscribed: Equatable, Sendable {
    public enum Verdict: UInt64, Sendable {
        /// The cursor is at the head: nothing was missed.
        case continued = 0
        /// A diff from the cursor follows.
        case caughtUp = 1
        /// A snapshot follows; what the client held is void.
        case snapshot = 2
        /// Events were lost to retention; `gone` says how many, and the rest follows.
        case gone = 3
    }

    public enum TopicKind: UInt64, Sendable {
        case state = 0
        case collection = 1
        case event = 2
        case signal = 3
    }

    public var id: UInt64
    /// The number by which frames name the view.
    public var view: UInt64
    public var verdict: Verdict
    public var kind: TopicKind
    /// The head, from which the cursor goes on. The epoch is empty while the topic is absent.
    public var cursor: Cursor
    /// The rung of the ladder of rates that was given; absent when frames come as they are made.
    public var rate: Number?
    public var gone: UInt64?

    public init(
        id: UInt64, view: UInt64, verdict: Verdict, kind: TopicKind, cursor: Cursor,
        rate: Number? = nil, gone: UInt64? = nil
    ) {
        self.id = id
        self.view = view
        self.verdict = verdict
        self.kind = kind
        self.cursor = cursor
        self.rate = rate
        self.gone = gone
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        view = try fields.integer("view")
        guard let verdict = Verdict(rawValue: try fields.integer("verdict")) else {
            throw .field("verdict")
        }
        guard let kind = TopicKind(rawValue: try fields.integer("kind")) else {
            throw .field("kind")
        }
        guard let cursor = fields.optionalValue("cursor").flatMap({ Cursor($0) }) else {
            throw .field("cursor")
        }
        self.verdict = verdict
        self.kind = kind
        self.cursor = cursor
        rate = try fields.optionalNumber("rate")
        gone = try fields.optionalInteger("gone")
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("view", view)
        list.put("verdict", verdict.rawValue)
        list.put("kind", kind.rawValue)
        list.put("cursor", cursor.value)
        list.put("rate", rate.map { .number($0) })
        list.put("gone", gone)
    }
}

public struct Unsubscribe: Equatable, Sendable {
    public var id: UInt64

    public init(id: UInt64) { self.id = id }

    init(_ fields: inout Fields) throws(MessageError) { id = try fields.integer("id") }

    func put(_ list: inout FieldList) { list.put("id", id) }
}

/// A subscription has ended: asked for, or with a code that says why.
public struct Unsubscribed: Equatable, Sendable {
    public var id: UInt64
    public var code: Code?

    public init(id: UInt64, code: Code? = nil) {
        self.id = id
        self.code = code
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        code = try fields.optionalInteger("code").map { Code(rawValue: $0) }
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("code", code?.rawValue)
    }
}
