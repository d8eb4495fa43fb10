import Hub
import Wire

extension NodeCommand {
    /// `fieldcast-node store …`
    public enum StoreWish: Equatable, Sendable {
        case check(String)
        case backup(String, to: String)
        case info(String)
    }

    static func store(_ words: inout ArraySlice<String>) throws(Mistake) -> StoreWish {
        let forms = "store wants 'check FILE', 'backup FILE TO' or 'info FILE'"
        guard let verb = words.popFirst() else { throw Mistake(text: forms) }
        let files = words.prefix { !$0.hasPrefix("-") }
        words.removeFirst(files.count)
        if let extra = words.first { throw Mistake(text: "there is no '\(extra)' here; \(forms)") }
        switch (verb, files.count) {
        case ("check", 1): return .check(files[files.startIndex])
        case ("info", 1): return .info(files[files.startIndex])
        case ("backup", 2): return .backup(files[files.startIndex], to: files[files.endIndex - 1])
        case ("check", _), ("info", _):
            throw Mistake(text: "store \(verb) wants one file: store \(verb) FILE")
        case ("backup", _):
            throw Mistake(text: "store backup wants two files: store backup FILE TO")
        default: throw unknown(verb, known: ["check", "backup", "info"])
        }
    }

    /// PATTERN=WORD[,WORD]..., as in `jobs/**=event,durable,checkpoint:500`.
    static func rule(_ text: String) throws(Mistake) -> TopicRules.Rule {
        let form = "--topics wants PATTERN=WORDS, as in 'jobs/**=event,durable', not '\(text)'"
        guard let sign = text.lastIndex(of: "="), sign != text.startIndex else {
            throw Mistake(text: form)
        }
        let pattern = TopicPattern(Text(String(text[..<sign])))
        var settings = TopicSettings()
        for word in text[text.index(after: sign)...].split(separator: ",") {
            switch word {
            case "state": settings.kind = .state
            case "collection": settings.kind = .collection
            case "event": settings.kind = .event
            case "signal": settings.kind = .signal
            case "durable": settings.isDurable = true
            case _ where word.hasPrefix("checkpoint:"):
                guard let count = Int(word.dropFirst("checkpoint:".count)), count > 0 else {
                    throw Mistake(text: "'\(word)' wants a number above zero, as checkpoint:1000")
                }
                settings.recordsPerCheckpoint = count
            default:
                throw unknown(
                    String(word),
                    known: ["state", "collection", "event", "signal", "durable", "checkpoint:1000"])
            }
        }
        if settings.kind == .signal && settings.isDurable {
            throw Mistake(text: "a signal holds nothing, so it cannot be durable: '\(text)'")
        }
        return TopicRules.Rule(pattern: pattern, settings: settings)
    }
}
