// Messages by which things change.

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
        guard conditions.count <= Limits.conditions else { throw .field("if") }
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
