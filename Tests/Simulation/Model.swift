import Wire

/// A topic as anybody would write it down who had all the time in the world: every state it ever
/// had, as plain nested maps, and who brought it there.
struct Model {
    /// By version. An inner map is never empty; an empty map is a leaf.
    private(set) var states: [Map] = [Map()]
    private(set) var changes: [Author?] = [nil]
    private var versions: [Author: UInt64] = [:]
    private var seen: [[Seen?]]
    /// Fields that will be unset.
    private var expiries: [Expiry] = []

    private struct Expiry {
        let path: Path
        let at: WallTime
        var isTouched = false
    }

    /// Who changed it: a publish is known by its client's run and its id.
    struct Author: Hashable {
        let instance: Text
        let id: UInt64
    }

    struct Seen {
        let document: Map
        let hash: ViewHash
    }

    init(lenses: Int) { seen = [[Seen?]](repeating: [], count: lenses) }

    var head: UInt64 { UInt64(states.count - 1) }

    func version(of author: Author) -> UInt64? { versions[author] }

    // MARK: Changes

    mutating func apply(
        _ patch: Patch, by author: Author?, expiries wishes: [Publish.Expiry] = [],
        at wall: WallTime = WallTime(seconds: 0)
    ) {
        let old = states[states.count - 1]
        var state = states[states.count - 1]
        for path in patch.unset { state = Model.without(path.segments[...], state) }
        state = Model.laid(patch.set, over: state)
        for increment in patch.increments {
            var sum = increment.amount
            if case .number(let old)? = Model.value(increment.path.segments[...], in: state) {
                sum = old.adding(sum) ?? sum
            }
            state = Model.laid(
                Model.nested(increment.path.segments[...], .number(sum)), over: state)
        }
        put(state, by: author)
        for i in expiries.indices {
            let path = expiries[i].path.segments
            let isSame = Model.value(path[...], in: old) == Model.value(path[...], in: state)
            if !isSame || patch.unset.contains(where: { path.starts(with: $0.segments) }) {
                expiries[i].isTouched = true
            }
        }
        for wish in wishes {
            expiries.removeAll { $0.path == wish.path }
            expiries.append(Expiry(path: wish.path, at: wall + .milliseconds(wish.after)))
        }
    }

    /// The next state, whatever brought it about.
    mutating func put(_ state: Map, by author: Author? = nil) {
        states.append(state)
        changes.append(author)
        if let author { versions[author] = head }
    }

    /// The fields whose time has come, and that have not changed since; they are told once.
    mutating func takeDue(_ wall: WallTime) -> [Path] {
        let due = expiries.filter { $0.at <= wall && !$0.isTouched }.map { $0.path }
        expiries.removeAll { $0.at <= wall }
        return due
    }

    /// A field that should have been unset before that moment.
    func overdue(_ wall: WallTime) -> Path? {
        expiries.first { $0.at < wall && !$0.isTouched }?.path
    }

    /// Whether what stands at, above and beneath a place was the same ever since a version.
    func isUnchanged(_ path: Path, since version: UInt64) -> Bool {
        guard version <= head else { return true }
        let first = Model.value(path.segments[...], in: states[Int(version)])
        return states[Int(version)...].allSatisfy {
            Model.value(path.segments[...], in: $0) == first
        }
    }

    static func value(_ path: ArraySlice<Text>, in map: Map) -> Value? {
        guard let first = path.first else { return .map(map) }
        guard let value = map[first] else { return nil }
        if path.count == 1 { return value }
        guard case .map(let inner) = value else { return nil }
        return Model.value(path.dropFirst(), in: inner)
    }

    private static func without(_ path: ArraySlice<Text>, _ map: Map) -> Map {
        guard let first = path.first else { return Map() }
        guard let value = map[first] else { return map }
        var map = map
        if path.count == 1 {
            map[first] = nil
        } else if case .map(let inner) = value, !inner.isEmpty {
            let rest = without(path.dropFirst(), inner)
            map[first] = rest.isEmpty ? nil : .map(rest)
        }
        return map
    }

    private static func laid(_ set: Map, over map: Map) -> Map {
        var map = map
        for entry in set.entries {
            guard case .map(let inner) = entry.value, !inner.isEmpty else {
                map[entry.key] = entry.value
                continue
            }
            if case .map(let old)? = map[entry.key] {
                map[entry.key] = .map(laid(inner, over: old))
            } else {
                map[entry.key] = .map(laid(inner, over: Map()))
            }
        }
        return map
    }

    static func nested(_ path: ArraySlice<Text>, _ value: Value) -> Map {
        var map = Map()
        if let first = path.first {
            map[first] = path.count == 1 ? value : .map(nested(path.dropFirst(), value))
        }
        return map
    }

    // MARK: Views

    /// What a lens shows of a version.
    mutating func seen(_ lens: Lens, at version: UInt64) -> Seen {
        let place = Int(version)
        if place < seen[lens.number].count, let known = seen[lens.number][place] { return known }
        while seen[lens.number].count <= place { seen[lens.number].append(nil) }
        let document = Model.visible(states[place], [], lens)
        let made = Seen(document: document, hash: ViewHash(of: document))
        seen[lens.number][place] = made
        return made
    }

    private static func visible(_ map: Map, _ path: [Text], _ lens: Lens) -> Map {
        var visible = Map()
        for entry in map.entries {
            let here = path + [entry.key]
            if case .map(let inner) = entry.value, !inner.isEmpty {
                let rest = Model.visible(inner, here, lens)
                if !rest.isEmpty { visible[entry.key] = .map(rest) }
            } else if lens.shows(here) {
                visible[entry.key] = entry.value
            }
        }
        return visible
    }
}

/// What was asked for, of what a token allows; as two lists of patterns and nothing derived.
struct Lens {
    let number: Int
    let asked: [Mask.Pattern]
    let allowed: [Mask.Pattern]

    static let all: [Lens] = {
        var lenses: [Lens] = []
        for asked in Scenario.asked {
            for allowed in Scenario.allowed {
                lenses.append(
                    Lens(
                        number: lenses.count, asked: asked?.patterns ?? [[]],
                        allowed: allowed.patterns))
            }
        }
        return lenses
    }()

    static func of(asked: Int, allowed: Int) -> Lens {
        all[asked * Scenario.allowed.count + allowed]
    }

    func shows(_ path: [Text]) -> Bool {
        Lens.matches(asked, path) && Lens.matches(allowed, path)
    }

    /// Whether it could ever show anything: some pattern of the one agrees with one of the other
    /// as far as both go.
    var showsNothing: Bool {
        !asked.contains { a in
            allowed.contains { b in
                zip(a, b).allSatisfy { $0 == .any || $1 == .any || $0 == $1 }
            }
        }
    }

    static func matches(_ patterns: [Mask.Pattern], _ path: [Text]) -> Bool {
        patterns.contains { pattern in
            pattern.count <= path.count
                && zip(pattern, path).allSatisfy { segment, name in
                    switch segment {
                    case .any: true
                    case .name(let wanted): wanted == name
                    }
                }
        }
    }
}
