/// Diffs of a view, from any version at or above the floor to now.
extension Document {
    /// What differs, as places; values are read from the document while it is written.
    struct Changes: Sendable {
        var unset: [Tree.ID] = []
        var set: [Tree.ID] = []

        var isEmpty: Bool { unset.isEmpty && set.isEmpty }
    }

    /// Whether a reader who holds `from` can be brought to now by a diff.
    public func reaches(_ from: UInt64) -> Bool { from >= floor && from <= version }

    /// - Complexity: what changed after `from`, seen or not.
    func changes(from: UInt64, in view: ViewID) -> Changes {
        var changes = Changes()
        var id = newest
        while id != Tree.none {
            let stamp = stamps[Int(id)]
            if stamp.last <= from { break }
            if stamp.within & view.mask != 0 {
                if tree.hasValue(id) {
                    changes.set.append(id)
                } else {
                    changes.unset.append(id)
                }
            } else if stamp.above & view.mask != 0 && stamp.cleared > from {
                changes.unset.append(id)
            }
            id = stamp.older
        }
        return changes
    }

    /// The diff as paths and values, for the encodings that name every name.
    public func diff(from: UInt64, in view: ViewID) -> Diff.Content {
        let changes = changes(from: from, in: view)
        return Diff.Content(
            unset: changes.unset.map { tree.path($0) },
            set: changes.set.compactMap { id in
                tree.value(id).map { Diff.Assignment(path: tree.path(id), value: $0) }
            })
    }

    // MARK: Aliases

    /// How many names of a view may have an alias.
    public static let aliasLimit = 4_096

    /// A name's number lives on with another name: no view may take the one for the other.
    mutating func forgetAlias(ofName name: Int32) {
        if Fault.staleAlias.isPlanted { return }
        for i in views.indices {
            guard let count = views[i]?.aliases.count, Int(name) < count else { continue }
            views[i]?.aliases[Int(name)] = 0
        }
    }

    /// The alias of a name in a view, given now if it has none; nil beyond the limit.
    ///
    /// It is born with the *next* version, so that the frame being written and the next one of
    /// every other audience of the view carry the definition: one of them may have passed the
    /// present version without having seen the name.
    private mutating func alias(ofName name: Int32, in view: ViewID) -> UInt32? {
        guard var entry = views[view.bit] else { return nil }
        if Int(name) < entry.aliases.count, entry.aliases[Int(name)] != 0 {
            return entry.aliases[Int(name)] - 1
        }
        let alias = entry.definitions.count
        guard alias < Document.aliasLimit else { return nil }
        views[view.bit] = nil
        while entry.aliases.count <= Int(name) { entry.aliases.append(0) }
        entry.aliases[Int(name)] = UInt32(alias) + 1
        let born = version + (Fault.definitionLeftOut.isPlanted ? 0 : 1)
        entry.definitions.append(Definition(born: born, name: name))
        views[view.bit] = entry
        return UInt32(alias)
    }

    /// The definitions of the view that a frame from `from` must carry.
    public func definitions(after from: UInt64, in view: ViewID) -> [Diff.Definition] {
        guard let entry = views[view.bit] else { return [] }
        var found: [Diff.Definition] = []
        var alias = entry.definitions.count
        while alias > 0, entry.definitions[alias - 1].born > from {
            alias -= 1
            let definition = entry.definitions[alias]
            let name = Int(definition.name)
            // A name that died took its alias along; nobody will be sent it again.
            if name < entry.aliases.count, entry.aliases[name] == UInt32(alias) + 1 {
                let text = tree.names[definition.name]
                found.append(Diff.Definition(alias: UInt32(alias), name: text))
            }
        }
        return found
    }

    // MARK: The frame in MessagePack

    /// Writes the diff message of the view from `from` to now; false, and nothing written, when
    /// nothing in the view differs.
    public mutating func writeDiff(
        from: UInt64, in view: ViewID, number: UInt64, to writer: inout Writer
    ) -> Bool {
        let changes = changes(from: from, in: view)
        if changes.isEmpty { return false }
        let start = writer.count
        // The definitions stand last and decide the length of the array that begins the message,
        // but giving aliases comes first: they are given in a dry run over the same places.
        for id in changes.unset { giveAliases(id, view) }
        for id in changes.set { giveAliases(id, view) }
        let names = definitions(after: from, in: view)
        writer.packArray(!names.isEmpty ? 7 : !changes.unset.isEmpty ? 6 : 5)
        writer.pack(UInt64(Message.Kind.diff.rawValue))
        writer.pack(number)
        writer.pack(version)
        writer.pack(version - from)
        writer.packArray(changes.set.count * 2)
        for id in changes.set {
            writePath(id, view, to: &writer)
            if let value = tree.value(id) { writer.pack(value) }
        }
        if !names.isEmpty || !changes.unset.isEmpty {
            writer.packArray(changes.unset.count)
            for id in changes.unset { writePath(id, view, to: &writer) }
        }
        if !names.isEmpty { Diff.write(names, to: &writer) }
        precondition(writer.count > start)
        return true
    }

    private mutating func giveAliases(_ id: Tree.ID, _ view: ViewID) {
        var at = id
        var depth = literalDepth == 0 ? 1 : tree.depth(id)
        while at != Tree.root {
            if depth > literalDepth { _ = alias(ofName: tree.name(at), in: view) }
            at = tree.parent(at)
            depth -= literalDepth == 0 ? 0 : 1
        }
    }

    private func writePath(_ id: Tree.ID, _ view: ViewID, to writer: inout Writer) {
        let depth = tree.depth(id)
        if depth != 1 { writer.packArray(depth) }
        writeNames(id, depth, view, to: &writer)
    }

    private func writeNames(
        _ id: Tree.ID, _ depth: Int, _ view: ViewID, to writer: inout Writer
    ) {
        guard id != Tree.root else { return }
        writeNames(tree.parent(id), depth - 1, view, to: &writer)
        let name = tree.name(id)
        if depth > literalDepth, let entry = views[view.bit], Int(name) < entry.aliases.count,
            entry.aliases[Int(name)] != 0
        {
            writer.pack(UInt64(entry.aliases[Int(name)] - 1))
        } else {
            writer.pack(tree.names[name])
        }
    }
}
