internal import Wire

/// A mistake in how the program was called: what is wrong, and what to do.
struct UsageError: Error, Equatable {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// One option that a command knows.
struct Option: Equatable, Sendable {
    let name: String
    /// What its value is called in the help; nil for one without a value.
    let value: String?
    let help: String

    init(_ name: String, _ value: String, _ help: String) {
        (self.name, self.value, self.help) = (name, value, help)
    }

    init(_ name: String, _ help: String) {
        (self.name, self.value, self.help) = (name, nil, help)
    }
}

/// The words of a command line, sorted into options and the rest; the readers below turn them into
/// values and say what is wrong with those that are none.
struct Arguments: Equatable {
    private(set) var words: [String] = []
    private var given: [(name: String, value: String)] = []

    static func == (a: Arguments, b: Arguments) -> Bool {
        a.words == b.words && a.given.elementsEqual(b.given) { $0 == $1 }
    }

    init(_ words: [String], knowing options: [Option]) throws(UsageError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                if word.hasPrefix("-"), word.utf8.count > 1, Double(word) == nil {
                    throw UsageError("\(word) is no option", hint: "options begin with --")
                }
                self.words.append(word)
                continue
            }
            if word == "--" {
                self.words += rest
                return
            }
            let parts = word.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = options.first(where: { $0.name == name }) else {
                throw Arguments.unknown(name, options)
            }
            switch (option.value, parts.count) {
            case (nil, 1): given.append((name, ""))
            case (nil, _): throw UsageError("--\(name) takes no value")
            case (_?, 2): given.append((name, String(parts[1])))
            case (let value?, _):
                guard let next = rest.popFirst() else {
                    throw UsageError("--\(name) wants a value: --\(name) \(value)")
                }
                given.append((name, next))
            }
        }
    }

    /// Adds what was not given, as from a preset or a file: what was given wins.
    mutating func add(_ name: String, _ values: [String]) {
        if has(name) { return }
        for value in values { given.append((name, value)) }
    }

    private static func unknown(_ name: String, _ options: [Option]) -> UsageError {
        let near = options.min { distance(name, $0.name) < distance(name, $1.name) }
        let begun = options.first { !name.isEmpty && $0.name.hasPrefix(name) }
        let meant = begun ?? near.flatMap { distance(name, $0.name) <= 2 ? $0 : nil }
        return UsageError(
            "there is no option --\(name)", hint: meant.map { "did you mean --\($0.name)?" })
    }

    /// How many letters must change to make one word the other (Levenshtein).
    static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = ([UInt8](a.utf8), [UInt8](b.utf8))
        var row = Array(0...b.count)
        for i in a.indices {
            var corner = row[0]
            row[0] = i + 1
            for j in b.indices {
                let change = corner + (a[i] == b[j] ? 0 : 1)
                corner = row[j + 1]
                row[j + 1] = min(change, corner + 1, row[j] + 1)
            }
        }
        return row[b.count]
    }

    // MARK: Reading

    func has(_ name: String) -> Bool { given.contains { $0.name == name } }

    /// The last value given.
    func text(_ name: String) -> String? { given.last { $0.name == name }?.value }

    func all(_ name: String) -> [String] { given.filter { $0.name == name }.map { $0.value } }

    func count(
        _ name: String, in range: ClosedRange<Int>, or usual: Int
    ) throws(UsageError) -> Int {
        guard let text = text(name) else { return usual }
        let plain = text.filter { $0 != "," && $0 != "_" }
        guard let n = Int(plain), range.contains(n) else {
            throw UsageError(
                "--\(name) \(text): a whole number from \(range.lowerBound) to "
                    + "\(Figures.count(range.upperBound)) is wanted")
        }
        return n
    }

    func number(
        _ name: String, in range: ClosedRange<Double>, or usual: Double
    ) throws(UsageError) -> Double {
        guard let text = text(name) else { return usual }
        guard let x = Double(text), range.contains(x) else {
            throw UsageError(
                "--\(name) \(text): a number from \(range.lowerBound) to \(range.upperBound) is "
                    + "wanted")
        }
        return x
    }

    /// As `25%` or `0.25`.
    func share(_ name: String, or usual: Double) throws(UsageError) -> Double {
        guard let text = text(name) else { return usual }
        let isPercent = text.hasSuffix("%")
        guard let x = Double(isPercent ? String(text.dropLast()) : text) else {
            throw UsageError("--\(name) \(text): a share is wanted, as 25% or 0.25")
        }
        let share = isPercent ? x / 100 : x
        guard (0...1).contains(share) else {
            throw UsageError("--\(name) \(text): a share lies between 0% and 100%")
        }
        return share
    }

    func duration(_ name: String, or usual: Interval) throws(UsageError) -> Interval {
        guard let text = text(name) else { return usual }
        guard let interval = Interval(words: text) else {
            throw UsageError("--\(name) \(text): a time is wanted, as 500ms, 10s, 2m or 1h")
        }
        return interval
    }
}

extension Interval {
    /// `250us`, `300ms`, `1.5s`, `2m`, `1h`; a bare number is seconds.
    init?(words text: String) {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let x = Double(digits), x >= 0 else { return nil }
        let unit: Double
        switch text.dropFirst(digits.count).drop(while: { $0 == " " }) {
        case "ns": unit = 1
        case "us", "µs": unit = 1e3
        case "ms": unit = 1e6
        case "s", "": unit = 1e9
        case "m", "min": unit = 60e9
        case "h": unit = 3600e9
        default: return nil
        }
        guard x * unit < 1e18 else { return nil }
        self.init(nanoseconds: UInt64((x * unit).rounded()))
    }
}
