import FakeNode
import Hub
import Node
import Testing
import Transport
import Wire

@testable import Probe

/// The check of servers against the real node, which must keep every rule that can be tried.
@Suite("Checking a server", .serialized) struct ServerCheckTests {
    private func check(
        only: Set<String> = [], _ change: (inout NodeSettings) -> Void = { _ in }
    ) throws -> CheckReport {
        var settings = NodeSettings()
        settings.listeners = [
            .init(name: "web", address: .loopback(port: 0)),
            .init(name: "framed", address: .loopback(port: 0), speech: .framed),
        ]
        settings.hub.rules = TopicRules(rules: [
            .init(pattern: TopicPattern("events/**"), settings: TopicSettings(kind: .event)),
            .init(pattern: TopicPattern("rows/**"), settings: TopicSettings(kind: .collection)),
        ])
        settings.access.leeway = .seconds(0)
        settings.desk.terms.authenticateTime = 1_000
        settings.desk.terms.inactivityTime = 3_000
        let secret = System.random(32)
        settings.access.keys = try #require(TokenKeys(secret: secret))
        change(&settings)
        let node = try Node.start(settings)
        defer { node.stop() }
        var claims = Map()
        claims["topics"] = [["pattern": "**", "read": true, "write": true]]
        var asked = ServerCheck.Settings(
            target: try Target("ws://\(node.address)"), address: node.address,
            credentials: .mint(
                TokenMint(secret: secret), tenant: "check", claims: claims, life: .seconds(600)))
        asked.framed = node.addresses["framed"]
        asked.events = "events"
        asked.rows = "rows"
        asked.patience = .seconds(10)
        asked.vectors["values.json"] = try Transport.Process.read("spec/vectors/values.json")
        return try ServerCheck(asked).run(only: only)
    }

    @Test("The node keeps every rule that can be tried") func node() throws {
        let report = try check()
        let failed = report.sessions.filter { $0.verdict.isFailure }
        #expect(failed == [], "\(report.text)")
        #expect(report.outcome == .held && report.reached == .full)
        let (tried, all) = report.tried
        #expect(tried * 10 >= all * 9, "\(report.text)")
    }

    @Test("The same with two loops") func twoLoops() throws {
        let report = try check(only: ["S8", "L3", "L6", "L16", "D22", "L10"]) { $0.loops = 2 }
        #expect(report.sessions.filter { $0.verdict.isFailure } == [], "\(report.text)")
    }

    /// A fault of the fake node, the session that must find it, and the rule under which.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let session: String
        let rule: String
        let faults: FakeNode.Faults
        var testDescription: String { "\(rule): \(session)" }
    }

    static let mistakes = [
        Mistake(
            session: "many changes at random, proven by hash", rule: "D10",
            faults: FakeNode.Faults(losesOneIn: 7)),
        Mistake(
            session: "many changes at random, proven by hash", rule: "D10",
            faults: FakeNode.Faults(swapsOneIn: 9)),
        Mistake(
            session: "many changes at random, proven by hash", rule: "D40",
            faults: FakeNode.Faults(wrongHashAfter: 1)),
        Mistake(
            session: "leaves and maps", rule: "D11", faults: FakeNode.Faults(wrongValueAfter: 1)),
        Mistake(
            session: "a bad token closes at once", rule: "S1",
            faults: FakeNode.Faults(trustsAnybody: true)),
        Mistake(
            session: "each ping is answered with its nonce", rule: "S5",
            faults: FakeNode.Faults(mixesNonces: true)),
        Mistake(
            session: "an unknown message is answered with 501", rule: "V3",
            faults: FakeNode.Faults(isMute: true)),
        Mistake(
            session: "a message that is none: 500, and on it goes", rule: "M5",
            faults: FakeNode.Faults(isMute: true)),
        Mistake(
            session: "leaves and maps", rule: "D7", faults: FakeNode.Faults(refuses: true)),
    ]

    private func fake(_ faults: FakeNode.Faults, rule: String) throws -> CheckReport {
        let node = try FakeNode.Running(faults)
        defer { node.stop() }
        var asked = ServerCheck.Settings(
            target: try Target("ws://\(node.address)"), address: node.address,
            credentials: .token("good-token"))
        asked.patience = .seconds(1)
        return try ServerCheck(asked).run(only: [rule])
    }

    @Test("A planted mistake is caught, and its session passes without it", arguments: mistakes)
    func planted(_ mistake: Mistake) throws {
        let wrong = try fake(mistake.faults, rule: mistake.rule)
        let found = try #require(wrong.sessions.first { $0.name == mistake.session })
        #expect(found.verdict.isFailure, "\(wrong.text)")
        #expect(wrong.verdict(of: mistake.rule)?.isFailure == true)
        #expect(wrong.outcome == .missed && wrong.text.contains("fail     \(mistake.rule)"))
        let right = try fake(FakeNode.Faults(), rule: mistake.rule)
        let kept = try #require(right.sessions.first { $0.name == mistake.session })
        #expect(kept.verdict == .pass, "\(right.text)")
    }

    @Test("The verdicts are told as text, as JSON and as a page") func forms() throws {
        let report = try fake(FakeNode.Faults(mixesNonces: true), rule: "S5")
        #expect(report.text.contains("fail     S5"))
        let value = try Value(json: report.json.span)
        guard case .map(let map) = value, case .array(let rules)? = map["rules"] else {
            Issue.record("no rules in \(value)")
            return
        }
        #expect(rules.count == Rule.all.count && map["outcome"] == "missed")
        #expect(report.html.contains("S5: ping 0 was answered with 1"))
        #expect(!report.html.contains("http://") && !report.html.contains("https://"))
    }
}
