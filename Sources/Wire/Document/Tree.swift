/// The bare tree beneath a document and a mirror: nodes in one array, found by (parent, name) in
/// one step however many brothers they have.
///
///     nodes   0 root ── 1 "cpu" ─┬─ 2 "load" = 0.7
///                                └─ 3 "cores" = 8
///
/// A node has a value or children, or, where somebody keeps a tombstone, neither. `leaves` counts
/// the values at and beneath a node, so a node without any does not exist for a reader.
struct Tree: Sendable {
    typealias ID = Int32

    static let root: ID = 0
    static let none: ID = -1

    private struct Node: Sendable {
        var parent: ID
        var name: Int32
        var firstChild: ID = none
        var next: ID = none
        var previous: ID = none
        var leaves: Int32 = 0
    }

    private var nodes: [Node]
    private var values: [Value?]
    private(set) var names: Names
    private var index = SlotTable()
    private var free: [ID] = []
    let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        names = Names(seed: seed)
        nodes = [Node(parent: Tree.none, name: Tree.none)]
        values = [nil]
    }

    /// How many nodes there may be numbers for: arrays kept beside the tree are this long.
    var capacity: Int { nodes.count }

    /// How many nodes stand in the tree, the root among them.
    var count: Int { nodes.count - free.count }

    func value(_ id: ID) -> Value? { values[Int(id)] }
    func hasValue(_ id: ID) -> Bool { values[Int(id)] != nil }
    func parent(_ id: ID) -> ID { nodes[Int(id)].parent }
    func name(_ id: ID) -> Int32 { nodes[Int(id)].name }
    func firstChild(_ id: ID) -> ID { nodes[Int(id)].firstChild }
    func next(_ id: ID) -> ID { nodes[Int(id)].next }
    func hasChildren(_ id: ID) -> Bool { nodes[Int(id)].firstChild != Tree.none }
    func leaves(_ id: ID) -> Int { Int(nodes[Int(id)].leaves) }

    @inline(__always)
    private func hash(_ parent: ID, _ name: Int32) -> UInt32 {
        mixed(UInt64(UInt32(parent)) << 32 | UInt64(UInt32(name)), 0, seed: seed)
    }

    @inline(__always)
    func child(of parent: ID, named name: Int32) -> ID? {
        index.find(hash(parent, name)) {
            nodes[Int($0)].parent == parent && nodes[Int($0)].name == name
        }
    }

    func child(of parent: ID, named text: Text) -> ID? {
        guard let name = names.find(text) else { return nil }
        return child(of: parent, named: name)
    }

    /// The node at the end of the path, or nil.
    func find(_ path: Path) -> ID? {
        var id = Tree.root
        for segment in path.segments {
            guard let next = child(of: id, named: segment) else { return nil }
            id = next
        }
        return id
    }

    /// Keeps a name whether or not a node has it, until it is released.
    mutating func retain(name text: Text) -> Int32 { names.use(text) }
    mutating func release(name: Int32) { names.release(name) }

    /// Makes a child that is not there yet.
    mutating func addChild(of parent: ID, named text: Text) -> ID {
        let name = names.use(text)
        return link(parent, name)
    }

    /// Makes a child that is not there yet, by the number of a name in use.
    mutating func addChild(of parent: ID, named name: Int32) -> ID {
        names.use(again: name)
        return link(parent, name)
    }

    private mutating func link(_ parent: ID, _ name: Int32) -> ID {
        let id: ID
        let first = nodes[Int(parent)].firstChild
        let node = Node(parent: parent, name: name, next: first)
        if let reused = free.popLast() {
            id = reused
            nodes[Int(id)] = node
        } else {
            id = ID(nodes.count)
            nodes.append(node)
            values.append(nil)
        }
        if first != Tree.none { nodes[Int(first)].previous = id }
        nodes[Int(parent)].firstChild = id
        index.insert(hash(parent, name), id)
        return id
    }

    /// Gives the node another value, or none.
    @inline(__always)
    mutating func setValue(_ id: ID, _ value: Value?) {
        let change: Int32 = (value == nil ? 0 : 1) - (values[Int(id)] == nil ? 0 : 1)
        values[Int(id)] = value
        if change != 0 { countLeaves(id, change) }
    }

    private mutating func countLeaves(_ id: ID, _ change: Int32) {
        var at = id
        while at != Tree.none {
            nodes[Int(at)].leaves += change
            at = nodes[Int(at)].parent
        }
    }

    /// Takes a node without value and children out of the tree; true when its name went with it.
    @discardableResult
    mutating func remove(_ id: ID) -> Bool {
        let node = nodes[Int(id)]
        precondition(id != Tree.root && node.firstChild == Tree.none && values[Int(id)] == nil)
        index.remove(hash(node.parent, node.name), id)
        if node.previous == Tree.none {
            nodes[Int(node.parent)].firstChild = node.next
        } else {
            nodes[Int(node.previous)].next = node.next
        }
        if node.next != Tree.none { nodes[Int(node.next)].previous = node.previous }
        free.append(id)
        return names.release(node.name)
    }

    /// The node that comes after `id` when walking down from `top`, children before brothers;
    /// `descend` false steps over what is beneath `id`.
    @inline(__always)
    func following(_ id: ID, under top: ID, descend: Bool = true) -> ID? {
        if descend && nodes[Int(id)].firstChild != Tree.none { return nodes[Int(id)].firstChild }
        var at = id
        while at != top {
            if nodes[Int(at)].next != Tree.none { return nodes[Int(at)].next }
            at = nodes[Int(at)].parent
        }
        return nil
    }

    func path(_ id: ID) -> Path {
        var segments: [Text] = []
        var at = id
        while at != Tree.root {
            segments.append(names[nodes[Int(at)].name])
            at = nodes[Int(at)].parent
        }
        segments.reverse()
        return Path(segments)
    }

    /// How many names lie between the root and the node.
    func depth(_ id: ID) -> Int {
        var depth = 0
        var at = id
        while at != Tree.root {
            depth += 1
            at = nodes[Int(at)].parent
        }
        return depth
    }

    /// What stands at and beneath `id`, of what `sees` lets through, as a value; nil when that is
    /// nothing. `sees` is asked about nodes with values only.
    func value(at id: ID, where sees: (ID) -> Bool) -> Value? {
        if let value = values[Int(id)] { return sees(id) ? value : nil }
        var entries: [Map.Entry] = []
        var child = nodes[Int(id)].firstChild
        while child != Tree.none {
            if nodes[Int(child)].leaves > 0, let value = value(at: child, where: sees) {
                entries.append(Map.Entry(key: names[nodes[Int(child)].name], value: value))
            }
            child = nodes[Int(child)].next
        }
        if entries.isEmpty { return nil }
        entries.sort { $0.key < $1.key }
        return .map(Map(ordered: entries))
    }
}
