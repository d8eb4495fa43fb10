import Wire

/// What happened, in words, where somebody wants to know; nothing is put together otherwise.
final class Trace {
    private(set) var notes: [String] = []
    private let isKept: Bool
    private let limit: Int
    /// The world's time, for the notes.
    var now: UInt64 = 0

    init(isKept: Bool, limit: Int = 4_000) {
        self.isKept = isKept
        self.limit = limit
    }

    func note(_ text: @autoclosure () -> String) {
        guard isKept else { return }
        notes.append("\(now / 1_000) µs  \(text())")
        if notes.count > limit * 2 { notes.removeFirst(limit) }
    }
}

extension Trace {
    static func text(_ map: Map) -> String {
        var writer = Writer()
        writer.writeJSON(.map(map))
        return String(decoding: writer.bytes(), as: UTF8.self)
    }

    static func text(_ patch: Patch) -> String {
        var parts: [String] = patch.conditions.map { "if \($0.path) is still at \($0.version)" }
        parts += patch.unset.map { "unset \($0)" }
        if !patch.set.isEmpty { parts.append("set " + text(patch.set)) }
        parts += patch.increments.map { "increase \($0.path) by \($0.amount.double)" }
        return parts.joined(separator: ", ")
    }

    /// Short, for the messages that come often.
    static func text(_ message: Message) -> String {
        switch message {
        case .publish(let body):
            guard case .patch(let patch) = body.change else { return "publish \(body.id)" }
            return "publish \(body.id) of \(body.topic): " + text(patch)
        case .subscribe(let body):
            let fields = body.fields.map { mask in
                mask.patterns.map { pattern in
                    pattern.map { segment in
                        if case .name(let name) = segment { name.string } else { "*" }
                    }.joined(separator: "/")
                }.joined(separator: ",")
            }
            let cursor = body.cursor.map { "\($0.epoch) \($0.version)" } ?? "nothing"
            return "subscribe \(body.id) to \(fields ?? "all") of \(body.topic), holds \(cursor)"
        default: return "\(message)"
        }
    }
}
