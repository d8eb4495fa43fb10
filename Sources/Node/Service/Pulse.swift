import Synchronization

/// A question to all loops whether they turn: each answers when it next looks into its box.
public final class Pulse: Sendable {
    private let awaited: Atomic<Int>

    init(loops: Int) { awaited = Atomic(loops) }

    func beat() { awaited.wrappingSubtract(1, ordering: .relaxed) }

    /// How many loops have not answered yet.
    public var missing: Int { max(0, awaited.load(ordering: .relaxed)) }
}
