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
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try Data(contentsOf: root.appending(path: "docs/probe-result.schema.json"))
        let schema = try Value(json: [UInt8](text).span)
        let json = try report(result { $0.errors.add("a mishap") }).json
        #expect(Schema.faults(try Value(json: json.span), schema, at: "result") == [])
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

/// As much of JSON Schema as the schema here uses.
private enum Schema {
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
