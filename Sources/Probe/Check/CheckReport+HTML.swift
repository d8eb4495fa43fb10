internal import Wire

extension CheckReport {
    /// A page that needs nothing but itself.
    var html: String {
        var page = "<!doctype html>\n<html lang=en><meta charset=utf-8>"
        page += "<meta name=viewport content=\"width=device-width,initial-scale=1\">"
        page += "<title>\(Page.escaped(subject)): \(words)</title>\n"
        page += "<style>\(Page.style)\n\(CheckReport.style)</style>\n<main>\n"
        page += header + tiles
        for level in Rule.Level.allCases { page += table(level) }
        return page + sessionTable + "</main></html>\n"
    }

    /// Beside the style of all pages: words that may take several lines.
    private static let style = """
        td.say{white-space:normal;text-align:left;min-width:16rem}
        td.why{white-space:normal;text-align:left;color:var(--soft);min-width:14rem}
        td.v{text-align:left;font-weight:600}
        .v.pass{color:var(--good)}.v.lenient{color:var(--c2)}.v.fail{color:var(--bad)}
        .v.not{color:var(--soft);font-weight:400}
        td small{color:var(--soft)}
        """

    private var words: String {
        switch outcome {
        case .held: "no rule fails"
        case .missed: "rules fail"
        case .invalid, .usage: "nothing could be tried"
        }
    }

    private var header: String {
        var date: [UInt8] = []
        _ = WallTime(seconds: began.seconds).appendISO8601(to: &date)
        var text = "<header><p class=\"verdict \(outcome)\">\(Page.escaped(words))</p>"
        text += "<h1>\(Page.escaped(subject))</h1>"
        text += "<p>\(Page.escaped(conclusion)), "
        text += "\(Page.escaped(String(decoding: date, as: UTF8.self)))</p>"
        for row in rows where row.verdict.isFailure {
            text += "<p class=bad>\(row.rule.id): \(Page.escaped(row.verdict.reason))</p>"
        }
        return text + "</header>\n"
    }

    private var tiles: String {
        var text = "<section class=tiles>"
        for (name, count) in counts(nil) {
            let musts = counts(nil, must: true).first { $0.name == name }?.count ?? 0
            text += "<div><span>\(name)</span><b>\(count)</b>"
            text += "<span>\(musts) that say MUST</span></div>"
        }
        return text + "</section>\n"
    }

    private func table(_ level: Rule.Level) -> String {
        let some = rows.filter { $0.rule.level == level }
        guard !some.isEmpty else { return "" }
        var text = "<h2>Level \(level.rawValue)</h2><div class=wide><table>"
        for row in some {
            let name = row.verdict.name
            text += "<tr><td>\(row.rule.id)\(row.rule.isMust ? " <small>MUST</small>" : "")"
            text += "<td class=say>\(Page.escaped(row.rule.words))"
            text += "<td class=\"v \(name)\">\(name)"
            text += "<td class=why>\(Page.escaped(row.verdict.reason))</tr>"
        }
        return text + "</table></div>\n"
    }

    private var sessionTable: String {
        var text = "<h2>Sessions played</h2><div class=wide><table>"
        for session in sessions {
            let name = session.verdict.name
            text += "<tr><td class=say>\(Page.escaped(session.name))"
            text += "<td class=\"v \(name)\">\(name)"
            text += "<td class=why>\(session.rules.joined(separator: " "))</tr>"
        }
        return text + "</table></div>\n"
    }
}
