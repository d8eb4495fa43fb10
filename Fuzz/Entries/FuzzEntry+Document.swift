import Wire

extension FuzzEntry {
    /// Bytes as a sequence of operations on a small document with tight bounds, its views and
    /// readers.
    public static func document(_ input: [UInt8]) {
        var tape = Tape(input)
        let options = tape.next()
        var rig = DocumentRig(
            bounds: .init(nodes: 24, tombstones: Int(options >> 2 & 3)),
            literalDepth: Int(options & 3))
        rig.addView(.everything, keepsHash: true)
        while let operation = tape.nextIfAny(), rig.naive.version < 40 {
            switch operation & 15 {
            case 0 where rig.viewCount < 6:
                rig.addView(tape.mask(), keepsHash: operation & 16 != 0)
            case 1 where rig.viewCount > 2: rig.removeView(Int(tape.next()) % rig.viewCount)
            case 2: rig.forgetTombstones(Int(tape.next()))
            case 3: rig.check()
            case 4: rig.restart()
            default:
                let patch = tape.patch(rig.naive)
                // A model of a patch that is refused for its size would be another document.
                _ = rig.apply(patch)
            }
        }
        rig.check()
    }
}

extension DocumentRig {
    /// Forgets down to the bounds, sparing readers `lag` versions behind; then the floor and the
    /// count of tombstones are what was promised.
    mutating func forgetTombstones(_ lag: Int) {
        let slowest = UInt64(max(0, naive.version - lag))
        let (before, count) = (document.floor, document.tombstoneCount)
        document.forgetTombstones(behind: slowest)
        let limit = document.bounds.tombstones
        FuzzEntry.require(document.floor >= before, "the floor fell")
        FuzzEntry.require(
            document.floor == before || count > limit, "forgot without need")
        FuzzEntry.require(document.tombstoneCount <= limit * 2, "too many tombstones are kept")
        FuzzEntry.require(
            document.floor <= max(slowest, before) || count > limit * 2, "forgot a reader")
    }
}

/// Bytes read as choices.
struct Tape {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func nextIfAny() -> UInt8? {
        guard place < bytes.count else { return nil }
        place += 1
        return bytes[place - 1]
    }

    mutating func next() -> UInt8 { nextIfAny() ?? 0 }

    private static let names: [Text] = ["a", "b", "c", "a name of more than fifteen bytes"]

    private static func name(_ byte: UInt8) -> Text { names[Int(byte & 3)] }

    mutating func path() -> Path {
        let byte = next()
        let names = [byte, byte >> 2, byte >> 4].map { Tape.name($0) }
        return Path(Array(names.prefix(Int(byte >> 6))))
    }

    mutating func mask() -> Mask {
        let count = Int(next() & 3)
        return Mask(
            (0..<count).map { _ in
                let wild = next()
                return path().segments.enumerated().map { i, name in
                    wild & 1 << UInt8(i) == 0 ? .name(name) : .any
                }
            })
    }

    mutating func value() -> Value {
        let byte = next()
        switch byte & 7 {
        case 0: return .null
        case 1: return [:]
        case 2: return ["in": .integer(Int64(byte >> 3))]
        case 3: return [[:], "x"]
        case 4: return .boolean(byte & 8 != 0)
        case 5: return .text(byte & 8 != 0 ? "a text of more than fifteen" : "short")
        default: return .integer(Int64(byte >> 3))
        }
    }

    /// One to four changes; increments only where the model has a number or nothing, and where no
    /// other change of the patch reaches.
    mutating func patch(_ naive: NaiveDocument) -> Patch {
        var patch = Patch()
        var written: [Path] = []
        for _ in 0...(next() & 3) {
            let kind = next()
            let path = path()
            switch kind % 5 {
            case 0: patch.unset.append(path)
            case 1 where !path.segments.isEmpty && naive.canIncrement(path):
                let meets = (written + patch.unset).contains { other in
                    zip(other.segments, path.segments).allSatisfy { $0 == $1 }
                }
                if meets { continue }
                patch.increments.append(.init(path: path, amount: Number(Int64(kind))))
            default:
                guard let last = path.segments.last else { continue }
                var map = Map()
                map[last] = value()
                for name in path.segments.dropLast().reversed() {
                    var outer = Map()
                    outer[name] = .map(map)
                    map = outer
                }
                // Two sets may meet: the later one then stands alone.
                if patch.set.isEmpty || kind & 16 == 0 { patch.set = map }
            }
            written.append(path)
        }
        return patch
    }
}
