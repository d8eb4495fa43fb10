/// A value as users store and send it; both encodings carry exactly these.
///
/// Equality is by value, and because every part has one canonical form, equal values have equal
/// bytes in each encoding.
public enum Value: Equatable, Sendable {
    case null
    case boolean(Bool)
    case number(Number)
    case text(Text)
    case bytes([UInt8])
    case time(WallTime)
    case custom(Custom)
    case array([Value])
    case map(Map)
}

/// A MessagePack extension whose type this protocol gives no meaning; carried through unchanged.
public struct Custom: Equatable, Sendable {
    public let type: Int8
    public let data: [UInt8]

    /// Nil for type -1, which is a time and has a case of its own.
    public init?(type: Int8, data: [UInt8]) {
        guard type != -1 else { return nil }
        self.type = type
        self.data = data
    }
}

extension Value {
    /// Whether it is, or holds, a leaf of a kind that is kept for later: extension 126 will be a
    /// value that is sealed, and 127 one that is signed, each bound to tenant, topic and path.
    public var holdsReserved: Bool {
        switch self {
        case .custom(let custom): custom.type >= 126
        case .array(let values): values.contains { $0.holdsReserved }
        case .map(let map): map.entries.contains { $0.value.holdsReserved }
        case .null, .boolean, .number, .text, .bytes, .time: false
        }
    }

    @inlinable public static func integer(_ n: Int64) -> Value { .number(Number(n)) }
    @inlinable public static func unsigned(_ n: UInt64) -> Value { .number(Number(n)) }

    /// Nil for NaN and the infinities, which no encoding carries.
    @inlinable public static func double(_ d: Double) -> Value? {
        Number(d).map { .number($0) }
    }

    public static func text(_ string: String) -> Value { .text(Text(string)) }
}

/// Not by `nil`: then `map["key"] == nil` would ask for a null and say no where there is no key.
extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: StaticString) { self = .text(Text(stringLiteral: value)) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: Value...) { self = .array(elements) }

    /// The last of equal keys wins.
    public init(dictionaryLiteral elements: (Text, Value)...) {
        var map = Map()
        for (key, value) in elements { map[key] = value }
        self = .map(map)
    }
}

extension Value: ExpressibleByFloatLiteral {
    /// A literal too large for a double is null.
    public init(floatLiteral value: Double) { self = .double(value) ?? .null }
}

extension Map: ExpressibleByDictionaryLiteral {
    /// The last of equal keys wins.
    public init(dictionaryLiteral elements: (Text, Value)...) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }
}

/// Texts to values, each key once, always in the order of the keys' bytes.
public struct Map: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        public let key: Text
        public var value: Value

        @inline(__always)
        public init(key: Text, value: Value) {
            self.key = key
            self.value = value
        }
    }

    public private(set) var entries: [Entry]

    public init() { entries = [] }

    /// Takes entries in any order; nil when a key stands twice.
    /// Entries that are in order already, as they come from most senders, are not sorted again.
    public init?(_ entries: [Entry]) {
        var isOrdered = true
        for i in entries.indices.dropFirst() where !(entries[i - 1].key < entries[i].key) {
            isOrdered = false
            break
        }
        if isOrdered {
            self.entries = entries
            return
        }
        let ordered = entries.sorted { $0.key < $1.key }
        for i in ordered.indices.dropFirst() where ordered[i].key == ordered[i - 1].key {
            return nil
        }
        self.entries = ordered
    }

    /// Takes entries that are known to be in order, each key once.
    @inline(__always)
    init(ordered entries: [Entry]) { self.entries = entries }

    /// The least place of a key that came before, of keys with their places in the input.
    static func firstRepeat(_ keys: [(key: Text, place: Int)]) -> Int? {
        let ordered = keys.sorted {
            $0.key == $1.key ? $0.place < $1.place : $0.key < $1.key
        }
        var first: Int?
        for i in ordered.indices.dropFirst() where ordered[i].key == ordered[i - 1].key {
            first = min(first ?? .max, ordered[i].place)
        }
        return first
    }

    public var count: Int { entries.count }
    public var isEmpty: Bool { entries.isEmpty }

    /// Where `key` stands, or where it would.
    private func place(of key: Text) -> (index: Int, found: Bool) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return (low, low < entries.count && entries[low].key == key)
    }

    /// Reads in O(log n); writes move what stands behind.
    public subscript(key: Text) -> Value? {
        get {
            let (index, found) = place(of: key)
            return found ? entries[index].value : nil
        }
        set {
            let (index, found) = place(of: key)
            switch (newValue, found) {
            case (let value?, true): entries[index].value = value
            case (let value?, false): entries.insert(Entry(key: key, value: value), at: index)
            case (nil, true): entries.remove(at: index)
            case (nil, false): break
            }
        }
    }
}
