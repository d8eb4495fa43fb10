internal import Wire

/// The result of a run as text.
struct Summary {
    let result: LoadResult
    let verdicts: [Expectation.Verdict]

    var text: String {
        var lines: [String] = []
        let plan = result.plan
        let what =
            plan.plainBytes.map { "\(Figures.rate(plan.rate)) messages/s of \($0) bytes" }
            ?? "\(Figures.rate(plan.rate)) patches/s of \(plan.changes) of \(plan.fields) fields"
        lines.append(
            "\(Figures.count(plan.connections)) connections to \(result.target), "
                + "\(plan.publishers) publisher\(plan.publishers == 1 ? "" : "s"), \(what) "
                + "for \(Figures.duration(plan.length)), seed \(plan.seed)")
        lines.append("")
        if result.measured.nanoseconds > 0 {
            lines.append(
                "receipts    \(Figures.count(result.receipts)), "
                    + "\(Figures.rate(result.receiptsPerSecond)) a second")
            let account = result.account
            lines.append(
                "patches     \(Figures.count(account.published)) published, "
                    + "\(Figures.count(account.acknowledged)) acknowledged, "
                    + "\(Figures.count(account.refused)) refused")
            lines.append(
                "bytes       \(Figures.bytes(account.receivedBytes)) received, "
                    + "\(Figures.bytes(account.sentBytes)) sent")
            let usage = result.usage
            lines.append(
                "the probe   \(Figures.percent(result.busy)) of a processor, "
                    + "\(Figures.bytes(usage.resident)), "
                    + "\(Figures.bytes(usage.bytesPerClient(plan.connections))) a client")
            if plan.disturbance != .none {
                lines.append(
                    "recovery    " + (result.recovery.map { Figures.duration($0) } ?? "never")
                        + " until 99 % were at the head")
            }
            lines.append("")
            lines += table
            lines.append("")
        }
        if result.openProblem == nil { lines += auditLines }
        lines += errorLines
        lines += verdictLines
        return lines.joined(separator: "\n") + "\n"
    }

    private static let columns: [(String, Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9),
    ]

    static let names: [String: String] = [
        "uncorrected": "receipt from sent", "receipt": "receipt", "ack": "publish to ack",
        "subscribe": "subscribe", "apply": "apply", "slip": "(timer slip)", "turn": "(loop turn)",
    ]

    private var table: [String] {
        var head = Figures.left("latency", 18)
        for (name, _) in Summary.columns { head += Figures.right(name, 10) }
        head += Figures.right("max", 10) + Figures.right("count", 13)
        var lines = [head]
        for (name, histogram) in result.stages.all where !histogram.isEmpty {
            var line = Figures.left(Summary.names[name] ?? name, 18)
            for (_, percent) in Summary.columns {
                line += Figures.right(Figures.duration(histogram.percentile(percent)), 10)
            }
            line += Figures.right(Figures.duration(histogram.max), 10)
            line += Figures.right(Figures.count(histogram.count), 13)
            lines.append(line)
        }
        return lines
    }

    private var auditLines: [String] {
        let audit = result.audit
        if result.plan.plainBytes != nil { return plainLines }
        var lines = [
            "\(Figures.count(audit.diverged)) diverged, \(Figures.count(audit.lost)) lost, "
                + "\(Figures.count(audit.repeated)) repeated, "
                + "\(Figures.count(audit.disordered)) out of order, "
                + "\(Figures.count(audit.merged)) merged by right"
        ]
        var more: [String] = ["\(Figures.count(audit.proven)) proofs held"]
        if audit.behind > 0 { more.append("\(Figures.count(audit.behind)) never came to the head") }
        if audit.unproven > 0 {
            more.append("\(Figures.count(audit.unproven)) not proven at the end")
        }
        if audit.mispredicted > 0 {
            more.append("\(Figures.count(audit.mispredicted)) hold what nobody published")
        }
        if audit.contradicted > 0 {
            more.append("\(Figures.count(audit.contradicted)) contradicted by the second audit")
        } else if audit.seconded > 0 {
            more.append("\(Figures.count(audit.seconded)) clients audited twice")
        }
        if audit.malformed > 0 {
            more.append("\(Figures.count(audit.malformed)) malformed messages")
        }
        if audit.lags > 0 { more.append("\(Figures.count(audit.lags)) told that they lag") }
        if audit.cuts > 0 { more.append("\(Figures.count(audit.cuts)) connections lost") }
        if result.unattributed > 0 {
            more.append("\(Figures.count(result.unattributed)) versions by others")
        }
        lines.append(more.joined(separator: ", "))
        return lines
    }

    /// Of a server without state there is less to say.
    private var plainLines: [String] {
        let audit = result.audit
        return [
            "\(Figures.count(audit.lost)) lost, \(Figures.count(audit.repeated)) repeated, "
                + "\(Figures.count(audit.disordered)) out of order"
        ]
    }

    private var errorLines: [String] {
        result.errors.kinds.map { "  \(Figures.count($0.count)) × \($0.text)" }
    }

    private var verdictLines: [String] {
        var lines: [String] = []
        for verdict in verdicts {
            lines.append("\(verdict.holds ? "held  " : "MISSED") \(verdict.text)")
        }
        for reason in result.invalid { lines.append("INVALID \(reason)") }
        for failure in result.failures { lines.append("FAILED \(failure)") }
        return lines
    }

    var outcome: Outcome {
        if !result.failures.isEmpty, result.openProblem == nil { return .missed }
        if !result.invalid.isEmpty { return .invalid }
        return verdicts.allSatisfy { $0.holds } ? .held : .missed
    }
}
