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
