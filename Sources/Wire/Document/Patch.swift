/// What a publisher changes in a state topic, whole or not at all.
///
/// First the conditions are checked, then fields are unset, then set, then increased. `set` is a
/// tree that is laid over the document: a map that is not empty descends, anything else is a
/// field's new value, and takes the place of whatever stood there or beneath.
public struct Patch: Equatable, Sendable {
    public var unset: [Path]
    public var set: Map
    public var increments: [Increment]
    public var conditions: [Condition]

    public init(
        unset: [Path] = [], set: Map = Map(), increments: [Increment] = [],
        conditions: [Condition] = []
    ) {
        self.unset = unset
        self.set = set
        self.increments = increments
        self.conditions = conditions
    }

    public struct Increment: Equatable, Sendable {
        public let path: Path
        public let amount: Number

        public init(path: Path, amount: Number) {
            self.path = path
            self.amount = amount
        }
    }

    /// Holds while nothing at, above or beneath the path has changed since the version; the empty
    /// path asks about the whole topic.
    public struct Condition: Equatable, Sendable {
        public let path: Path
        public let version: UInt64

        public init(path: Path, version: UInt64) {
            self.path = path
            self.version = version
        }
    }

    /// Every path the patch would write, for whoever must check that each is allowed.
    public var writes: [Path] {
        var paths = unset
        Patch.collectLeaves(set, beneath: [], into: &paths)
        paths += increments.map { $0.path }
        return paths
    }

    private static func collectLeaves(
        _ map: Map, beneath path: [Text], into paths: inout [Path]
    ) {
        for entry in map.entries {
            let here = path + [entry.key]
            if case .map(let inner) = entry.value, !inner.isEmpty {
                collectLeaves(inner, beneath: here, into: &paths)
            } else {
                paths.append(Path(here))
            }
        }
    }
}

/// Why a patch was refused; nothing of it was done.
public enum PatchRefusal: Error, Equatable, Sendable {
    /// A condition does not hold: its place last changed at `version`.
    case conflict(Path, version: UInt64)
    /// An increment of something that is not a number, or past what numbers hold.
    case notANumber(Path)
    /// The document would have more nodes than allowed.
    case tooManyFields
    /// A path is longer than allowed.
    case pathTooLong(Path)
    /// The document cannot be both a map and a value: a set or increment of the empty path.
    case rootNotAField
}
