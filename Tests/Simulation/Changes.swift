import Wire

/// Makes the changes that publishers publish, over a few names, so that patches meet.
struct Changes {
    private let passing: Int
    private let isLarge: Bool
    private var unique: Int64 = 0

    private static let first: [Text] = ["a", "b", "c", "d"]
    private static let second: [Text] = ["x", "y", "z", "w"]
    private static let third: [Text] = ["p", "q"]

    init(passingNames: Int, isLarge: Bool) {
        passing = passingNames
        self.isLarge = isLarge
    }

    mutating func patch(holding version: UInt64, _ chance: inout Chance) -> Patch {
        unique += 1
        var patch = Patch()
        switch chance.number(below: 20) {
        case 0...9:
            for _ in 0..<chance.count(1...3) { set(&patch, path(&chance), value(&chance)) }
        case 10...13:
            for _ in 0..<chance.count(1...2) { patch.unset.append(place(&chance)) }
            if chance.percent(50) { set(&patch, path(&chance), value(&chance)) }
        case 14:
            // A leaf where a map may stand, or a map of its own in place of another.
            set(&patch, place(&chance), value(&chance))
        case 15:
            patch.increments.append(
                Patch.Increment(path: ["d", "w"], amount: Number(chance.count(1...9))))
        case 16:
            patch.conditions.append(Patch.Condition(path: place(&chance), version: version))
            set(&patch, path(&chance), value(&chance))
        case 17:
            let row = chance.pick(Changes.first)
            patch.unset.append(Path([row]))
            set(&patch, Path([row, chance.pick(Changes.second)]), value(&chance))
        case 18: if chance.percent(20) { patch.unset.append([]) }
        default: set(&patch, path(&chance), .integer(Int64(chance.count(0...2))))
        }
        if isLarge && chance.percent(25) {
            for row in Changes.first {
                for name in Changes.second { set(&patch, Path([row, name]), value(&chance)) }
            }
        }
        // Whatever else it does, each is told from every other.
        set(&patch, ["a", "u"], .integer(unique))
        return patch
    }

    /// What a connection leaves behind.
    mutating func bequest() -> Patch {
        Patch(set: ["a": ["u": .integer(number())], "d": ["y": .integer(unique)]])
    }

    mutating func number() -> Int64 {
        unique += 1
        return unique
    }

    /// The places that a map laid over a document sets.
    static func leaves(_ map: Map, beneath path: [Text] = []) -> [Path] {
        map.entries.flatMap { entry in
            if case .map(let inner) = entry.value, !inner.isEmpty {
                return leaves(inner, beneath: path + [entry.key])
            }
            return [Path(path + [entry.key])]
        }
    }

    mutating func event() -> Value {
        unique += 1
        return .integer(unique)
    }

    private func set(_ patch: inout Patch, _ path: Path, _ value: Value) {
        if path.segments.isEmpty { return }
        Changes.lay(path.segments[...], value, on: &patch.set)
    }

    private static func lay(_ path: ArraySlice<Text>, _ value: Value, on map: inout Map) {
        guard let first = path.first else { return }
        if path.count == 1 {
            map[first] = value
            return
        }
        var inner = Map()
        if case .map(let old)? = map[first] { inner = old }
        lay(path.dropFirst(), value, on: &inner)
        map[first] = .map(inner)
    }

    /// A leaf's place.
    private func path(_ chance: inout Chance) -> Path {
        var segments = [chance.pick(Changes.first), name(&chance)]
        if chance.percent(20) { segments.append(chance.pick(Changes.third)) }
        return Path(segments)
    }

    private func name(_ chance: inout Chance) -> Text {
        if passing > 0 && chance.percent(40) {
            return Text("k" + String(chance.number(below: passing)))
        }
        return chance.pick(Changes.second)
    }

    /// Any place, a leaf's or above.
    private func place(_ chance: inout Chance) -> Path {
        chance.percent(40) ? Path([chance.pick(Changes.first)]) : path(&chance)
    }

    private func value(_ chance: inout Chance) -> Value {
        switch chance.number(below: 12) {
        case 0: .null
        case 1: .boolean(chance.percent(50))
        case 2: .map(Map())
        case 3: .array([.integer(unique), "of", .map(["a": 1])])
        case 4: .double(Double(unique) / 8) ?? .null
        case 5: .text(Text("a text of some length, number " + String(unique)))
        case 6: .text(Text("t" + String(unique)))
        default: .integer(unique)
        }
    }
}
