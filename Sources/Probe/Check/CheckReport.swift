internal import Wire

/// What a check found: a verdict for each rule, and the sessions from which it came.
struct CheckReport: Sendable {
    struct Row: Equatable, Sendable {
        let rule: Rule
        var verdict: Verdict
        /// The sessions that tried it.
        var sessions: [String] = []
    }

    struct Session: Equatable, Sendable {
        let name: String
        let rules: [String]
        let verdict: Verdict
    }

    let subject: String
    let began: WallTime
    private(set) var rows: [Row]
    private(set) var sessions: [Session] = []

    /// `reason` says why a rule cannot be tried; nil for those that a session must try.
    init(subject: String, began: WallTime, rules: [Rule], reason: (Rule) -> String?) {
        (self.subject, self.began) = (subject, began)
        rows = rules.map {
            Row(rule: $0, verdict: .notTried(reason($0) ?? "no session came to it"))
        }
    }

    mutating func add(_ name: String, _ rules: [String], _ verdict: Verdict) {
        sessions.append(Session(name: name, rules: rules, verdict: verdict))
        for place in rows.indices where rules.contains(rows[place].rule.id) {
            rows[place].sessions.append(name)
            if case .notTried = rows[place].verdict {
                rows[place].verdict = verdict
            } else {
                rows[place].verdict = rows[place].verdict.worse(verdict)
            }
        }
    }

    func verdict(of id: String) -> Verdict? { rows.first { $0.rule.id == id }?.verdict }

    private func count(_ rows: [Row], _ name: String) -> Int {
        rows.count { $0.verdict.name == name }
    }

    static let names = ["pass", "lenient", "fail", "not tried"]

    func counts(_ level: Rule.Level?, must: Bool = false) -> [(name: String, count: Int)] {
        let some = rows.filter {
            (level == nil || $0.rule.level == level) && (!must || $0.rule.isMust)
        }
        return CheckReport.names.map { ($0, count(some, $0)) }
    }

    /// The highest level up to which nothing failed; nil where the lowest has a failure.
    var reached: Rule.Level? {
        var reached: Rule.Level?
        for level in Rule.Level.allCases {
            if rows.contains(where: { $0.rule.level == level && $0.verdict.isFailure }) { break }
            reached = level
        }
        return reached
    }

    /// Rules that say MUST, but for those that bind the other side: how many were tried, of how
    /// many.
    var tried: (count: Int, of: Int) {
        let others = [Rule.forClients, Rule.forServers]
        let musts = rows.filter { $0.rule.isMust && !others.contains($0.verdict.reason) }
        return (musts.count - count(musts, "not tried"), musts.count)
    }

    var outcome: Outcome {
        if rows.contains(where: { $0.verdict.isFailure }) { return .missed }
        if !rows.contains(where: { $0.verdict == .pass }) { return .invalid }
        return .held
    }

    // MARK: Text

    var text: String {
        var text = "\(subject)\n\n"
        for row in rows where row.verdict.name == "fail" { text += line(row) }
        for row in rows where row.verdict.name == "lenient" { text += line(row) }
        let rest = rows.filter { $0.verdict.name == "not tried" }
        if !rest.isEmpty {
            text += "\nnot tried\n"
            for row in rest {
                text += "  " + Figures.left(row.rule.id, 5) + row.verdict.reason + "\n"
            }
        }
        text += "\n" + Figures.left("", 12)
        for name in CheckReport.names { text += Figures.right(name, 11) }
        text += "\n"
        for level in Rule.Level.allCases { text += tableLine(level.rawValue, counts(level)) }
        text += tableLine("all", counts(nil))
        text += tableLine("of MUST", counts(nil, must: true))
        text += "\n\(conclusion)\n"
        return text
    }

    var conclusion: String {
        let level = reached.map { "nothing fails up to the level \($0.rawValue)" } ?? "it fails"
        return "\(level); \(tried.count) of \(tried.of) rules that say MUST were tried"
    }

    private func line(_ row: Row) -> String {
        Figures.left(row.verdict.name, 9) + Figures.left(row.rule.id, 5) + row.rule.words + "\n"
            + String(repeating: " ", count: 14) + row.verdict.reason + "\n"
    }

    private func tableLine(_ name: String, _ counts: [(name: String, count: Int)]) -> String {
        var text = Figures.left(name, 12)
        for (_, count) in counts { text += Figures.right("\(count)", 11) }
        return text + "\n"
    }

    // MARK: JSON

    static let format: Text = "fieldcast-check/1"

    var json: [UInt8] { value.json + [0x0a] }

    var value: Value {
        var map = Map()
        map["format"] = .text(CheckReport.format)
        map["began"] = .time(began)
        map["subject"] = .text(subject)
        map["outcome"] = .text("\(outcome)")
        map["reached"] = reached.map { .text($0.rawValue) } ?? .null
        map["rules"] = .array(
            rows.map { row in
                [
                    "rule": .text(row.rule.id), "level": .text(row.rule.level.rawValue),
                    "must": .boolean(row.rule.isMust), "words": .text(row.rule.words),
                    "verdict": .text(row.verdict.name), "reason": .text(row.verdict.reason),
                    "sessions": .array(row.sessions.map { .text($0) }),
                ]
            })
        map["sessions"] = .array(
            sessions.map { session in
                [
                    "name": .text(session.name), "verdict": .text(session.verdict.name),
                    "reason": .text(session.verdict.reason),
                    "rules": .array(session.rules.map { .text($0) }),
                ]
            })
        return .map(map)
    }
}
