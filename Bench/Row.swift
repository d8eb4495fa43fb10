import Foundation

/// One measured number, as the results file has it.
struct Row: Codable, Equatable {
    var name: String
    var value: Double
    var unit: String
    /// Who did the same work in the same run, and how good ours is against that; above 1 is better.
    var peer: String?
    var ratio: Double?
    var runs: Int
    var min: Double
    var max: Double

    /// A row from what each run measured.
    init(name: String, values: [Double], unit: String, peer: String? = nil, ratio: Double? = nil) {
        self.name = name
        self.unit = unit
        self.peer = peer
        self.ratio = ratio
        value = median(values)
        runs = values.count
        min = values.min() ?? .nan
        max = values.max() ?? .nan
    }
}

/// The rows of a run, for people and for programs.
struct Report {
    var rows: [Row]

    static let file = ".build/bench/results.json"

    func write(to path: String = Report.file) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(rows).write(to: url)
    }

    static let header = line("name", "value", "unit", "ratio", "min", "max", "runs", "peer")

    static func line(of row: Row) -> String {
        line(
            row.name, short(row.value), row.unit,
            row.ratio.map { String(format: "%.2f", $0) } ?? "",
            short(row.min), short(row.max), String(row.runs), row.peer ?? "")
    }

    private static func short(_ number: Double) -> String {
        String(format: number.magnitude < 100 ? "%.2f" : "%.0f", number)
    }

    private static func line(
        _ name: String, _ value: String, _ unit: String, _ ratio: String, _ min: String,
        _ max: String, _ runs: String, _ peer: String
    ) -> String {
        func left(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: Swift.max(0, width - text.count))
        }
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: Swift.max(0, width - text.count)) + text
        }
        return left(name, 34) + right(value, 10) + " " + left(unit, 6) + right(ratio, 7)
            + right(min, 10) + right(max, 10) + right(runs, 5) + "  " + peer
    }
}
