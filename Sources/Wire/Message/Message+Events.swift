// Messages that carry events and signals.

/// One entry of an event topic's log.
public struct Event: Equatable, Sendable {
    public var view: UInt64
    public var sequence: UInt64
    public var data: Value
    /// When it was appended.
    public var time: WallTime?
    /// How often it was delivered before under this durable name.
    public var deliveries: UInt64

    public init(
        view: UInt64, sequence: UInt64, data: Value, time: WallTime? = nil, deliveries: UInt64 = 0
    ) {
        self.view = view
        self.sequence = sequence
        self.data = data
        self.time = time
        self.deliveries = deliveries
    }

    init(_ fields: inout Fields) throws(MessageError) {
        view = try fields.integer("view")
        sequence = try fields.integer("sequence")
        data = try fields.anyValue("data")
        time = nil
        if let value = fields.optionalValue("time") {
            guard case .time(let read) = value else { throw .field("time") }
            time = read
        }
        deliveries = try fields.optionalInteger("deliveries") ?? 0
    }

    func put(_ list: inout FieldList) {
        list.put("view", view)
        list.put("sequence", sequence)
        list.put("data", data)
        list.put("time", time.map { .time($0) })
        list.put("deliveries", deliveries == 0 ? nil : deliveries)
    }
}

/// What holds nothing: at most once, gone by itself.
public struct Signal: Equatable, Sendable {
    public var topic: Text
    public var data: Value
    /// Who sent it; told by the server.
    public var from: Text?

    public init(topic: Text, data: Value, from: Text? = nil) {
        self.topic = topic
        self.data = data
        self.from = from
    }

    init(_ fields: inout Fields) throws(MessageError) {
        topic = try fields.text("topic")
        data = try fields.anyValue("data")
        from = try fields.optionalText("from")
    }

    func put(_ list: inout FieldList) {
        list.put("topic", topic)
        list.put("data", data)
        list.put("from", from)
    }
}

/// Lets more events come under a subscription.
public struct Credit: Equatable, Sendable {
    public var id: UInt64
    public var amount: UInt64

    public init(id: UInt64, amount: UInt64) {
        self.id = id
        self.amount = amount
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        amount = try fields.integer("amount")
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("amount", amount)
    }
}

/// Asks for events of the past: the last so many, or so many from a start.
public struct History: Equatable, Sendable {
    public var id: UInt64
    public var topic: Text
    public var limit: UInt64
    /// The last events when absent.
    public var start: Start?

    public init(id: UInt64, topic: Text, limit: UInt64, start: Start? = nil) {
        self.id = id
        self.topic = topic
        self.limit = limit
        self.start = start
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        topic = try fields.text("topic")
        limit = try fields.integer("limit")
        start = nil
        if let value = fields.optionalValue("start") {
            guard let read = Start(value) else { throw .field("start") }
            start = read
        }
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put("topic", topic)
        list.put("limit", limit)
        list.put("start", start?.value)
    }
}

/// A page of the past: sequences with their events, and where the next page begins.
public struct Page: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        public let sequence: UInt64
        public let data: Value
        public let time: WallTime?

        public init(sequence: UInt64, data: Value, time: WallTime? = nil) {
            self.sequence = sequence
            self.data = data
            self.time = time
        }
    }

    public var id: UInt64
    public var events: [Entry]
    /// Absent at the head.
    public var next: UInt64?

    public init(id: UInt64, events: [Entry], next: UInt64?) {
        self.id = id
        self.events = events
        self.next = next
    }

    init(_ fields: inout Fields) throws(MessageError) {
        id = try fields.integer("id")
        events = try fields.list("events") { value in
            guard case .array(let parts) = value, parts.count >= 2, parts.count <= 3,
                let sequence = parts[0].count
            else { return nil }
            guard parts.count == 3 else { return Entry(sequence: sequence, data: parts[1]) }
            guard case .time(let time) = parts[2] else { return nil }
            return Entry(sequence: sequence, data: parts[1], time: time)
        }
        next = try fields.optionalInteger("next")
    }

    func put(_ list: inout FieldList) {
        list.put("id", id)
        list.put(
            "events",
            list: events.map { entry in
                .array(
                    [.unsigned(entry.sequence), entry.data] + (entry.time.map { [.time($0)] } ?? [])
                )
            })
        list.put("next", next)
    }
}
