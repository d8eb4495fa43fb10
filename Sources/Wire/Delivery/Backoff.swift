/// How long to wait before the next try (rule 32): a random part of the first second, then 3, 6,
/// 12, 24 and 48 seconds, each with up to a quarter more or less, so that a thousand clients cut
/// at one moment do not come back at one moment.
public struct Backoff: Equatable, Sendable {
    public private(set) var tries: Int = 0

    public init() {}

    /// The tries went well: the next wait is the first again.
    public mutating func reset() { tries = 0 }

    public mutating func next(using generator: inout some RandomNumberGenerator) -> Interval {
        defer { tries += 1 }
        if tries == 0 {
            return Interval(nanoseconds: UInt64.random(in: 0...1_000_000_000, using: &generator))
        }
        let base = UInt64(3_000_000_000) << UInt64(min(tries - 1, 4))
        let low = base / 4 * 3
        return Interval(nanoseconds: UInt64.random(in: low...base / 4 * 5, using: &generator))
    }
}

/// When something that a code ended is tried again: at once where its hundred says so, but at once
/// only once a minute; otherwise by the back-off (X1, X6).
public struct Retry: Equatable, Sendable {
    private var backoff = Backoff()
    /// When it was last tried at once.
    private var hurried: Instant?

    public init() {}

    /// It went well: the waits begin anew. What was tried at once is not forgotten.
    public mutating func reset() { backoff.reset() }

    /// How long to wait; `after` is what the server said.
    public mutating func next(
        _ remedy: Code.Remedy, after: UInt64? = nil, now: Instant,
        using generator: inout some RandomNumberGenerator
    ) -> Interval {
        if remedy == .retryLater {
            let own = backoff.next(using: &generator)
            return after.map { .milliseconds($0) } ?? own
        }
        if hurried.map({ now.since($0) < .seconds(60) }) != true {
            hurried = now
            return Interval(nanoseconds: 0)
        }
        // At once was the first wait.
        if backoff.tries == 0 { _ = backoff.next(using: &generator) }
        return backoff.next(using: &generator)
    }
}
