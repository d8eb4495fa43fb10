import Foundation
import Wire

/// As much of JSON Schema as the schema here uses.
enum Schema {
    /// One that stands beside the documents.
    static func published(_ name: String) throws -> Value {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try Data(contentsOf: root.appending(path: "docs/\(name).schema.json"))
        return try Value(json: [UInt8](text).span)
    }

    static func faults(_ value: Value, _ schema: Value, at place: String) -> [String] {
        guard case .map(let rules) = schema else { return [] }
        var faults: [String] = []
        if let wanted = rules["const"], wanted != value { faults.append("\(place): not \(wanted)") }
        if case .array(let all)? = rules["enum"], !all.contains(value) {
            faults.append("\(place): none of \(all)")
        }
        let types: [Value] =
            switch rules["type"] {
            case .array(let list)?: list
            case let one?: [one]
            case nil: []
            }
        if !types.isEmpty, !types.contains(where: { matches(value, $0) }) {
            faults.append("\(place): not of \(types)")
        }
        if case .map(let map) = value {
            var known = Map()
            if case .map(let properties)? = rules["properties"] { known = properties }
            if case .array(let required)? = rules["required"] {
                for case .text(let name) in required where map[name] == nil {
                    faults.append("\(place): \(name) is missing")
                }
            }
            for entry in map.entries {
                let inner = known[entry.key] ?? rules["additionalProperties"]
                if inner == .boolean(false) {
                    faults.append("\(place): \(entry.key) is not known")
                } else if let inner {
                    faults += Schema.faults(entry.value, inner, at: "\(place).\(entry.key)")
                }
            }
        }
        if case .array(let list) = value, let inner = rules["items"] {
            for (i, element) in list.enumerated() {
                faults += Schema.faults(element, inner, at: "\(place)[\(i)]")
            }
        }
        return faults
    }

    private static func matches(_ value: Value, _ type: Value) -> Bool {
        switch (type, value) {
        case ("number", .number), ("string", .text), ("boolean", .boolean), ("null", .null),
            ("array", .array), ("object", .map), ("object", .time):
            true
        case ("integer", .number(let number)): number.int64 != nil || number.uint64 != nil
        default: false
        }
    }
}
