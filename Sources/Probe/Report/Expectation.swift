internal import Wire

/// A threshold as one writes it: `p99(receipt) < 50ms`, `lost == 0`, `receipts/s >= 10000`.
struct Expectation: Equatable, Sendable {
    enum Comparison: String, CaseIterable, Sendable {
        case atMost = "<="
        case atLeast = ">="
        case equal = "=="
        case unequal = "!="
        case below = "<"
        case above = ">"

        func holds(_ a: Double, _ b: Double) -> Bool {
            if a.isNaN { return false }
            return switch self {
            case .atMost: a <= b
            case .atLeast: a >= b
            case .equal: a == b
            case .unequal: a != b
            case .below: a < b
            case .above: a > b
            }
        }
    }

    enum Figure: Equatable, Sendable {
        /// Of a stage, in nanoseconds.
        case percentile(Double, stage: String)
        case mean(stage: String)
        case maximum(stage: String)
        case count(String)
    }

    let text: String
    let figure: Figure
    let comparison: Comparison
    /// Nanoseconds for a stage's figures.
    let bound: Double

    struct Verdict: Equatable, Sendable {
        let text: String
        let found: String
        let holds: Bool
    }

    private static let counts = [
        "diverged", "lost", "repeated", "disordered", "merged", "malformed", "behind", "unproven",
        "mispredicted", "contradicted", "proven", "cuts", "lags", "receipts", "receipts/s",
        "refused", "ready",
        "cpu", "recovery",
    ]

    init(_ text: String) throws(UsageError) {
        self.text = text
        guard
            let (operation, place) = Expectation.split(text)
        else {
            throw UsageError(
                "--expect \"\(text)\": no comparison in it",
                hint: "write it as \"p99(receipt) < 50ms\" or \"lost == 0\"")
        }
        let left = Expectation.trimmed(text[..<place])
        let right = Expectation.trimmed(text[place...].dropFirst(operation.rawValue.count))
        comparison = operation
        figure = try Expectation.figure(left, text)
        switch figure {
        case .percentile, .mean, .maximum:
            guard let interval = Interval(words: right), Double(right) == nil else {
                throw UsageError(
                    "--expect \"\(text)\": \(right) is no time", hint: "give it a unit, as 50ms")
            }
            bound = Double(interval.nanoseconds)
        case .count("recovery"):
            guard let interval = Interval(words: right) else {
                throw UsageError("--expect \"\(text)\": \(right) is no time")
            }
            bound = Double(interval.nanoseconds)
        case .count:
            guard let number = Double(right.filter { $0 != "," && $0 != "_" }) else {
                throw UsageError("--expect \"\(text)\": \(right) is no number")
            }
            bound = number
        }
    }

    private static func split(_ text: String) -> (Comparison, String.Index)? {
        for place in text.indices {
            if let found = Comparison.allCases.first(where: {
                text[place...].hasPrefix($0.rawValue)
            }) {
                return (found, place)
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }

    private static func figure(_ left: String, _ whole: String) throws(UsageError) -> Figure {
        if counts.contains(left) { return .count(left) }
        guard left.hasSuffix(")"), let open = left.firstIndex(of: "(") else {
            throw UsageError(
                "--expect \"\(whole)\": \(left) is not measured",
                hint: "there are p50…p99.99, mean and max of a stage, and: "
                    + counts.joined(separator: ", "))
        }
        let stage = String(left[left.index(after: open)...].dropLast())
        let stages = Stages().all.map { $0.name }
        guard stages.contains(stage) else {
            throw UsageError(
                "--expect \"\(whole)\": there is no stage \(stage)",
                hint: "the stages are " + stages.joined(separator: ", "))
        }
        let name = left[..<open]
        if name == "max" { return .maximum(stage: stage) }
        if name == "mean" { return .mean(stage: stage) }
        guard name.hasPrefix("p"), let percent = Double(name.dropFirst()), percent > 0,
            percent <= 100
        else {
            throw UsageError("--expect \"\(whole)\": \(name) is no percentile, mean or max")
        }
        return .percentile(percent, stage: stage)
    }

    func verdict(on result: LoadResult) -> Verdict {
        let stage = { (name: String) in
            result.stages.all.first { $0.name == name }?.histogram ?? Histogram()
        }
        var found: Double
        var words: String
        switch figure {
        case .percentile(let percent, let name):
            (found, words) = Expectation.time(stage(name), stage(name).percentile(percent))
        case .mean(let name): (found, words) = Expectation.time(stage(name), stage(name).mean)
        case .maximum(let name): (found, words) = Expectation.time(stage(name), stage(name).max)
        case .count("recovery"):
            found = result.recovery.map { Double($0.nanoseconds) } ?? .infinity
            words = result.recovery.map { Figures.duration($0) } ?? "never"
        case .count(let name):
            found = Expectation.count(name, result)
            words = name == "cpu" ? Figures.percent(found) : Figures.rate(found)
            if found == found.rounded(), found.magnitude < 1e15 {
                words = Figures.count(Int64(found))
            }
        }
        return Verdict(
            text: "\(text)  (\(words))", found: words,
            holds: comparison.holds(found, bound))
    }

    /// What was never measured holds no threshold.
    private static func time(_ histogram: Histogram, _ value: Interval) -> (Double, String) {
        histogram.isEmpty
            ? (.nan, "not measured") : (Double(value.nanoseconds), Figures.duration(value))
    }

    private static func count(_ name: String, _ result: LoadResult) -> Double {
        let audit = result.audit
        switch name {
        case "merged": return Double(audit.merged)
        case "proven": return Double(audit.proven)
        case "cuts": return Double(audit.cuts)
        case "lags": return Double(audit.lags)
        case "receipts": return Double(result.receipts)
        case "receipts/s": return result.receiptsPerSecond
        case "refused": return Double(result.account.refused)
        case "ready": return Double(result.ready)
        case "cpu": return result.busy
        default: return Double(audit.faults.first { $0.name == name }?.count ?? 0)
        }
    }
}
