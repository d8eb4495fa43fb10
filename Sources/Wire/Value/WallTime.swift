/// What the wall clock says: seconds and nanoseconds since 1970-01-01T00:00:00Z, leap seconds not
/// counted, as POSIX has it.
///
/// It exists at the edge, in tokens, envelopes and logs. It can jump either way, so no deadline
/// hangs on it; those are `Instant`s.
public struct WallTime: Equatable, Comparable, Hashable, Sendable {
    public var seconds: Int64
    /// Always below 1,000,000,000, and always counted forward, before 1970 too.
    public let nanoseconds: UInt32

    /// Nanoseconds of a second or more are cut to the last of that second.
    @inlinable public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = min(nanoseconds, 999_999_999)
    }

    /// Nil when the nanoseconds are a second or more: how what was received is taken.
    init?(exactly seconds: Int64, _ nanoseconds: UInt32) {
        guard nanoseconds < 1_000_000_000 else { return nil }
        self.init(seconds: seconds, nanoseconds: nanoseconds)
    }

    @inlinable public static func < (a: WallTime, b: WallTime) -> Bool {
        a.seconds != b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds
    }

    /// Later by an interval; stops at the last second that can be said instead of trapping.
    public static func + (time: WallTime, interval: Interval) -> WallTime {
        let nanoseconds = UInt64(time.nanoseconds) + interval.nanoseconds % 1_000_000_000
        let whole = Int64(interval.nanoseconds / 1_000_000_000 + nanoseconds / 1_000_000_000)
        let (seconds, overflow) = time.seconds.addingReportingOverflow(whole)
        return WallTime(
            seconds: overflow ? .max : seconds, nanoseconds: UInt32(nanoseconds % 1_000_000_000))
    }

    /// How long after `earlier` this is; zero when it is not after it, and the longest interval
    /// when it is more than 584 years after it.
    public func since(_ earlier: WallTime) -> Interval {
        guard earlier < self else { return Interval(nanoseconds: 0) }
        let (apart, overflow) = seconds.subtractingReportingOverflow(earlier.seconds)
        guard !overflow, apart < 18_446_744_073 else { return Interval(nanoseconds: .max) }
        // `earlier` is before this, so the sum cannot fall below zero.
        return Interval(
            nanoseconds: UInt64(apart) * 1_000_000_000 + UInt64(nanoseconds)
                - UInt64(earlier.nanoseconds))
    }
}
