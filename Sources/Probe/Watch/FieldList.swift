internal import Wire

/// A document as rows, one a field, in the order of their paths; and what differs between two.
struct FieldList: Equatable {
    struct Row: Equatable {
        let path: String
        let value: String
    }

    private(set) var rows: [Row] = []

    init() {}

    init(_ document: Map) { add(document, "") }

    private mutating func add(_ map: Map, _ prefix: String) {
        for entry in map.entries {
            let path = prefix + entry.key.string
            if case .map(let inner) = entry.value, !inner.isEmpty {
                add(inner, path + "/")
            } else {
                rows.append(Row(path: path, value: FieldList.words(entry.value)))
            }
        }
    }

    /// A value as people read it: a text in its quotes, a time as the wall says it.
    static func words(_ value: Value) -> String {
        switch value {
        case .time(let time):
            var bytes: [UInt8] = []
            if time.appendISO8601(to: &bytes) { return String(decoding: bytes, as: UTF8.self) }
        case .bytes(let bytes): return "\(Figures.count(bytes.count)) bytes"
        case .null, .boolean, .number, .text, .custom, .array, .map: break
        }
        return FieldList.printable(String(decoding: value.json, as: UTF8.self))
    }

    /// What a terminal would obey is shown, not done.
    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { isControl($0) }) else { return text }
        var clean = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                clean += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                clean.unicodeScalars.append(scalar)
            }
        }
        return clean
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    }

    enum Change: Equatable {
        case set(String, old: String?, new: String)
        case unset(String)

        var path: String {
            switch self {
            case .set(let path, _, _), .unset(let path): path
            }
        }
    }

    /// What makes `old` into this. Both are in order, so one walk over both finds it.
    func changes(since old: FieldList) -> [Change] {
        var changes: [Change] = []
        var (i, j) = (0, 0)
        let (a, b) = (old.rows, rows)
        while i < a.count || j < b.count {
            if j == b.count || i < a.count && FieldList.precedes(a[i].path, b[j].path) {
                changes.append(.unset(a[i].path))
                i += 1
            } else if i == a.count || a[i].path != b[j].path {
                changes.append(.set(b[j].path, old: nil, new: b[j].value))
                j += 1
            } else {
                if a[i].value != b[j].value {
                    changes.append(.set(b[j].path, old: a[i].value, new: b[j].value))
                }
                i += 1
                j += 1
            }
        }
        return changes
    }

    /// The order in which a document is walked: segment by segment, by bytes.
    private static func precedes(_ a: String, _ b: String) -> Bool {
        let x = a.utf8.map { $0 == UInt8(ascii: "/") ? 0 : $0 }
        let y = b.utf8.map { $0 == UInt8(ascii: "/") ? 0 : $0 }
        return x.lexicographicallyPrecedes(y)
    }
}
