internal import Wire

/// What the publishers say, known beforehand: from the seed alone follows every patch, and so the
/// document that everybody must hold at the end, without asking the server.
///
/// The document is a tree of two levels, fields in groups. Each publisher owns every M-th field
/// and touches no other, so the end does not depend on whose patch the server took first. A patch
/// sets a few fields to values that they never had, of all kinds; every sixteenth unsets one.
///
///     probe/run          the seed, and at the end `true` in probe/closed
///     g00/f000 … g00/f007
///     g01/f008 …
struct Script: Sendable {
    let fields: Int
    let changes: Int
    let publishers: Int
    let views: Int
    let seed: UInt64
    /// What the document holds once all that was made so far is applied.
    private(set) var held: [Value?]
    private var made: [Int]
    private(set) var isClosed = false

    /// Fields in a group: so many that a mask needs at most 48 patterns.
    static func groupSize(fields: Int) -> Int { max(4, (fields + 47) / 48) }
    static func groupCount(fields: Int) -> Int {
        let size = groupSize(fields: fields)
        return (fields + size - 1) / size
    }

    init(_ plan: LoadPlan) {
        fields = plan.fields
        changes = min(plan.changes, plan.fields / plan.publishers)
        publishers = plan.publishers
        views = plan.views
        seed = plan.seed
        held = [Value?](repeating: nil, count: plan.fields)
        made = [Int](repeating: 0, count: plan.publishers)
    }

    /// A patch, and in which views it changes something, a bit each.
    struct Step: Equatable {
        let patch: Patch
        let views: UInt64
    }

    // MARK: Names

    private func padded(_ n: Int, _ digits: Int) -> String {
        let text = String(n)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private func group(of field: Int) -> Int { field / Script.groupSize(fields: fields) }
    private func groupName(_ group: Int) -> Text { Text("g" + padded(group, 2)) }
    private func path(of field: Int) -> [Text] {
        [groupName(group(of: field)), Text("f" + padded(field, 3))]
    }

    // MARK: Views

    /// The mask of a view; nil for the first, which is everything.
    func mask(of view: Int) -> Mask? {
        guard view > 0 else { return nil }
        let groups = (0..<Script.groupCount(fields: fields)).filter { isGroup($0, in: view) }
        return Mask(paths: [["probe"]] + groups.map { Path([groupName($0)]) })
    }

    /// The same in a request over HTTP.
    func query(of view: Int) -> String? {
        guard view > 0 else { return nil }
        let groups = (0..<Script.groupCount(fields: fields)).filter { isGroup($0, in: view) }
        return (["probe"] + groups.map { groupName($0).string }).joined(separator: ",")
    }

    private func isGroup(_ group: Int, in view: Int) -> Bool {
        view == 0 || group % (views - 1) == view - 1
    }

    private func views(with field: Int) -> UInt64 {
        var bits: UInt64 = 1
        if views > 1 { bits |= 1 << UInt64(group(of: field) % (views - 1) + 1) }
        return bits
    }

    private var allViews: UInt64 { views == 64 ? .max : 1 << UInt64(views) - 1 }

    // MARK: Patches

    /// Never the same twice for a field, so each set changes something.
    private func value(_ field: Int, _ turn: Int) -> Value {
        switch field & 3 {
        case 0: .integer(Int64(turn) * 1_000 + Int64(field))
        case 1: .double(Double(turn) + 0.25 + Double(field & 7) / 16) ?? .null
        case 2: .text("state \(turn) of \(field)")
        default: .array([.integer(Int64(turn)), .text("µ"), .boolean(turn & 1 == 0), .null])
        }
    }

    /// The first patch: every field.
    mutating func opening() -> Step {
        var patch = Patch()
        for field in 0..<fields { set(field, value(field, 0), &patch) }
        patch.set["probe"] = ["run": .text(String(seed, radix: 16))]
        return Step(patch: patch, views: allViews)
    }

    /// The next patch of a publisher.
    mutating func step(of publisher: Int) -> Step {
        made[publisher] += 1
        let turn = made[publisher]
        let own = (fields - publisher + publishers - 1) / publishers
        let start = Int(mixed(UInt64(turn), seed &+ UInt64(publisher)) % UInt64(own))
        var patch = Patch()
        var views: UInt64 = 0
        for i in 0..<changes {
            let field = publisher + (start + i) % own * publishers
            if i == changes - 1, turn & 15 == 15, held[field] != nil {
                patch.unset.append(Path(path(of: field)))
                held[field] = nil
            } else {
                set(field, value(field, turn), &patch)
            }
            views |= self.views(with: field)
        }
        return Step(patch: patch, views: views)
    }

    /// The last patch, which everybody sees: whoever holds its version is at the head.
    mutating func closing() -> Step {
        isClosed = true
        var patch = Patch()
        patch.set["probe"] = ["closed": true]
        return Step(patch: patch, views: allViews)
    }

    private mutating func set(_ field: Int, _ value: Value, _ patch: inout Patch) {
        held[field] = value
        let path = path(of: field)
        var group = Map()
        if case .map(let map)? = patch.set[path[0]] { group = map }
        group[path[1]] = value
        patch.set[path[0]] = .map(group)
    }

    /// What a view must show in the end.
    func predicted(_ view: Int) -> Map {
        var map = Map()
        var probe: Map = Map()
        probe["run"] = .text(String(seed, radix: 16))
        if isClosed { probe["closed"] = true }
        map["probe"] = .map(probe)
        for field in 0..<fields where isGroup(group(of: field), in: view) {
            guard let value = held[field] else { continue }
            let path = path(of: field)
            var group = Map()
            if case .map(let inner)? = map[path[0]] { group = inner }
            group[path[1]] = value
            map[path[0]] = .map(group)
        }
        return map
    }
}
