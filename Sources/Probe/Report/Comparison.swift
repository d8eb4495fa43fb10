internal import Wire

/// Two results side by side: what got better, what got worse, by how much.
struct Comparison {
    struct Row: Equatable {
        let name: String
        let unit: String
        let before: Double
        let after: Double
        let lessIsBetter: Bool

        /// By which part it got better; below zero where it got worse. Nil where nothing was.
        var gain: Double? {
            guard before > 0, after > 0 else { return before == after ? 0 : nil }
            return lessIsBetter ? before / after - 1 : after / before - 1
        }
    }

    let rows: [Row]
    /// What differs in how the two were made; they should not.
    let differences: [String]

    private static let figures: [(name: String, path: [Text], unit: String, less: Bool)] = [
        ("receipts a second", ["receiptsPerSecond"], "", false),
        ("receipt p50", ["stages", "receipt", "p50"], "ms", true),
        ("receipt p90", ["stages", "receipt", "p90"], "ms", true),
        ("receipt p99", ["stages", "receipt", "p99"], "ms", true),
        ("receipt p99.9", ["stages", "receipt", "p99.9"], "ms", true),
        ("receipt max", ["stages", "receipt", "max"], "ms", true),
        ("ack p50", ["stages", "ack", "p50"], "ms", true),
        ("ack p99", ["stages", "ack", "p99"], "ms", true),
        ("connect p99", ["stages", "connect", "p99"], "ms", true),
        ("recovery", ["recovery"], "ms", true),
        ("bytes received", ["account", "receivedBytes"], "", true),
        ("diverged", ["audit", "diverged"], "", true),
        ("lost", ["audit", "lost"], "", true),
        ("repeated", ["audit", "repeated"], "", true),
        ("out of order", ["audit", "disordered"], "", true),
    ]

    init(_ before: Map, _ after: Map) {
        rows = Comparison.figures.compactMap { figure in
            guard let a = Comparison.number(before, figure.path),
                let b = Comparison.number(after, figure.path)
            else { return nil }
            return Row(
                name: figure.name, unit: figure.unit, before: a, after: b,
                lessIsBetter: figure.less)
        }
        var differences: [String] = []
        for part in ["plan", "environment"] as [Text] {
            guard case .map(let a)? = before[part], case .map(let b)? = after[part] else {
                continue
            }
            for entry in a.entries where entry.key != "topic" && entry.key != "loadBefore" {
                guard let other = b[entry.key], other != entry.value else { continue }
                let (x, y) = (FieldList.words(entry.value), FieldList.words(other))
                differences.append("\(entry.key): \(x), then \(y)")
            }
        }
        self.differences = differences
    }

    private static func number(_ map: Map, _ path: [Text]) -> Double? {
        var value = Value.map(map)
        for name in path {
            guard case .map(let inner) = value, let next = inner[name] else { return nil }
            value = next
        }
        if case .number(let number) = value { return number.double }
        return nil
    }

    /// Those that got worse by more than a share, and faults where there were none.
    func worse(than tolerance: Double) -> [Row] {
        rows.filter { row in
            if let gain = row.gain { return gain < -tolerance }
            return row.lessIsBetter && row.after > 0
        }
    }

    func text(tolerance: Double) -> String {
        let worse = worse(than: tolerance)
        var lines = [
            Figures.left("", 20) + Figures.right("before", 14) + Figures.right("after", 14)
                + Figures.right("change", 12)
        ]
        for row in rows {
            var change = row.after > 0 ? "from none" : "to none"
            if row.before > 0, row.after > 0 {
                let share = row.after / row.before - 1
                change = (share > 0 ? "+" : "") + Figures.percent(share)
            } else if row.before == row.after {
                change = "–"
            }
            let unit = row.unit.isEmpty ? "" : " " + row.unit
            lines.append(
                Figures.left(row.name, 20) + Figures.right(Comparison.figure(row.before) + unit, 14)
                    + Figures.right(Comparison.figure(row.after) + unit, 14)
                    + Figures.right(change, 12) + (worse.contains(row) ? "  WORSE" : ""))
        }
        if !differences.isEmpty { lines += ["", "Made differently:"] }
        lines += differences.map { "  " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func figure(_ x: Double) -> String {
        x == x.rounded() || x >= 1_000 ? Figures.fixed(x, 0) : Figures.scaled(x)
    }
}
