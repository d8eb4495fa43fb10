import Wire

/// An answer for people to read: a list of maps as a table, a map as lines.
enum TextTable {
    static func lines(of map: Map) -> String {
        var text = ""
        for entry in map.entries {
            if case .array(let rows) = entry.value, rows.contains(where: \.isMap) {
                text += table(of: rows)
            } else if map.entries.count == 1, case .array(let rows) = entry.value, rows.isEmpty {
                text += "none\n"
            } else {
                text += "\(entry.key): \(plain(entry.value))\n"
            }
        }
        return text
    }

    /// `standing=level version=41 …`
    static func line(of row: Map) -> String {
        row.entries.map { "\($0.key)=\(plain($0.value))" }.joined(separator: " ")
    }

    private static func table(of rows: [Value]) -> String {
        var columns: [Text] = []
        for case .map(let row) in rows {
            for entry in row.entries where !columns.contains(entry.key) {
                columns.append(entry.key)
            }
        }
        var cells = [columns.map { $0.string }]
        for case .map(let row) in rows {
            cells.append(columns.map { row[$0].map { plain($0) } ?? "-" })
        }
        let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let line = row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return line.joined(separator: "  ") + "\n"
        }.joined()
    }

    /// Control characters, which a topic may hold, must not reach a terminal.
    private static func plain(_ value: Value) -> String {
        let text: String
        switch value {
        case .text(let value): text = value.string
        default:
            var writer = Writer()
            writer.writeJSON(value)
            text = String(decoding: writer.bytes(), as: UTF8.self)
        }
        return String(
            text.unicodeScalars.map {
                $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) ? "\u{fffd}" : Character($0)
            })
    }
}

extension Value {
    fileprivate var isMap: Bool { if case .map = self { true } else { false } }
}
