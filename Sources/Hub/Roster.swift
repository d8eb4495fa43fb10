import Wire

/// Who is there, of one topic (rule 29): one entry for each connection beneath its user.
///
/// The document that watchers see is made from it by patches. Above a limit they see the count
/// alone, and read the entries page by page.
struct Roster {
    struct Entry {
        let user: Text
        var state: Value
        /// When it is taken out, unless it says again that it is there.
        var until: Instant?
    }

    private(set) var entries: [Text: Entry] = [:]
    /// Those of the entries that have an end.
    private var ending: Set<Text> = []
    /// The document lists the users, and not their count alone.
    private var isListed = true
    private let limit: Int

    /// How many entries are listed in the document.
    static let listLimit = 1_000

    init(limit: Int = Roster.listLimit) { self.limit = limit }

    /// When the next entry ends.
    var deadline: Instant? { ending.lazy.compactMap { entries[$0]?.until }.min() }

    /// A connection is there, and how.
    mutating func enter(
        _ connection: Text, _ user: Text, _ state: Value, until: Instant?
    ) -> Patch {
        let isNew = entries[connection] == nil
        entries[connection] = Entry(user: user, state: state, until: until)
        if until == nil { ending.remove(connection) } else { ending.insert(connection) }
        var patch = Patch(set: ["count": .integer(Int64(entries.count))])
        if entries.count > limit {
            if isListed { patch.unset = [["users"]] }
            isListed = false
        } else if isListed {
            // A state that is a map takes the place of the old one, whole.
            if !isNew { patch.unset = [["users", user, connection]] }
            patch.set["users"] = .map([user: .map([connection: state])])
        }
        return patch
    }

    /// It has gone, for good if it does not come back before then.
    mutating func leave(_ connection: Text, at end: Instant) {
        guard entries[connection] != nil else { return }
        entries[connection]?.until = end
        ending.insert(connection)
    }

    /// Takes out those whose end has come; nil when there are none.
    mutating func forget(now: Instant) -> Patch? {
        let due = ending.filter { connection in
            entries[connection]?.until.map { $0 <= now } ?? true
        }
        guard !due.isEmpty else { return nil }
        var paths: [Path] = []
        for connection in due {
            if let user = entries[connection]?.user { paths.append(["users", user, connection]) }
            entries[connection] = nil
            ending.remove(connection)
        }
        var patch = Patch(set: ["count": .integer(Int64(entries.count))])
        if isListed {
            patch.unset = paths.sorted()
        } else if entries.count <= limit - limit / 10 {
            // Listed again only when it is well below the limit, so that it does not go to and fro.
            isListed = true
            patch.set["users"] = .map(users)
        }
        return patch
    }

    private var users: Map {
        var users = Map()
        for (connection, entry) in entries {
            guard case .map(var own)? = users[entry.user] ?? .map(Map()) else { continue }
            own[connection] = entry.state
            users[entry.user] = .map(own)
        }
        return users
    }

    /// A page of the entries, in the order of users and connections, numbered from 1.
    func page(from start: UInt64, limit: Int) -> (entries: [(UInt64, Value)], next: UInt64?) {
        let sorted = entries.sorted {
            ($0.value.user, $0.key) < ($1.value.user, $1.key)
        }
        let first = min(Int(clamping: max(start, 1)) - 1, sorted.count)
        let last = min(first + limit, sorted.count)
        let page = sorted[first..<last].enumerated().map { offset, item in
            (
                UInt64(first + offset + 1),
                Value.map([
                    "user": .text(item.value.user), "connection": .text(item.key),
                    "state": item.value.state,
                ])
            )
        }
        return (page, last < sorted.count ? UInt64(last + 1) : nil)
    }
}
