internal import Wire

/// What `watch` shows: the fields, those that just changed standing out, how often and how much.
/// Pure: things happen to it, and it gives the lines of a screen.
struct WatchScreen {
    let topic: String
    let server: String
    private(set) var list = FieldList()
    private(set) var version: UInt64 = 0
    private(set) var frames = 0
    private(set) var bytes = 0
    private var merged: UInt64 = 0
    private var status = "connecting"
    private var isGood = false
    private var proof = ""
    /// When each field last changed; only those of late are kept.
    private var fresh: [String: Instant] = [:]
    private var gone: [(path: String, at: Instant)] = []
    /// The frames of the last seconds, for the rate.
    private var recent: [Instant] = []

    static let freshTime = Interval.milliseconds(1_500)
    private static let rateTime = Interval.seconds(5)

    init(topic: String, server: String) {
        self.topic = topic
        self.server = server
    }

    mutating func snapshot(_ document: Map, version: UInt64) {
        list = FieldList(document)
        self.version = version
        isGood = true
        status = "live"
    }

    /// A diff was applied; what it changed comes back.
    mutating func changed(
        _ document: Map, version: UInt64, versions: UInt64, now: Instant
    ) -> [FieldList.Change] {
        let next = FieldList(document)
        let changes = next.changes(since: list)
        list = next
        self.version = version
        if versions > 1 { merged += versions - 1 }
        frames += 1
        recent.append(now)
        for change in changes {
            if case .unset(let path) = change {
                gone.append((path, now))
            } else {
                fresh[change.path] = now
            }
        }
        return changes
    }

    mutating func received(_ count: Int) { bytes += count }
    mutating func proven(_ agrees: Bool) { proof = agrees ? "proven" : "DIVERGED" }

    mutating func say(_ status: String, isGood: Bool) {
        self.status = status
        self.isGood = isGood
    }

    private mutating func age(_ now: Instant) {
        fresh = fresh.filter { now.since($0.value) < WatchScreen.freshTime }
        gone.removeAll { now.since($0.at) >= WatchScreen.freshTime }
        recent.removeAll { now.since($0) >= WatchScreen.rateTime }
    }

    // MARK: Drawing

    private static let bold = "\u{1b}[1m"
    private static let dim = "\u{1b}[2m"
    private static let changed = "\u{1b}[30;42m"
    private static let removed = "\u{1b}[9;31m"
    private static let bad = "\u{1b}[1;31m"
    private static let plain = "\u{1b}[0m"

    /// The screen, at most `rows` lines of at most `columns` characters.
    mutating func lines(columns: Int, rows: Int, now: Instant) -> [String] {
        age(now)
        let rate = Double(recent.count) / Figures.seconds(WatchScreen.rateTime)
        var head = WatchScreen.bold + WatchScreen.cut(topic, columns) + WatchScreen.plain
        head += "  \(isGood ? WatchScreen.dim : WatchScreen.bad)\(status)\(WatchScreen.plain)"
        var facts = "version \(Figures.count(version))   \(Figures.fixed(rate, 1)) frames/s   "
        facts += "\(Figures.count(list.rows.count)) fields   \(Figures.bytes(UInt64(bytes)))"
        if merged > 0 { facts += "   \(Figures.count(merged)) merged" }
        if !proof.isEmpty { facts += "   \(proof)" }
        var lines = [
            head, WatchScreen.dim + WatchScreen.cut(facts, columns) + WatchScreen.plain, "",
        ]
        let longest = list.rows.reduce(0) { max($0, $1.path.count) }
        let width = min(max(longest, 8), max(12, columns / 2))
        let room = max(1, rows - lines.count - 2)
        for row in visible(room) {
            let value = WatchScreen.cut(row.value, max(4, columns - width - 3))
            let path = Figures.left(WatchScreen.cut(row.path, width), width)
            let isFresh = fresh[row.path] != nil
            lines.append(
                "\(path)  "
                    + (isFresh ? WatchScreen.changed + value + WatchScreen.plain : value))
        }
        for row in gone.prefix(max(0, rows - lines.count - 1)) {
            lines.append(
                WatchScreen.removed + WatchScreen.cut(row.path, columns) + WatchScreen.plain)
        }
        let hidden = list.rows.count - min(room, list.rows.count)
        if hidden > 0 {
            lines.append(WatchScreen.dim + "\(Figures.count(hidden)) more" + WatchScreen.plain)
        }
        return lines
    }

    /// Where not all rows fit, those that changed of late come first, in their order.
    private func visible(_ room: Int) -> [FieldList.Row] {
        guard list.rows.count > room else { return list.rows }
        var kept = Set(list.rows.filter { fresh[$0.path] != nil }.prefix(room).map { $0.path })
        for row in list.rows where kept.count < room { kept.insert(row.path) }
        return list.rows.filter { kept.contains($0.path) }
    }

    static func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
    }

    // MARK: Lines, where there is no terminal

    static func line(version: UInt64, _ changes: [FieldList.Change], merged: UInt64) -> String {
        var parts: [String] = []
        for change in changes {
            switch change {
            case .set(let path, let old, let new):
                parts.append(path + (old.map { " \($0) → \(new)" } ?? " = \(new)"))
            case .unset(let path): parts.append("\(path) gone")
            }
        }
        let note = merged > 0 ? " (\(merged) merged)" : ""
        return "v\(version)\(note)  " + parts.joined(separator: "   ")
    }
}
