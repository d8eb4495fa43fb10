/// A tree of fields in which each remembers the version at which it last changed.
///
/// That is all the history there is, and it is enough: the difference between *any* version and
/// now is a walk over what was stamped later, newest first, with the values of now. What was
/// removed leaves a node without value, a tombstone, stamped in `cleared`:
///
///     version 1: set a/b = 1        b: stamp 1
///     version 2: set a/c = 2        c: stamp 2
///     version 3: unset a            a: cleared 3, b and c gone
///     version 4: set a/b = 5        a: cleared 3   b: stamp 4
///
///     from 1 to 4: unset a, set a/b = 5          from 3 to 4: set a/b = 5
///
/// A reader who lacks anything stamped later than it holds gets it; one who holds more than
/// `from` gets again what it has, as the same absolute values. Tombstones are forgotten oldest
/// first beyond a limit, and the floor rises to the youngest forgotten: whoever holds less than
/// the floor takes a snapshot.
public struct Document: Sendable {
    /// What is kept beside each node of the tree.
    struct Stamp: Sendable {
        /// The version at which the value was last set.
        var set: UInt64 = 0
        /// The version at which something that stood here or beneath was last removed.
        var cleared: UInt64 = 0
        /// Neighbours in the list by last change; `none` at its ends.
        var older = Tree.none
        var newer = Tree.none
        /// The views in which the node is visible, a bit each.
        var within: UInt64 = 0
        /// The views that may see something beneath the node but not the node.
        var above: UInt64 = 0

        var last: UInt64 { max(set, cleared) }
    }

    /// How large a document may become.
    public struct Bounds: Equatable, Sendable {
        public var nodes: Int
        public var tombstones: Int

        public init(nodes: Int = 65_536, tombstones: Int = 4_096) {
            self.nodes = nodes
            self.tombstones = tombstones
        }
    }

    public internal(set) var version: UInt64
    /// Differences from versions below this one are no longer known.
    public internal(set) var floor: UInt64
    public let bounds: Bounds

    var tree: Tree
    var stamps: [Stamp]
    var newest = Tree.none
    var oldest = Tree.none
    var tombstones = 0
    /// Tombstones in the order in which they came; entries whose node lives again are skipped.
    var graves: [(node: Tree.ID, cleared: UInt64)] = []
    var firstGrave = 0
    var views: [View?] = []
    /// The views whose hash somebody asks for, a bit each.
    var hashed: UInt64 = 0
    var hashes: [ViewHash] = []

    /// How many names from the root are told literally and get no alias: one in a collection,
    /// whose row keys come and go.
    public let literalDepth: Int

    public init(
        version: UInt64 = 0, bounds: Bounds = Bounds(), literalDepth: Int = 0, seed: UInt64 = 0
    ) {
        self.version = version
        self.bounds = bounds
        self.literalDepth = literalDepth
        floor = version
        tree = Tree(seed: seed)
        stamps = [Stamp()]
    }

    /// What keeps hashing of names from being foreseen.
    public var seed: UInt64 { tree.seed }

    /// Counts one more version without a change: how a topic numbers its events.
    public mutating func advance() -> UInt64 {
        version += 1
        return version
    }

    /// How many fields have a value.
    public var fieldCount: Int { tree.leaves(Tree.root) }

    /// How many removals are remembered.
    public var tombstoneCount: Int { tombstones }

    public func value(at path: Path) -> Value? {
        guard let id = tree.find(path) else { return nil }
        return tree.value(at: id) { _ in true }
    }

    /// The version at which the place last changed, what is above and beneath it included. Where a
    /// removal may have been forgotten it is at least the floor.
    public func lastChange(at path: Path) -> UInt64 {
        if path.segments.isEmpty { return version }
        let last = lastKnownChange(at: path)
        // What a forgotten tombstone said of this place, or of one beneath it, the floor says.
        guard let id = tree.find(path), tree.hasValue(id) else { return max(last, floor) }
        return last
    }

    /// Whether what stands at a place is what stood there at a version, as far as removals beneath
    /// it are remembered; false where nothing stands.
    public func isUnchanged(at path: Path, since version: UInt64) -> Bool {
        guard let id = tree.find(path), tree.leaves(id) > 0 else { return false }
        return lastKnownChange(at: path) <= version
    }

    private func lastKnownChange(at path: Path) -> UInt64 {
        var id = Tree.root
        var last = stamps[Int(id)].last
        for segment in path.segments {
            guard let next = tree.child(of: id, named: segment) else { return last }
            id = next
            last = max(last, stamps[Int(id)].last)
        }
        if tree.hasValue(id) { return last }
        var at = id
        while let next = tree.following(at, under: id) {
            last = max(last, stamps[Int(next)].last)
            at = next
        }
        return last
    }

    // MARK: The list by last change

    mutating func moveToNewest(_ id: Tree.ID) {
        if newest == id { return }
        unlink(id)
        stamps[Int(id)].older = newest
        if newest != Tree.none { stamps[Int(newest)].newer = id } else { oldest = id }
        newest = id
    }

    mutating func unlink(_ id: Tree.ID) {
        let stamp = stamps[Int(id)]
        // A node that is in no list has no neighbours and is neither end.
        if stamp.older == Tree.none && stamp.newer == Tree.none && newest != id { return }
        if stamp.older != Tree.none {
            stamps[Int(stamp.older)].newer = stamp.newer
        } else {
            oldest = stamp.newer
        }
        if stamp.newer != Tree.none {
            stamps[Int(stamp.newer)].older = stamp.older
        } else {
            newest = stamp.older
        }
        stamps[Int(id)].older = Tree.none
        stamps[Int(id)].newer = Tree.none
    }
}
