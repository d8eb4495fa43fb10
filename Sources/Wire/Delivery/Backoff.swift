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
