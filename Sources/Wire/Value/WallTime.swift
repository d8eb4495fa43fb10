/// What the wall says: seconds and nanoseconds since 1970-01-01 in UTC, leap seconds not counted.
///
/// It exists at the edge (token claims, envelopes, logs) and as a value that users store; no
/// deadline is ever computed from it.
public struct WallTime: Hashable, Sendable {
    public let seconds: Int64
    /// Below 1,000,000,000.
    public let nanoseconds: UInt32

    /// Nil when `nanoseconds` is a second or more.
    public init?(seconds: Int64, nanoseconds: UInt32) {
        guard nanoseconds < 1_000_000_000 else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public init(seconds: Int64) {
        self.seconds = seconds
        nanoseconds = 0
    }

    public init(millisecondsSince1970 ms: UInt64) {
        seconds = Int64(ms / 1_000)
        nanoseconds = UInt32(ms % 1_000) * 1_000_000
    }
}

extension WallTime: Comparable {
    public static func < (a: WallTime, b: WallTime) -> Bool {
        a.seconds != b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds
    }
}
