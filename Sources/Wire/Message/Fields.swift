/// A message's fields on their way out: each with its name and, in the order of the list, its
/// position. An optional field that is absent is left out of JSON; in MessagePack it is a nil,
/// and nils at the end are left off.
struct FieldList {
    private(set) var items: [(name: Text, value: Value?)] = []

    mutating func put(_ name: Text, _ value: Value?) { items.append((name, value)) }
    mutating func put(_ name: Text, _ n: UInt64?) { put(name, n.map { .unsigned($0) }) }
    mutating func put(_ name: Text, _ text: Text?) { put(name, text.map { .text($0) }) }

    /// A flag is there or not; false is the same as absent.
    mutating func put(_ name: Text, flag: Bool) { put(name, flag ? .boolean(true) : nil) }

    /// A list is absent when it is empty.
    mutating func put(_ name: Text, list: [Value]) {
        put(name, list.isEmpty ? nil : .array(list))
    }

    mutating func put(_ name: Text, map: Map) { put(name, map.isEmpty ? nil : .map(map)) }
}

/// A message's fields on their way in. What is not asked for is ignored, so that later versions
/// can say more; an explicit null is the same as absent.
struct Fields {
    private enum Source {
        case named(Map)
        /// Without the code that begins the array.
        case positional([Value])
    }

    private let source: Source
    /// The position of the next field; JSON does not look at it.
    private var position = 0

    init(named map: Map) { source = .named(map) }
    init(positional values: [Value]) { source = .positional(values) }

    private mutating func next(_ name: Text) -> Value? {
        position += 1
        let value: Value? =
            switch source {
            case .named(let map): map[name]
            case .positional(let values): position <= values.count ? values[position - 1] : nil
            }
        return value == .null ? nil : value
    }

    /// Any value, null included where the field is there.
    mutating func anyValue(_ name: Text) throws(MessageError) -> Value {
        position += 1
        let value: Value? =
            switch source {
            case .named(let map): map[name]
            case .positional(let values): position <= values.count ? values[position - 1] : nil
            }
        guard let value else { throw .field(name) }
        return value
    }

    mutating func optionalValue(_ name: Text) -> Value? { next(name) }

    mutating func optionalInteger(_ name: Text) throws(MessageError) -> UInt64? {
        guard let value = next(name) else { return nil }
        guard let n = value.count else { throw .field(name) }
        return n
    }

    mutating func integer(_ name: Text) throws(MessageError) -> UInt64 {
        guard let n = try optionalInteger(name) else { throw .field(name) }
        return n
    }

    mutating func optionalText(_ name: Text) throws(MessageError) -> Text? {
        guard let value = next(name) else { return nil }
        guard case .text(let text) = value else { throw .field(name) }
        return text
    }

    mutating func text(_ name: Text) throws(MessageError) -> Text {
        guard let text = try optionalText(name) else { throw .field(name) }
        return text
    }

    mutating func flag(_ name: Text) throws(MessageError) -> Bool {
        guard let value = next(name) else { return false }
        guard case .boolean(let flag) = value else { throw .field(name) }
        return flag
    }

    mutating func optionalNumber(_ name: Text) throws(MessageError) -> Number? {
        guard let value = next(name) else { return nil }
        guard case .number(let number) = value else { throw .field(name) }
        return number
    }

    mutating func map(_ name: Text) throws(MessageError) -> Map {
        guard let value = next(name) else { return Map() }
        guard case .map(let map) = value else { throw .field(name) }
        return map
    }

    /// A list, empty when absent, each element made by `element`, which says nil to refuse it.
    mutating func list<T>(
        _ name: Text, _ element: (Value) -> T?
    ) throws(MessageError) -> [T] {
        guard let value = next(name) else { return [] }
        guard case .array(let values) = value else { throw .field(name) }
        var made: [T] = []
        made.reserveCapacity(values.count)
        for value in values {
            guard let one = element(value) else { throw .field(name) }
            made.append(one)
        }
        return made
    }
}

extension Value {
    /// An integer from 0 to 2^53 - 1: how versions, sequences, numbers and spans of time travel.
    var count: UInt64? {
        guard case .number(let number) = self, let n = number.uint64, n <= Limits.integer else {
            return nil
        }
        return n
    }

    var asText: Text? {
        if case .text(let text) = self { text } else { nil }
    }

    /// A path travels as a list of names; one name alone may stand for itself.
    init(_ path: Path) { self = .array(path.segments.map { .text($0) }) }

    var asPath: Path? {
        switch self {
        case .text(let name): return Path([name])
        case .array(let parts):
            var names: [Text] = []
            for part in parts {
                guard let name = part.asText else { return nil }
                names.append(name)
            }
            return Path(names)
        default: return nil
        }
    }

    /// A pattern of a mask is a path in which null stands for any name.
    init(_ pattern: Mask.Pattern) {
        self = .array(
            pattern.map { segment in
                if case .name(let name) = segment { .text(name) } else { .null }
            })
    }

    var asPattern: Mask.Pattern? {
        switch self {
        case .text(let name): return [.name(name)]
        case .array(let parts):
            guard parts.count <= Limits.pathSegments else { return nil }
            var pattern: Mask.Pattern = []
            for part in parts {
                switch part {
                case .null: pattern.append(.any)
                case .text(let name): pattern.append(.name(name))
                default: return nil
                }
            }
            return pattern
        default: return nil
        }
    }
}

extension Mask {
    /// The form in which a mask travels: a list of patterns.
    public var value: Value { .array(patterns.map { Value($0) }) }

    /// Nil for anything that is not a list of at most `Limits.patterns` patterns.
    public init?(_ value: Value) {
        guard case .array(let values) = value, values.count <= Limits.patterns else { return nil }
        var patterns: [Pattern] = []
        for value in values {
            guard let pattern = value.asPattern else { return nil }
            patterns.append(pattern)
        }
        self.init(patterns)
    }
}
