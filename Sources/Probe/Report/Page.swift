internal import Wire

/// The report of a run as one HTML page that needs nothing else: no script, no font, no network.
/// It follows the reader's choice of light or dark.
struct Page {
    let report: ResultValue
    private var result: LoadResult { report.result }

    static func escaped(_ text: String) -> String {
        var out = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }

    var html: String {
        var page = "<!doctype html>\n<html lang=en><meta charset=utf-8>"
        page += "<meta name=viewport content=\"width=device-width,initial-scale=1\">"
        page += "<title>\(Page.escaped(result.target)): \(words)</title>\n"
        page += "<style>\(Page.style)</style>\n<main>\n"
        page +=
            header + tiles + charts + stages + audit + verdicts + others + errors
            + about
        return page + "</main></html>\n"
    }

    private var words: String {
        switch report.outcome {
        case .held: "everything held"
        case .missed: "something did not hold"
        case .invalid, .usage: "not a valid run"
        }
    }

    private var header: String {
        let plan = result.plan
        var date: [UInt8] = []
        _ = WallTime(seconds: result.began.seconds).appendISO8601(to: &date)
        var text = "<header><p class=\"verdict \(report.outcome)\">\(Page.escaped(words))</p>"
        text += "<h1>\(Figures.count(plan.connections)) clients, "
        text += "\(Figures.rate(plan.rate)) patches a second</h1>"
        text += "<p>\(Page.escaped(result.target)), "
        text += "\(Page.escaped(String(decoding: date, as: UTF8.self)))</p>"
        for reason in result.invalid { text += "<p class=bad>\(Page.escaped(reason))</p>" }
        for failure in result.failures { text += "<p class=bad>\(Page.escaped(failure))</p>" }
        for verdict in report.verdicts where !verdict.holds {
            text += "<p class=bad>\(Page.escaped(verdict.text))</p>"
        }
        return text + "</header>\n"
    }

    private var tiles: String {
        let receipt = result.stages.receipt
        let tiles: [(String, String, String)] = [
            (
                "receipts a second", Figures.rate(result.receiptsPerSecond),
                "\(Figures.count(result.receipts)) in all"
            ),
            (
                "receipt, p50", Figures.duration(receipt.percentile(50)),
                "from when it was meant to leave"
            ),
            (
                "receipt, p99", Figures.duration(receipt.percentile(99)),
                "uncorrected \(Figures.duration(result.stages.uncorrected.percentile(99)))"
            ),
            (
                "diverged", Figures.count(result.audit.diverged),
                "\(Figures.count(result.audit.proven)) proofs held"
            ),
            (
                "lost", Figures.count(result.audit.lost),
                "\(Figures.count(result.audit.merged)) merged by right"
            ),
        ]
        var text = "<section class=tiles>"
        for (name, figure, more) in tiles {
            text += "<div><span>\(name)</span><b>\(figure)</b><span>\(more)</span></div>"
        }
        return text + "</section>\n"
    }

    // MARK: Charts

    private var charts: String {
        guard result.stages.receipt.count > 0 else { return "" }
        return throughput.html + latency.html + spectrum.html
    }

    private var measured: [Moment] {
        result.series.filter { $0.phase == .connecting || $0.phase == .measuring }
    }

    private func across(_ moments: [Moment]) -> (place: (Moment) -> Double, ticks: [Chart.Tick]) {
        let last = moments.last.map { Figures.seconds($0.at) } ?? 1
        let (step, count) = Chart.steps(to: last)
        let ticks = (0...count).map { Double($0) * step }.filter { $0 <= last }.map {
            Chart.Tick(at: $0 / last, words: "\(Figures.fixed($0, step < 1 ? 1 : 0)) s")
        }
        return ({ Figures.seconds($0.at) / last }, ticks)
    }

    private var throughput: Chart {
        let (place, ticks) = across(measured)
        let most = Double(measured.map { $0.receipts }.max() ?? 1)
        let (step, count) = Chart.steps(to: most)
        let top = step * Double(count)
        let points = measured.map { moment in
            (
                x: place(moment), y: Double(moment.receipts) / top,
                words: "\(Figures.count(moment.receipts)) receipts, "
                    + "\(Figures.count(moment.connected)) clients"
            )
        }
        return Chart(
            title: "Receipts a second", note: "over the run",
            series: [Chart.Series(name: "receipts", colour: 1, points: points, isFilled: true)],
            across: ticks,
            up: (0...count).map {
                Chart.Tick(
                    at: Double($0) / Double(count), words: Figures.rate(Double($0) * step))
            })
    }

    private var latency: Chart {
        let moments = measured.filter { $0.worst.nanoseconds > 0 }
        let (_, ticks) = across(measured)
        let last = measured.last.map { Figures.seconds($0.at) } ?? 1
        let axis = LogAxis(moments.flatMap { [$0.middle, $0.p99] })
        func series(_ name: String, _ colour: Int, _ read: (Moment) -> Interval) -> Chart.Series {
            Chart.Series(
                name: name, colour: colour,
                points: moments.map {
                    (
                        x: Figures.seconds($0.at) / last, y: axis.place(read($0)),
                        words: "\(name) \(Figures.duration(read($0)))"
                    )
                })
        }
        return Chart(
            title: "Publish to receipt", note: "second by second",
            series: [series("p50", 1) { $0.middle }, series("p99", 2) { $0.p99 }], across: ticks,
            up: axis.ticks)
    }

    private var spectrum: Chart {
        let all = [
            ("from the intended time", 1, result.stages.receipt),
            ("from the real sending", 2, result.stages.uncorrected),
        ]
        let axis = LogAxis(all.flatMap { $0.2.spectrum.map { $0.value } })
        let most = 4.0
        let series = all.map { name, colour, histogram in
            var points: [(x: Double, y: Double, words: String)] = []
            var last = -1.0
            for (value, percent) in histogram.spectrum {
                let nines = min(ResultValue.nines(percent), most)
                guard nines - last >= 0.04 || percent == 100 else { continue }
                last = nines
                points.append(
                    (
                        x: nines / most, y: axis.place(value),
                        words: "\(Figures.fixed(percent, 3)) % within \(Figures.duration(value))"
                    ))
            }
            return Chart.Series(name: name, colour: colour, points: points)
        }
        return Chart(
            title: "The whole spectrum", note: "each further nine is a column", series: series,
            across: [(0, "0 %"), (1, "90 %"), (2, "99 %"), (3, "99.9 %"), (4, "99.99 %")].map {
                Chart.Tick(at: Double($0.0) / most, words: $0.1)
            }, up: axis.ticks)
    }

    // MARK: Tables

    private var stages: String {
        var text = "<h2>Stages</h2><div class=wide><table><tr><th>stage"
        for (name, _) in ResultValue.percentiles { text += "<th>\(name.string)" }
        text += "<th>max<th>count</tr>"
        for (name, histogram) in result.stages.all where !histogram.isEmpty {
            text += "<tr><td>\(Summary.names[name] ?? name)"
            for (_, percent) in ResultValue.percentiles {
                text += "<td>\(Figures.duration(histogram.percentile(percent)))"
            }
            text +=
                "<td>\(Figures.duration(histogram.max))<td>\(Figures.count(histogram.count))</tr>"
        }
        return text + "</table></div>\n"
    }

    private var audit: String {
        let audit = result.audit
        var rows = audit.faults.map { ($0.name, $0.count, $0.count > 0) }
        rows += [
            ("merged by right", audit.merged, false), ("proofs that held", audit.proven, false),
            ("snapshots", audit.snapshots, false), ("told that they lag", audit.lags, false),
            ("connections lost", audit.cuts, audit.cuts > 0),
        ]
        var text = "<h2>Audit of every client</h2><div class=\"wide pairs\"><table>"
        for (name, count, isBad) in rows {
            text += "<tr\(isBad ? " class=bad" : "")><td>\(name)<td>\(Figures.count(count))</tr>"
        }
        return text + "</table></div>\n"
    }

    private var verdicts: String {
        guard !report.verdicts.isEmpty else { return "" }
        var text = "<h2>Expected</h2><div class=\"wide pairs\"><table>"
        for verdict in report.verdicts {
            text += "<tr\(verdict.holds ? "" : " class=bad")><td>"
            text += "\(verdict.holds ? "held" : "missed")<td>\(Page.escaped(verdict.text))</tr>"
        }
        return text + "</table></div>\n"
    }

    private var errors: String {
        guard !result.errors.kinds.isEmpty else { return "" }
        var text = "<h2>Mishaps</h2><div class=\"wide pairs\"><table>"
        for (kind, count) in result.errors.kinds {
            text += "<tr><td>\(Page.escaped(kind))<td>\(Figures.count(count))</tr>"
        }
        return text + "</table></div>\n"
    }

    private var ways: String {
        result.plan.routes.map { "\(Figures.percent($0.share)) \($0.target.url)" }
            .joined(separator: ", ")
    }

    /// What the durable names were given, and what the server told of itself.
    private var others: String {
        var text = ""
        if let events = result.events {
            text += "<h2>Events under durable names</h2><div class=\"wide pairs\"><table>"
            let rows: [(String, UInt64)] = [
                ("appended", result.account.acknowledgedEvents), ("delivered", events.delivered),
                ("done", events.done), ("put off", events.refused),
                ("delivered again by right", events.redelivered),
            ]
            for (name, count) in rows { text += "<tr><td>\(name)<td>\(Figures.count(count))</tr>" }
            for (name, count) in events.faults {
                text += "<tr\(count > 0 ? " class=bad" : "")><td>\(name)"
                text += "<td>\(Figures.count(count))</tr>"
            }
            text += "</table></div>\n"
        }
        guard let server = result.server else { return text }
        text += "<h2>The server</h2><div class=\"wide pairs\"><table>"
        let connections = result.plan.connections
        let facts: [(String, String?)] = [
            ("processor time", server.cpu.map { Figures.duration($0) }),
            ("memory", server.residentBytes.map { Figures.bytes($0) }),
            ("a connection", server.bytesPerConnection(connections).map { Figures.bytes($0) }),
            (
                "of the kernel's beside",
                server.kernelBytesPerConnection(connections).map { Figures.bytes($0) }
            ),
        ]
        for case (let name, let words?) in facts { text += "<tr><td>\(name)<td>\(words)</tr>" }
        for (name, value) in server.metrics {
            text += "<tr><td>\(Page.escaped(name))<td>\(Figures.rate(value))</tr>"
        }
        return text + "</table></div>\n"
    }

    private var about: String {
        let plan = result.plan
        let environment = report.environment
        let facts: [(String, String)] = [
            ("seed", "\(plan.seed)"), ("publishers", Figures.count(plan.publishers)),
            ("fields, changed by a patch", "\(plan.fields), \(plan.changes)"),
            ("views", "\(plan.views)"), ("JSON", Figures.percent(plan.jsonShare)),
            ("shape, disturbance", "\(plan.shape.rawValue), \(plan.disturbance.rawValue)"),
            ("measured", Figures.duration(result.measured)),
            ("received", Figures.bytes(result.account.receivedBytes)),
            ("ways beside", plan.routes.isEmpty ? "none" : ways),
            ("probe busy", Figures.percent(result.busy)),
            (
                "probe's memory",
                "\(Figures.bytes(result.usage.resident)), "
                    + "\(Figures.bytes(result.usage.bytesPerClient(plan.connections))) a client"
            ),
            ("machine", "\(environment.processors) × \(environment.processor)"),
            ("kernel", environment.kernel), ("load before", environment.load),
        ]
        var text = "<h2>To do it again</h2><div class=\"wide pairs\"><table>"
        for (name, value) in facts { text += "<tr><td>\(name)<td>\(Page.escaped(value))</tr>" }
        return text + "</table></div>\n"
    }
}

/// A logarithmic axis for lengths of time, from the decade below the least to above the most.
struct LogAxis {
    private let low: Double
    private let high: Double

    init(_ values: [Interval]) {
        let sizes = values.map { Double(max($0.nanoseconds, 1)) }
        let bottom = LogAxis.log10(sizes.min() ?? 1).rounded(.down)
        low = bottom
        high = max(LogAxis.log10(sizes.max() ?? 10).rounded(.up), bottom + 1)
    }

    /// By the series of the mantissa's logarithm: no library is at hand, and an axis needs little.
    static func log10(_ x: Double) -> Double {
        guard x > 0 else { return 0 }
        let m = x.significand  // 1 ..< 2
        let t = (m - 1) / (m + 1)
        let square = t * t
        var term = t
        var sum = 0.0
        for n in stride(from: 1.0, through: 23, by: 2) {
            sum += term / n
            term *= square
        }
        return (2 * sum + Double(x.exponent) * 0.693147180559945) / 2.302585092994046
    }

    func place(_ interval: Interval) -> Double {
        min(max((LogAxis.log10(Double(max(interval.nanoseconds, 1))) - low) / (high - low), 0), 1)
    }

    var ticks: [Chart.Tick] {
        var ticks: [Chart.Tick] = []
        var size: UInt64 = 1
        for decade in 0...Int(high) {
            if Double(decade) >= low {
                ticks.append(
                    Chart.Tick(
                        at: (Double(decade) - low) / (high - low),
                        words: LogAxis.words(size)))
            }
            size = size.multipliedReportingOverflow(by: 10).partialValue
        }
        return ticks
    }

    private static func words(_ n: UInt64) -> String {
        switch n {
        case ..<1_000: "\(n) ns"
        case ..<1_000_000: "\(n / 1_000) µs"
        case ..<1_000_000_000: "\(n / 1_000_000) ms"
        default: "\(n / 1_000_000_000) s"
        }
    }
}
