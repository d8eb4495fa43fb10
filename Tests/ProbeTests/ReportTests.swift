import Foundation
import Testing
import Wire

@testable import Probe

@Suite("The result of a run") struct ReportTests {
    private func result(_ change: (inout LoadResult) -> Void = { _ in }) -> LoadResult {
        var stages = Stages()
        for n in UInt64(1)...2_000 {
            stages.receipt.record(.microseconds(n))
            stages.uncorrected.record(.microseconds(n / 2))
        }
        var moment = Moment()
        moment.at = .seconds(1)
        moment.phase = .measuring
        moment.receipts = 2_000
        moment.worst = .milliseconds(2)
        var result = LoadResult(
            plan: LoadPlan(), target: "ws://h/<script>", began: WallTime(seconds: 1_700_000_000),
            measured: .seconds(1), stages: stages, account: Account(receipts: 2_000),
            audit: Audit(), ready: 200,
            series: [moment], errors: Tally(), usage: Usage(), unattributed: 0,
            recovery: nil, openProblem: nil, wasInterrupted: false)
        change(&result)
        return result
    }

    private func report(_ result: LoadResult) throws -> ResultValue {
        let verdicts = try ["p99(receipt) < 5ms", "lost == 0"].map {
            try Expectation($0).verdict(on: result)
        }
        let outcome = Summary(result: result, verdicts: verdicts).outcome
        return ResultValue(
            result: result, verdicts: verdicts, outcome: outcome, environment: Environment())
    }

    @Test("Thresholds and faults decide the exit code")
    func outcomes() throws {
        #expect(try report(result()).outcome == .held)
        #expect(try report(result { $0.audit.lost = 1 }).outcome == .missed)
        #expect(try report(result { $0.ready = 199 }).outcome == .invalid)
        #expect(try report(result { $0.wasInterrupted = true }).outcome == .invalid)
        #expect(try report(result { $0.usage.cpu = .milliseconds(990) }).outcome == .invalid)
        let slow = result { $0.stages.receipt.record(.seconds(1), times: 500) }
        #expect(try report(slow).outcome == .missed)
        let late = result { $0.stages.slip.record(.milliseconds(40), times: 100) }
        #expect(try report(late).outcome == .invalid)
    }

    @Test("The JSON is what the schema says")
    func schema() throws {
        let schema = try Schema.published("probe-result")
        let full = result {
            $0.errors.add("a mishap")
            $0.events = EventAudit()
            $0.server = ServerFigures(residentBefore: 1_000, resident: 5_000)
            $0.server?.last = [("fieldcast_connections", 4)]
        }
        for result in [full, result()] {
            let json = try report(result).json
            #expect(Schema.faults(try Value(json: json.span), schema, at: "result") == [])
        }
        let json = try report(full).json
        guard case .map(var map) = try Value(json: json.span) else { return }
        map["audit"] = nil
        map["surplus"] = 1
        #expect(Schema.faults(.map(map), schema, at: "result").count == 2)
    }

    @Test("The verdicts of a check are what their schema says")
    func checkSchema() throws {
        var found = CheckReport(
            subject: "ws://h", began: WallTime(seconds: 0), rules: Rule.all,
            reason: { $0.serverReason })
        let schema = try Schema.published("probe-check")
        for verdict in [Verdict.pass, .lenient("so"), .fail("no"), .notTried("why")] {
            found.add("a session", ["S1", "D15"], verdict)
            let json = found.json
            #expect(Schema.faults(try Value(json: json.span), schema, at: "check") == [])
        }
    }

    @Test("The page needs nothing but itself and shows what was found")
    func page() throws {
        let html = Page(report: try report(result { $0.audit.lost = 3 })).html
        for forbidden in ["http://", "https://", "<script", "src=", "@import", "url("] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
        #expect(html.contains("ws://h/&lt;script&gt;"))
        #expect(html.contains("prefers-color-scheme:dark"))
        #expect(html.contains("3 lost") && html.contains("<svg"))
    }

    @Test("Two results are compared, and what got worse is named")
    func comparison() throws {
        func map(_ result: LoadResult) throws -> Map {
            guard case .map(let map) = try report(result).value else { return Map() }
            return map
        }
        let before = try map(result())
        let after = try map(
            result {
                $0.audit.repeated = 2
                $0.stages.receipt.record(.milliseconds(30), times: 400)
                $0.plan.connections = 300
            })
        let comparison = Comparison(before, after)
        let worse = comparison.worse(than: 0.1).map { $0.name }
        #expect(worse.contains("receipt p99") && worse.contains("repeated"))
        #expect(!worse.contains("lost"))
        #expect(comparison.differences.contains("connections: 200, then 300"))
        #expect(Comparison(before, before).worse(than: 0).isEmpty)
    }

    @Test("Nines are counted for the axis of the spectrum")
    func nines() {
        for (percent, nines) in [(0, 0), (90, 1), (99, 2), (99.9, 3)] as [(Double, Double)] {
            #expect(abs(ResultValue.nines(percent) - nines) < 0.001)
        }
        #expect(abs(LogAxis.log10(1_000) - 3) < 1e-9 && abs(LogAxis.log10(2e7) - 7.30103) < 1e-5)
    }
}
