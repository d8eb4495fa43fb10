/// A reader's copy of a view, kept in step by snapshots and diffs.
///
/// It knows no history: a version, the fields, and the aliases it was told. Applying a diff of one
/// aliased field allocates nothing.
public struct Mirror: Sendable {
    public private(set) var version: UInt64 = 0
    /// Whether the hash is kept with every change; otherwise it is computed when asked for.
    public let keepsHash: Bool

    private var tree: Tree
    private var aliases: [Int32] = []
    private var sum = ViewHash()

    public init(keepsHash: Bool = false, seed: UInt64 = 0) {
        self.keepsHash = keepsHash
        tree = Tree(seed: seed)
    }

    /// What became of a diff (rule 7).
    public enum Verdict: Equatable, Sendable {
        case applied
        /// It says nothing new: `to` is at or below the version held.
        case stale
        /// It begins above the version held: something was missed, and a resume is due.
        case gap
    }

    // MARK: Reading

    public var fieldCount: Int { tree.leaves(Tree.root) }

    public func value(at path: Path) -> Value? {
        tree.find(path).flatMap { tree.value(at: $0) { _ in true } }
    }

    /// All of it as one map.
    public var document: Map {
        if case .map(let map)? = tree.value(at: Tree.root, where: { _ in true }) { return map }
        return Map()
    }

    public var hash: ViewHash {
        if keepsHash { return sum }
        var hash = ViewHash()
        var id = Tree.root
        while true {
            if let value = tree.value(id) { hash.add(tree.digest(id, value)) }
            guard let next = tree.following(id, under: Tree.root) else { return hash }
            id = next
        }
    }

    // MARK: Snapshots

    /// Begins anew with what a snapshot, or the first part of one, holds.
    public mutating func reset(to document: Map, version: UInt64) {
        let seed = tree.seed
        tree = Tree(seed: seed)
        aliases = []
        sum = ViewHash()
        self.version = version
        lay(document, at: Tree.root)
    }

    /// Adds a further part of the snapshot.
    public mutating func add(part document: Map) { lay(document, at: Tree.root) }

    /// Learns what aliases stand for; a later definition takes the place of an earlier one.
    public mutating func define(_ definitions: [Diff.Definition]) {
        for definition in definitions { define(definition.alias, definition.name) }
    }

    private mutating func define(_ alias: UInt32, _ name: Text) {
        let place = Int(alias)
        while aliases.count <= place { aliases.append(Tree.none) }
        if aliases[place] != Tree.none { tree.release(name: aliases[place]) }
        aliases[place] = tree.retain(name: name)
    }

    // MARK: Diffs

    private func verdict(from: UInt64, to: UInt64) -> Verdict {
        if to <= version { return Fault.staleDiffApplied.isPlanted ? .applied : .stale }
        if from < version && Fault.diffNotApplied.isPlanted { return .stale }
        if from > version && Fault.gapNotNoticed.isPlanted { return .applied }
        return from > version ? .gap : .applied
    }

    public mutating func apply(_ diff: Diff) -> Verdict {
        let verdict = verdict(from: diff.from, to: diff.to)
        guard verdict == .applied else { return verdict }
        define(diff.definitions)
        for path in diff.content.unset { tree.find(path).map { unset($0) } }
        for assignment in diff.content.set {
            var id = Tree.root
            for segment in assignment.path.segments { id = descend(id, segment) }
            if case .map(let map) = assignment.value, !map.isEmpty {
                lay(map, at: id)
            } else if id != Tree.root {
                set(id, assignment.value)
            }
        }
        version = diff.to
        return .applied
    }

    /// Applies a diff message straight from its MessagePack; `reader` stands behind the view's
    /// number and is left at the end of the message, which must be the input's; `fields` is how
    /// many the message's head announced. An error
    /// leaves the mirror half changed: it must be filled anew.
    public mutating func apply(
        _ reader: inout MessagePackReader, fields: Int
    ) throws(DecodeError) -> Verdict {
        guard fields >= 4 else { throw DecodeError(.missingField, at: reader.offset) }
        let head = try Diff.Span(&reader)
        let verdict = verdict(from: head.from, to: head.to)
        let parts = try Diff.Parts(&reader, fields: fields)
        // Nothing is applied of what is not a message whole.
        guard parts.end == reader.bytes.count else {
            throw DecodeError(.trailingBytes, at: parts.end)
        }
        guard verdict == .applied else {
            reader.offset = parts.end
            return verdict
        }
        if parts.definitions < parts.end {
            reader.offset = parts.definitions
            try readDefinitions(&reader)
        }
        if parts.unsets < parts.end {
            reader.offset = parts.unsets
            for _ in 0..<(try reader.readListCount()) {
                let (id, found) = try readPath(&reader, make: false)
                if found { unset(id) }
            }
        }
        reader.offset = parts.sets
        for _ in 0..<(try reader.readPairCount()) {
            let start = reader.offset
            let (id, _) = try readPath(&reader, make: true)
            let value = try reader.readValue(depth: 0)
            guard id != Tree.root else { throw DecodeError(.wrongKind, at: start) }
            if case .map(let map) = value, !map.isEmpty {
                throw DecodeError(.wrongKind, at: start)
            }
            set(id, value)
        }
        reader.offset = parts.end
        version = head.to
        return .applied
    }

    private mutating func readDefinitions(_ reader: inout MessagePackReader) throws(DecodeError) {
        for _ in 0..<(try reader.readPairCount()) {
            let alias = try reader.readInteger(upTo: UInt64(Document.aliasLimit) - 1)
            define(UInt32(alias), try reader.readText())
        }
    }

    /// The node at the path that begins here, made if wished; else whether it is there.
    @inline(__always)
    private mutating func readPath(
        _ reader: inout MessagePackReader, make: Bool
    ) throws(DecodeError) -> (Tree.ID, found: Bool) {
        let head = try reader.peek()
        let isList = head & 0xf0 == 0x90 || head == 0xdc || head == 0xdd
        let count = isList ? try reader.readArrayCount() : 1
        guard count <= Limits.pathSegments else { throw DecodeError(.tooMany, at: reader.offset) }
        var id = Tree.root
        var found = true
        for _ in 0..<count {
            let start = reader.offset
            let name: Int32
            if try reader.isAtText() {
                let text = try reader.readText()
                guard found else { continue }
                if make {
                    id = descend(id, text)
                } else if let child = tree.child(of: id, named: text) {
                    id = child
                } else {
                    found = false
                }
                continue
            }
            let alias = Int(try reader.readInteger(upTo: UInt64(Document.aliasLimit) - 1))
            guard alias < aliases.count, aliases[alias] != Tree.none else {
                throw DecodeError(.unknownAlias, at: start)
            }
            name = aliases[alias]
            if let child = tree.child(of: id, named: name) {
                id = child
            } else if make {
                give(id)
                id = tree.addChild(of: id, named: name)
            } else {
                found = false
            }
        }
        return (id, found)
    }

    // MARK: Changes

    private mutating func lay(_ map: Map, at id: Tree.ID) {
        for entry in map.entries {
            let child = descend(id, entry.key)
            if case .map(let inner) = entry.value, !inner.isEmpty {
                lay(inner, at: child)
            } else {
                set(child, entry.value)
            }
        }
    }

    private mutating func descend(_ id: Tree.ID, _ name: Text) -> Tree.ID {
        if let child = tree.child(of: id, named: name) { return child }
        give(id)
        return tree.addChild(of: id, named: name)
    }

    /// A leaf gives its place up to what is set beneath it.
    private mutating func give(_ id: Tree.ID) {
        guard let value = tree.value(id) else { return }
        if keepsHash { sum.subtract(tree.digest(id, value)) }
        tree.setValue(id, nil)
    }

    @inline(__always)
    private mutating func set(_ id: Tree.ID, _ value: Value) {
        if tree.hasChildren(id) { removeBeneath(id) }
        if keepsHash {
            if let old = tree.value(id) { sum.subtract(tree.digest(id, old)) }
            sum.add(tree.digest(id, value))
        }
        tree.setValue(id, value)
    }

    /// Removes what stands at and beneath a node, and what above it stood only for that.
    private mutating func unset(_ id: Tree.ID) {
        removeBeneath(id)
        give(id)
        var at = id
        while at != Tree.root, !tree.hasChildren(at), !tree.hasValue(at) {
            let parent = tree.parent(at)
            tree.remove(at)
            at = parent
        }
    }

    private mutating func removeBeneath(_ id: Tree.ID) {
        var child = tree.firstChild(id)
        while child != Tree.none {
            let next = tree.next(child)
            removeBeneath(child)
            give(child)
            tree.remove(child)
            child = next
        }
    }
}

extension Diff {
    /// The two versions between which a diff lies, as MessagePack has them: `to`, and how far
    /// below it `from` is.
    struct Span {
        let from: UInt64
        let to: UInt64

        @inline(__always)
        init(_ reader: inout MessagePackReader) throws(DecodeError) {
            let start = reader.offset
            to = try reader.readInteger()
            let length = try reader.readInteger()
            guard length > 0, length <= to else {
                throw DecodeError(.numberOutOfRange, at: start)
            }
            from = to - length
        }
    }
}
