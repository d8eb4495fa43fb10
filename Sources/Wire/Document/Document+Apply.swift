extension Document {
    /// What a patch did.
    public struct Applied: Equatable, Sendable {
        public let version: UInt64
        /// The views in which something changed, a bit each.
        public let views: UInt64
    }

    /// Applies a patch as the next version, or refuses it whole.
    ///
    /// - Complexity: what the patch names, and what it removes.
    public mutating func apply(_ patch: Patch) throws(PatchRefusal) -> Applied {
        try check(patch)
        return replay(patch)
    }

    /// Applies a patch that was applied before, to the document it was applied to. Nothing is
    /// asked again: how much room there is depends on which removals are still remembered, and
    /// what was promised has room.
    @discardableResult
    public mutating func replay(_ patch: Patch) -> Applied {
        version += 1
        var views: UInt64 = 0
        for path in patch.unset { unset(path, &views) }
        lay(patch.set, at: Tree.root, &views)
        for increment in patch.increments {
            let id = reach(increment.path, &views)
            // `check` has seen that the sum exists.
            if let sum = Document.sum(tree.value(id), increment.amount) {
                setLeaf(id, .number(sum), &views)
            }
        }
        return Applied(version: version, views: views)
    }

    // MARK: Checks

    private func check(_ patch: Patch) throws(PatchRefusal) {
        for condition in patch.conditions {
            let last = lastChange(at: condition.path)
            // A version that was never reached is of another epoch (D9).
            let isOfAnother = condition.version > version
            if last > condition.version || isOfAnother {
                throw .conflict(condition.path, version: last)
            }
        }
        var fresh = 0
        for path in patch.unset where path.segments.count > Limits.pathSegments {
            throw .pathTooLong(path)
        }
        try check(patch.set, at: Tree.root, path: [], &fresh)
        for increment in patch.increments {
            let path = increment.path
            if path.segments.isEmpty { throw .rootNotAField }
            if path.segments.count > Limits.pathSegments { throw .pathTooLong(path) }
            fresh += path.segments.count
            guard !Document.touches(patch.set, path.segments[...]) else { throw .notANumber(path) }
            let old = tree.find(path)
            if let old, tree.hasChildren(old) && tree.leaves(old) > 0 { throw .notANumber(path) }
            if Document.sum(old.flatMap { tree.value($0) }, increment.amount) == nil {
                throw .notANumber(path)
            }
        }
        if !patch.increments.isEmpty { try checkMeetings(patch) }
        // What was stored has room, even more than the bounds say; then only removing is left.
        if fresh > 0 && tree.count + fresh > bounds.nodes { throw .tooManyFields }
    }

    /// What the same patch writes at, above or beneath an increment would decide what it means:
    /// such a patch is refused.
    private func checkMeetings(_ patch: Patch) throws(PatchRefusal) {
        var all = patch.unset.map { (path: $0, isIncrement: false) }
        all += patch.increments.map { (path: $0.path, isIncrement: true) }
        all.sort { $0.path < $1.path }
        // In this order whatever stands above a path is on the stack when the path comes.
        var above: [(path: Path, isIncrement: Bool)] = []
        for next in all {
            while let last = above.last, !next.path.segments.starts(with: last.path.segments) {
                above.removeLast()
            }
            if next.isIncrement && !above.isEmpty || above.contains(where: { $0.isIncrement }) {
                throw .notANumber(next.path)
            }
            if above.last?.path != next.path { above.append(next) }
        }
    }

    /// Whether laying the map over a document would change the place or what is above it.
    private static func touches(_ map: Map, _ path: ArraySlice<Text>) -> Bool {
        guard let first = path.first, let value = map[first] else { return false }
        guard case .map(let inner) = value, !inner.isEmpty else { return true }
        return path.count == 1 || touches(inner, path.dropFirst())
    }

    /// Nil is an increment's zero: a counter begins where it is first increased.
    private static func sum(_ old: Value?, _ amount: Number) -> Number? {
        switch old {
        case nil: amount
        case .number(let number)?: number.adding(amount)
        default: nil
        }
    }

    /// Counts the nodes that laying the map would make, at most.
    private func check(
        _ map: Map, at id: Tree.ID?, path: [Text], _ fresh: inout Int
    ) throws(PatchRefusal) {
        if !map.isEmpty && path.count >= Limits.pathSegments { throw .pathTooLong(Path(path)) }
        for entry in map.entries {
            let child = id.flatMap { tree.child(of: $0, named: entry.key) }
            if child == nil { fresh += 1 }
            if case .map(let inner) = entry.value, !inner.isEmpty {
                try check(inner, at: child, path: path + [entry.key], &fresh)
            }
        }
    }

    // MARK: Changes

    private mutating func lay(_ map: Map, at id: Tree.ID, _ views: inout UInt64) {
        for entry in map.entries {
            let child = descend(id, entry.key, &views)
            if case .map(let inner) = entry.value, !inner.isEmpty {
                lay(inner, at: child, &views)
            } else {
                setLeaf(child, entry.value, &views)
            }
        }
    }

    private mutating func reach(_ path: Path, _ views: inout UInt64) -> Tree.ID {
        var id = Tree.root
        for segment in path.segments { id = descend(id, segment, &views) }
        return id
    }

    /// The child of that name, made if need be. A leaf on the way gives its place up.
    @inline(__always)
    private mutating func descend(
        _ id: Tree.ID, _ name: Text, _ views: inout UInt64
    ) -> Tree.ID {
        if let child = tree.child(of: id, named: name) { return child }
        if tree.hasValue(id) {
            // Below a leaf nothing can stand: it goes, and what stood here is said to be gone.
            rehash(id, to: nil)
            tree.setValue(id, nil)
            clear(id, &views)
        } else if isTombstone(id) {
            tombstones -= 1
        }
        let child = tree.addChild(of: id, named: name)
        admit(child)
        return child
    }

    /// A removed node that is still remembered, with nothing beneath it.
    func isTombstone(_ id: Tree.ID) -> Bool {
        stamps[Int(id)].cleared > 0 && !tree.hasValue(id) && !tree.hasChildren(id)
    }

    private mutating func setLeaf(_ id: Tree.ID, _ value: Value, _ views: inout UInt64) {
        if tree.value(id) == value { return }
        if tree.hasChildren(id) {
            removeBeneath(id)
            if !Fault.clearedStampLeftOut.isPlanted { clear(id, &views) }
        } else if isTombstone(id) {
            tombstones -= 1
        }
        rehash(id, to: value)
        tree.setValue(id, value)
        stamps[Int(id)].set = version
        moveToNewest(id)
        views |= stamps[Int(id)].within
    }

    private mutating func unset(_ path: Path, _ views: inout UInt64) {
        guard let id = tree.find(path), tree.leaves(id) > 0 else { return }
        if tree.hasValue(id) {
            rehash(id, to: nil)
            tree.setValue(id, nil)
        } else {
            removeBeneath(id)
        }
        clear(id, &views)
        tombstones += 1
        graves.append((id, version))
    }

    /// Stamps a node from which something was removed.
    private mutating func clear(_ id: Tree.ID, _ views: inout UInt64) {
        stamps[Int(id)].cleared = version
        moveToNewest(id)
        views |= stamps[Int(id)].within | stamps[Int(id)].above
    }

    /// Frees all nodes beneath, tombstones too: the cleared stamp above them says it all.
    private mutating func removeBeneath(_ id: Tree.ID) {
        var child = tree.firstChild(id)
        while child != Tree.none {
            let next = tree.next(child)
            if isTombstone(child) { tombstones -= 1 }
            removeBeneath(child)
            if tree.hasValue(child) {
                rehash(child, to: nil)
                tree.setValue(child, nil)
            }
            free(child)
            child = next
        }
    }

    private mutating func free(_ id: Tree.ID) {
        unlink(id)
        stamps[Int(id)] = Stamp()
        let name = tree.name(id)
        if tree.remove(id) { forgetAlias(ofName: name) }
    }

    // MARK: The floor

    /// Forgets the oldest tombstones beyond the limit, and raises the floor to what they said.
    ///
    /// Readers who are on their way are spared: nothing younger than `slowest` is forgotten,
    /// unless there are twice as many tombstones as the limit, when they take a snapshot.
    public mutating func forgetTombstones(behind slowest: UInt64) {
        while tombstones > bounds.tombstones && firstGrave < graves.count {
            let grave = graves[firstGrave]
            if isGrave(grave.node, grave.cleared) {
                if grave.cleared > slowest && tombstones <= bounds.tombstones * 2 { break }
                floor = max(floor, grave.cleared - (Fault.floorOffByOne.isPlanted ? 1 : 0))
                tombstones -= 1
                remove(grave.node)
            }
            firstGrave += 1
        }
        if firstGrave > 64 && firstGrave * 2 > graves.count {
            graves.removeFirst(firstGrave)
            firstGrave = 0
        }
    }

    private func isGrave(_ id: Tree.ID, _ cleared: UInt64) -> Bool {
        Int(id) < stamps.count && stamps[Int(id)].cleared == cleared && isTombstone(id)
    }

    /// Takes a forgotten tombstone out, and what it alone held in place above it.
    private mutating func remove(_ id: Tree.ID) {
        if id == Tree.root {
            stamps[0].cleared = 0
            unlink(id)
            return
        }
        let parent = tree.parent(id)
        free(id)
        guard !tree.hasChildren(parent), !tree.hasValue(parent) else { return }
        if stamps[Int(parent)].cleared > floor {
            tombstones += 1
            graves.append((parent, stamps[Int(parent)].cleared))
        } else if parent != Tree.root {
            remove(parent)
        }
    }
}
