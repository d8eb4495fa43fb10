internal import Wire

/// A result in the form in which it is kept: docs/probe-result.schema.json says what each field
/// means. Lengths of time are milliseconds unless the name says otherwise.
struct ResultValue {
    let result: LoadResult
    let verdicts: [Expectation.Verdict]
    let outcome: Outcome
    let environment: Environment

    static let format: Text = "fieldcast-probe/1"
    static let percentiles: [(Text, Double)] = [
        ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9),
        ("p99.99", 99.99),
    ]

    var json: [UInt8] { value.json + [0x0a] }

    var value: Value {
        var map = Map()
        map["format"] = .text(ResultValue.format)
        map["began"] = .time(result.began)
        map["target"] = .text(result.target)
        map["outcome"] = .text("\(outcome)")
        map["invalid"] = .array(result.invalid.map { .text($0) })
        map["failures"] = .array(result.failures.map { .text($0) })
        map["expectations"] = .array(
            verdicts.map { ["rule": .text($0.text), "holds": .boolean($0.holds)] })
        map["plan"] = plan
        map["environment"] = environment.value
        map["measured"] = ResultValue.time(result.measured)
        map["receipts"] = .unsigned(result.receipts)
        map["receiptsPerSecond"] = ResultValue.number(result.receiptsPerSecond)
        map["probe"] = result.usage.value
        map["probeBusy"] = ResultValue.number(result.busy)
        map["recovery"] = result.recovery.map { ResultValue.time($0) } ?? .null
        map["stages"] = stages
        map["spectrum"] = [
            "receipt": ResultValue.spectrum(result.stages.receipt),
            "uncorrected": ResultValue.spectrum(result.stages.uncorrected),
        ]
        map["audit"] = audit
        map["account"] = account
        map["ready"] = .integer(Int64(result.ready))
        map["errors"] = .array(
            result.errors.kinds.map { ["text": .text($0.text), "count": .unsigned($0.count)] })
        map["series"] = .array(result.series.map { ResultValue.moment($0) })
        return .map(map)
    }

    static func time(_ interval: Interval) -> Value {
        number(Figures.milliseconds(interval))
    }

    /// To six significant digits or so: nothing here is known better.
    private static func number(_ x: Double) -> Value {
        let scale = x.magnitude >= 1_000 ? 1_000.0 : 1_000_000.0
        return .double((x * scale).rounded() / scale) ?? .null
    }

    private var plan: Value {
        let plan = result.plan
        return [
            "connections": .integer(Int64(plan.connections)), "ramp": ResultValue.time(plan.ramp),
            "publishers": .integer(Int64(plan.publishers)),
            "rate": ResultValue.number(plan.rate), "shape": .text(plan.shape.rawValue),
            "length": ResultValue.time(plan.length), "topic": .text(plan.topic),
            "fields": .integer(Int64(plan.fields)), "changes": .integer(Int64(plan.changes)),
            "views": .integer(Int64(plan.views)), "jsonShare": ResultValue.number(plan.jsonShare),
            "hashes": .boolean(plan.hashes), "disturbance": .text(plan.disturbance.rawValue),
            "plainBytes": plan.plainBytes.map { .integer(Int64($0)) } ?? .null,
            "seed": .unsigned(plan.seed),
        ]
    }

    private var stages: Value {
        var map = Map()
        for (name, histogram) in result.stages.all where !histogram.isEmpty {
            var stage = Map()
            stage["count"] = .unsigned(histogram.count)
            stage["min"] = ResultValue.time(histogram.min)
            stage["mean"] = ResultValue.time(histogram.mean)
            stage["max"] = ResultValue.time(histogram.max)
            for (key, percent) in ResultValue.percentiles {
                stage[key] = ResultValue.time(histogram.percentile(percent))
            }
            map[Text(name)] = .map(stage)
        }
        return .map(map)
    }

    /// At most some 200 points: those that matter to the eye on a scale of nines.
    private static func spectrum(_ histogram: Histogram) -> Value {
        var points: [Value] = []
        var last = -1.0
        for (value, percent) in histogram.spectrum {
            let place = nines(percent)
            guard place - last >= 0.03 || percent == 100 else { continue }
            last = place
            points.append([time(value), number(percent)])
        }
        return .array(points)
    }

    /// How many nines a percentage has: 90 is 1, 99 is 2, 99.9 is 3; at most 7.
    static func nines(_ percent: Double) -> Double {
        var rest = max(100 - percent, 1e-5) / 100
        var nines = 0.0
        while rest <= 0.1 {
            rest *= 10
            nines += 1
        }
        // Between two nines a straight line is near enough to the logarithm for an axis.
        return nines + (1 - rest) / 0.9
    }

    private var audit: Value {
        let audit = result.audit
        var map = Map()
        for (name, count) in audit.faults { map[Text(name)] = .unsigned(count) }
        map["receipts"] = .unsigned(audit.receipts)
        map["seconded"] = .unsigned(audit.seconded)
        map["merged"] = .unsigned(audit.merged)
        map["snapshots"] = .unsigned(audit.snapshots)
        map["gaps"] = .unsigned(audit.gaps)
        map["proven"] = .unsigned(audit.proven)
        map["lags"] = .unsigned(audit.lags)
        map["cuts"] = .unsigned(audit.cuts)
        map["unattributed"] = .integer(Int64(result.unattributed))
        return .map(map)
    }

    private var account: Value {
        let account = result.account
        return [
            "published": .unsigned(account.published),
            "acknowledged": .unsigned(account.acknowledged),
            "refused": .unsigned(account.refused), "postponed": .unsigned(account.postponed),
            "receivedBytes": .unsigned(account.receivedBytes),
            "sentBytes": .unsigned(account.sentBytes), "messages": .unsigned(account.messages),
        ]
    }

    private static func moment(_ moment: Moment) -> Value {
        [
            "at": time(moment.at), "phase": .text("\(moment.phase)"),
            "connected": .integer(Int64(moment.connected)),
            "published": .unsigned(moment.published), "receipts": .unsigned(moment.receipts),
            "p50": time(moment.middle), "p99": time(moment.p99), "max": time(moment.worst),
        ]
    }
}

/// On what machine a run was made.
struct Environment: Equatable, Sendable {
    var kernel = ""
    var processor = ""
    var processors = 0
    var load = ""
    var descriptors = 0

    static func here() -> Environment {
        var found = Environment()
        found.kernel = line("/proc/sys/kernel/osrelease")
        found.load = line("/proc/loadavg")
        for entry in lines("/proc/cpuinfo") {
            if entry.hasPrefix("processor") { found.processors += 1 }
            if entry.hasPrefix("model name"), let colon = entry.firstIndex(of: ":") {
                found.processor = String(entry[colon...].dropFirst(2))
            }
        }
        found.descriptors = Machine.descriptorLimit()
        return found
    }

    private static func lines(_ path: String) -> [Substring] {
        Machine.text(path).split(separator: "\n")
    }

    private static func line(_ path: String) -> String { lines(path).first.map(String.init) ?? "" }

    var value: Value {
        [
            "kernel": .text(kernel), "processor": .text(processor),
            "processors": .integer(Int64(processors)), "loadBefore": .text(load),
            "descriptors": .integer(Int64(clamping: descriptors)),
        ]
    }
}
