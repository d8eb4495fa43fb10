internal import Wire

/// What all followers of a run share: the states that some of them hold, the texts that all of
/// them repeat, and what the server announced.
final class StateBook {
    var terms = Terms()
    /// Hashes are kept with every change, where each version's is compared.
    let keepsHashes: Bool
    private var roots: [Root] = []
    /// The newest states, oldest first from `oldest` on, round and round. Those that leave it are
    /// kept by their clients alone.
    private var recent: [SharedState] = []
    private var oldest = 0
    private let recentLimit: Int
    private var texts: [Text] = []

    private struct Root {
        let view: UInt64
        let frame: [UInt8]
        let state: SharedState
    }

    private static let rootLimit = 32

    /// `fields` is about how many a document has: of large documents fewer states are kept.
    init(fields: Int, keepsHashes: Bool) {
        recentLimit = max(8, min(256, 200_000 / max(fields, 1)))
        self.keepsHashes = keepsHashes
    }

    /// The state of a snapshot, or of its first part, that somebody received before.
    func root(_ frame: Span<UInt8>, in view: UInt64) -> SharedState? {
        roots.first { $0.view == view && frame.isEqual(to: $0.frame.span) }?.state
    }

    func addRoot(_ frame: Span<UInt8>, in view: UInt64, _ state: SharedState) {
        if roots.count == StateBook.rootLimit { roots.removeFirst() }
        roots.append(Root(view: view, frame: frame.array, state: state))
        add(state)
    }

    /// Keeps a new state for those who will come to it.
    func add(_ state: SharedState) {
        if recent.count < recentLimit { return recent.append(state) }
        recent[oldest].forgetWays()
        recent[oldest] = state
        oldest = oldest + 1 == recentLimit ? 0 : oldest + 1
    }

    /// The same text in one place for all.
    func shared(_ text: Text) -> Text {
        if let known = texts.first(where: { $0 == text }) { return known }
        if texts.count == 64 { texts.removeFirst() }
        texts.append(text)
        return text
    }
}
