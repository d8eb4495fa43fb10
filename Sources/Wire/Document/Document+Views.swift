/// Which views see what. A document knows up to 64 at a time, so that each node says in two words
/// who sees it, and a patch says in one whom it concerns.
extension Document {
    /// A view's place among the document's views.
    public struct ViewID: Hashable, Sendable {
        public let bit: Int

        public var mask: UInt64 { 1 << UInt64(bit) }

        public init(bit: Int) { self.bit = bit }
    }

    /// A mask, and the aliases by which its frames name names.
    struct View: Sendable {
        let mask: Mask
        /// By the number of a name in the tree: its alias plus one, or zero.
        var aliases: [UInt32] = []
        /// In the order in which they were born.
        var definitions: [Definition] = []
    }

    struct Definition: Sendable {
        /// Frames from versions below this one carry it.
        let born: UInt64
        let name: Int32
    }

    public static let viewLimit = 64

    /// Adds a view; nil when there are as many as there can be. Visits every node once.
    public mutating func addView(_ mask: Mask) -> ViewID? {
        let bit: Int
        if let unused = views.firstIndex(where: { $0 == nil }) {
            bit = unused
            views[bit] = View(mask: mask)
            hashes[bit] = ViewHash()
        } else {
            guard views.count < Document.viewLimit else { return nil }
            bit = views.count
            views.append(View(mask: mask))
            hashes.append(ViewHash())
        }
        let view = ViewID(bit: bit)
        var id = Tree.root
        while true {
            place(id, in: view, mask)
            guard let next = tree.following(id, under: Tree.root) else { break }
            id = next
        }
        return view
    }

    /// Forgets a view. Visits every node once.
    public mutating func removeView(_ view: ViewID) {
        keepHash(of: view, false)
        views[view.bit] = nil
        for i in stamps.indices {
            stamps[i].within &= ~view.mask
            stamps[i].above &= ~view.mask
        }
    }

    /// Says where a node lies in a view; its parent has been asked before it.
    private mutating func place(_ id: Tree.ID, in view: ViewID, _ mask: Mask) {
        let parent = tree.parent(id)
        if parent != Tree.none {
            let above = stamps[Int(parent)]
            if above.within & view.mask != 0 {
                stamps[Int(id)].within |= view.mask
                return
            }
            if above.above & view.mask == 0 { return }
        }
        switch mask.place(of: tree.path(id)) {
        case .within: stamps[Int(id)].within |= view.mask
        case .above: stamps[Int(id)].above |= view.mask
        case .outside: break
        }
    }

    /// Gives a fresh node its stamp and its place in each view.
    mutating func admit(_ id: Tree.ID) {
        if Int(id) == stamps.count { stamps.append(Stamp()) } else { stamps[Int(id)] = Stamp() }
        let above = stamps[Int(tree.parent(id))]
        stamps[Int(id)].within = above.within
        var undecided = above.above
        while undecided != 0 {
            let bit = undecided.trailingZeroBitCount
            undecided &= undecided - 1
            if let view = views[bit] { place(id, in: ViewID(bit: bit), view.mask) }
        }
    }

    // MARK: Hashes

    /// Begins or ends to keep the hash of a view with every patch.
    public mutating func keepHash(of view: ViewID, _ keep: Bool) {
        if keep == (hashed & view.mask != 0) { return }
        hashed ^= view.mask
        if keep { hashes[view.bit] = computedHash(of: view) }
    }

    /// The hash of a view now.
    public func hash(of view: ViewID) -> ViewHash {
        hashed & view.mask != 0 ? hashes[view.bit] : computedHash(of: view)
    }

    func computedHash(of view: ViewID) -> ViewHash {
        var hash = ViewHash()
        var id = Tree.root
        while true {
            if stamps[Int(id)].within & view.mask != 0, let value = tree.value(id) {
                hash.add(tree.digest(id, value))
            }
            guard let next = tree.following(id, under: Tree.root) else { return hash }
            id = next
        }
    }

    /// Takes a leaf's old value out of the hashes that are kept and puts its new one in.
    @inline(__always)
    mutating func rehash(_ id: Tree.ID, to value: Value?) {
        let views = hashed & stamps[Int(id)].within
        if views != 0 { rehash(id, to: value, in: views) }
    }

    private mutating func rehash(_ id: Tree.ID, to value: Value?, in views: UInt64) {
        let gone = tree.value(id).map { tree.digest(id, $0) }
        let come = value.map { tree.digest(id, $0) }
        var left = views
        while left != 0 {
            let bit = left.trailingZeroBitCount
            left &= left - 1
            if let gone, !Fault.hashNotSubtracted.isPlanted { hashes[bit].subtract(gone) }
            if let come { hashes[bit].add(come) }
        }
    }

    // MARK: Snapshots

    /// All that a view shows, as one map.
    public func snapshot(of view: ViewID) -> Map {
        let whole = tree.value(at: Tree.root) { stamps[Int($0)].within & view.mask != 0 }
        if case .map(let map)? = whole { return map }
        return Map()
    }
}
