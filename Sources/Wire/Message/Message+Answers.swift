// Messages by which one side learns what became of what it sent.

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
