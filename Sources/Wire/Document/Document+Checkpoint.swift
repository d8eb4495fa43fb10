extension Document {
    /// All of a document that a diff could ever need, apart from its views: values, stamps,
    /// tombstones and the floor (rule 20). Aliases are not among it: a view that is made anew tells
    /// every name again before it uses it.
    public struct Checkpoint: Equatable, Sendable {
        public struct Entry: Equatable, Sendable {
            public let path: Path
            /// Nil for what was removed.
            public let value: Value?
            public let set: UInt64
            public let cleared: UInt64

            public init(path: Path, value: Value?, set: UInt64, cleared: UInt64) {
                self.path = path
                self.value = value
                self.set = set
                self.cleared = cleared
            }
        }

        public let version: UInt64
        public let floor: UInt64
        /// From the oldest change to the newest.
        public let entries: [Entry]

        public init(version: UInt64, floor: UInt64, entries: [Entry]) {
            self.version = version
            self.floor = floor
            self.entries = entries
        }
    }

    public var checkpoint: Checkpoint {
        var entries: [Checkpoint.Entry] = []
        var id = oldest
        while id != Tree.none {
            let stamp = stamps[Int(id)]
            entries.append(
                Checkpoint.Entry(
                    path: tree.path(id), value: tree.value(id), set: stamp.set,
                    cleared: stamp.cleared))
            id = stamp.newer
        }
        return Checkpoint(version: version, floor: floor, entries: entries)
    }

    /// The document as it was.
    public init(
        _ checkpoint: Checkpoint, bounds: Bounds = Bounds(), literalDepth: Int = 0,
        seed: UInt64 = 0
    ) {
        self.init(
            version: checkpoint.version, bounds: bounds, literalDepth: literalDepth, seed: seed)
        floor = checkpoint.floor
        for entry in checkpoint.entries {
            var id = Tree.root
            for segment in entry.path.segments {
                if let child = tree.child(of: id, named: segment) {
                    id = child
                } else {
                    id = tree.addChild(of: id, named: segment)
                    admit(id)
                }
            }
            tree.setValue(id, entry.value)
            stamps[Int(id)].set = entry.set
            stamps[Int(id)].cleared = entry.cleared
            moveToNewest(id)
        }
        // Which of them are tombstones shows when all of them stand.
        var id = oldest
        while id != Tree.none {
            if isTombstone(id) {
                tombstones += 1
                graves.append((id, stamps[Int(id)].cleared))
            }
            id = stamps[Int(id)].newer
        }
    }
}
