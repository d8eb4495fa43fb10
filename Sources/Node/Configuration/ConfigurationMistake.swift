/// A place in a configuration file, line and column counted from one.
public struct FilePlace: Equatable, Comparable, Sendable {
    public let line: Int
    public let column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public static func < (a: FilePlace, b: FilePlace) -> Bool {
        (a.line, a.column) < (b.line, b.column)
    }
}

/// What is wrong with a configuration, where, and what would be right.
public struct ConfigurationMistake: Error, Equatable, Sendable {
    public enum Source: Equatable, Sendable {
        case file(FilePlace)
        case variable(String)
        case option(String)
        /// It follows from what is not said anywhere.
        case absence
    }

    public let source: Source
    public let text: String

    init(_ source: Source, _ text: String) {
        self.source = source
        self.text = text
    }

    init(at place: FilePlace, _ text: String) { self.init(.file(place), text) }

    /// For people, as compilers say it: `fieldcast.toml:12:3: …`.
    public func line(in file: String) -> String {
        switch source {
        case .file(let place): "\(file):\(place.line):\(place.column): \(text)"
        case .variable(let name): "environment variable \(name): \(text)"
        case .option(let name): "\(name): \(text)"
        case .absence: "\(file): \(text)"
        }
    }
}

/// The known word that is nearest to what was written.
enum Nearest {
    static func of(_ word: String, in known: [String]) -> String? {
        // Who wrote "warn" meant "warning".
        let begun = known.filter { $0.hasPrefix(word) }
        if word.utf8.count > 2, begun.count == 1 { return begun[0] }
        let near = known.min { distance($0, word) < distance($1, word) }
        guard let near, distance(near, word) <= max(2, word.utf8.count / 3) else { return nil }
        return near
    }

    /// "did you mean …?", or the whole list.
    static func hint(_ word: String, _ known: [String]) -> String {
        if let near = of(word, in: known) { return "did you mean \(near)?" }
        return "known are \(known.joined(separator: ", "))"
    }

    /// How many letters must be added, removed or exchanged (Levenshtein).
    static func distance(_ a: String, _ b: String) -> Int {
        let b = [UInt8](b.utf8)
        var row = [Int](0...b.count)
        for (i, x) in a.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let next = min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
