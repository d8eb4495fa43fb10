public import Wire

/// A document as plainly as it can be said: a nested map, changed by the rules of the
/// specification, with every version kept. What the real one must agree with.
public struct NaiveDocument {
    /// By version, from the first one on.
    public private(set) var history: [Map] = [Map()]

    public init() {}

    public var version: Int { history.count - 1 }

    /// Unsets, sets, increments; the caller has seen that the patch is not refused.
    public mutating func apply(_ patch: Patch) {
        var root = Value.map(history[version])
        for path in patch.unset { root = NaiveDocument.unset(root, path.segments[...]) ?? [:] }
        root = NaiveDocument.laid(patch.set, over: root)
        for increment in patch.increments {
            let segments = increment.path.segments[...]
            var sum = increment.amount
            if case .number(let old)? = NaiveDocument.value(root, segments) {
                guard let added = old.adding(increment.amount) else { fatalError("no sum") }
                sum = added
            }
            root = NaiveDocument.set(root, segments, .number(sum))
        }
        guard case .map(let map) = root else { fatalError("the root is a map") }
        history.append(map)
    }

    /// Nil when nothing is left: an inner map without fields does not exist.
    private static func unset(_ value: Value, _ path: ArraySlice<Text>) -> Value? {
        guard let name = path.first else { return nil }
        guard case .map(var map) = value, let inner = map[name] else { return value }
        map[name] = unset(inner, path.dropFirst())
        return map.isEmpty ? nil : .map(map)
    }

    private static func laid(_ map: Map, over value: Value) -> Value {
        var result = value
        for entry in map.entries {
            guard case .map(let inner) = entry.value, !inner.isEmpty else {
                result = set(result, [entry.key], entry.value)
                continue
            }
            var below: Value = [:]
            if case .map(let here) = result, let found = here[entry.key], case .map = found {
                below = found
            }
            result = set(result, [entry.key], laid(inner, over: below))
        }
        return result
    }

    private static func set(_ value: Value, _ path: ArraySlice<Text>, _ leaf: Value) -> Value {
        guard let name = path.first else { return leaf }
        var map = Map()
        if case .map(let here) = value { map = here }
        map[name] = set(map[name] ?? [:], path.dropFirst(), leaf)
        return .map(map)
    }

    private static func value(_ root: Value, _ path: ArraySlice<Text>) -> Value? {
        guard let name = path.first else { return root }
        guard case .map(let map) = root, let inner = map[name] else { return nil }
        return value(inner, path.dropFirst())
    }

    /// Whether an increment there is an increment of a number or of nothing.
    public func canIncrement(_ path: Path) -> Bool {
        switch NaiveDocument.value(.map(history[version]), path.segments[...]) {
        case nil, .number?: true
        default: false
        }
    }

    // MARK: Views

    /// What a mask shows of a version.
    public func view(_ mask: Mask, at version: Int) -> Map {
        var shown: Value = [:]
        for (path, value) in NaiveDocument.leaves(history[version], beneath: [])
        where NaiveDocument.shows(mask, path) {
            shown = NaiveDocument.set(shown, path[...], value)
        }
        if case .map(let map) = shown { return map }
        return Map()
    }

    private static func leaves(_ map: Map, beneath path: [Text]) -> [([Text], Value)] {
        map.entries.flatMap { entry -> [([Text], Value)] in
            let here = path + [entry.key]
            guard case .map(let inner) = entry.value, !inner.isEmpty else {
                return [(here, entry.value)]
            }
            return leaves(inner, beneath: here)
        }
    }

    private static func shows(_ mask: Mask, _ path: [Text]) -> Bool {
        mask.patterns.contains { pattern in
            pattern.count <= path.count
                && zip(pattern, path).allSatisfy { $0 == .any || $0 == .name($1) }
        }
    }
}
