// Messages by which things change, and what becomes of them.

/// Asks for one change of one topic.
public struct Publish: Equatable, Sendable {
    public enum Change: Equatable, Sendable {
        /// Of a state topic.
        case patch(Patch)
        /// Appended to an event topic.
        case event(Value)
    }

    /// Counts up within the client's instance; the same id again is the same publish again.
    public var id: UInt64
    public var topic: Text
    public var change: Change
    /// Fields that unset themselves after so many milliseconds.
    public var expiries: [Expiry]

    public struct Expiry: Equatable, Sendable {
        public let path: Path
        public let after: UInt64

        public init(path: Path, after: UInt64) {
            self.path = path
            self.after = after
        }
    }

    public init(id: UInt64, topic: Text, change: Change, expiries: [Expiry] = []) {
        self.id = id
        self.topic = topic
        self.change = change
        self.expiries = expiries
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        topic = try fields.text("topic")
        let patch = try Patch(&fields)
        expiries = try fields.list("expire") { value in
            guard case .array(let pair) = value, pair.count == 2, let path = pair[0].asPath,
                let after = pair[1].count
            else { return nil }
            return Expiry(path: path, after: after)
        }
        if let event = fields.optionalValue("event") {
            guard patch == Patch(), expiries.isEmpty else { throw .field("event") }
            change = .event(event)
        } else {
            change = .patch(patch)
        }
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("topic", topic)
        switch change {
        case .patch(let patch): patch.put(&list)
        case .event: Patch().put(&list)
        }
        list.put(
            "expire", list: expiries.map { .array([Value($0.path), .unsigned($0.after)]) })
        if case .event(let value) = change { list.put("event", value) }
    }
}

extension Patch {
    init(_ fields: inout Fields) throws(MessageError) {
        self.init(
            unset: [], set: try fields.map("set"), increments: [], conditions: [])
        unset = try fields.list("unset") { $0.asPath }
        increments = try fields.list("increment") { value in
            guard case .array(let pair) = value, pair.count == 2, let path = pair[0].asPath,
                case .number(let amount) = pair[1]
            else { return nil }
            return Increment(path: path, amount: amount)
        }
        conditions = try fields.list("if") { value in
            guard case .array(let pair) = value, pair.count == 2, let path = pair[0].asPath,
                let version = pair[1].count
            else { return nil }
            return Condition(path: path, version: version)
        }
    }

    func put(_ list: inout FieldList) {
        list.put("set", map: set)
        list.put("unset", list: unset.map { Value($0) })
        list.put(
            "increment", list: increments.map { .array([Value($0.path), .number($0.amount)]) })
        list.put("if", list: conditions.map { .array([Value($0.path), .unsigned($0.version)]) })
    }
}

/// A patch that the server applies when the connection is gone without having said goodbye.
public struct Will: Equatable, Sendable {
    public var topic: Text
    public var patch: Patch

    public init(topic: Text, patch: Patch) {
        self.topic = topic
        self.patch = patch
    }

    init(_ fields: inout Fields) throws(MessageError) {
        topic = try fields.text("topic")
        patch = try Patch(&fields)
    }

    func put(_ list: inout FieldList) {
        list.put("topic", topic)
        patch.put(&list)
    }
}

/// Done. To a publisher: `id` is its publish, `version` what the topic reached with it. From a
/// subscriber: `id` is its subscription, and every event up to `version` is done, and those in
/// `ranges` beyond it.
public struct Ack: Equatable, Sendable {
    public var id: UInt64
    public var version: UInt64
    public var ranges: [ClosedRange<UInt64>]

    public init(id: UInt64, version: UInt64, ranges: [ClosedRange<UInt64>] = []) {
        self.id = id
        self.version = version
        self.ranges = ranges
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        version = try fields.integer("version")
        ranges = try fields.list("ranges") { value in
            guard case .array(let pair) = value, pair.count == 2, let first = pair[0].count,
                let last = pair[1].count, first <= last
            else { return nil }
            return first...last
        }
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("version", version)
        list.put(
            "ranges",
            list: ranges.map { .array([.unsigned($0.lowerBound), .unsigned($0.upperBound)]) })
    }
}

/// Not done. To a publisher: the code says why and what to do. From a subscriber: `version` is the
/// event it refuses, and the code is one of the three refusals.
public struct Nack: Equatable, Sendable {
    public var id: UInt64
    public var code: Code
    public var version: UInt64?
    public var reason: Text?
    /// Milliseconds after which to try again, or to deliver again.
    public var after: UInt64?

    public init(
        id: UInt64, code: Code, version: UInt64? = nil, reason: Text? = nil, after: UInt64? = nil
    ) {
        self.id = id
        self.code = code
        self.version = version
        self.reason = reason
        self.after = after
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        code = Code(rawValue: try fields.integer("code"))
        version = try fields.optionalInteger("version")
        reason = try fields.optionalText("reason")
        after = try fields.optionalInteger("after")
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("code", code.rawValue)
        list.put("version", version)
        list.put("reason", reason)
        list.put("after", after)
    }
}

/// Something an application does for the client; answered by a reply or a nack, once however
/// often it is sent.
public struct Command: Equatable, Sendable {
    public var id: UInt64
    public var name: Text
    public var data: Value

    public init(id: UInt64, name: Text, data: Value) {
        self.id = id
        self.name = name
        self.data = data
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        name = try fields.text("name")
        data = fields.optionalValue("data") ?? .null
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("name", name)
        list.put("data", data == .null ? nil : data)
    }
}

public struct Reply: Equatable, Sendable {
    public var id: UInt64
    public var data: Value

    public init(id: UInt64, data: Value) {
        self.id = id
        self.data = data
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        data = fields.optionalValue("data") ?? .null
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("data", data == .null ? nil : data)
    }
}
