/// A moment on a clock that only goes forward, in nanoseconds since that clock's own start.
///
/// Every deadline in the protocol is an `Instant` that was passed in; nothing in Wire or Hub reads
/// a clock, so a simulator can run a day in a millisecond. What the wall says is another type,
/// `WallTime`, which exists only at the edge.
public struct Instant: Equatable, Comparable, Sendable {
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable public static func < (a: Instant, b: Instant) -> Bool {
        a.nanoseconds < b.nanoseconds
    }

    /// Later by an interval; stops at the end of the clock instead of trapping.
    @inlinable public static func + (instant: Instant, interval: Interval) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(interval.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// How long after `earlier` this is; zero when it is not after it at all.
    @inlinable public func since(_ earlier: Instant) -> Interval {
        Interval(
            nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}

/// A length of time in nanoseconds, never negative.
public struct Interval: Equatable, Comparable, Sendable {
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable public static func < (a: Interval, b: Interval) -> Bool {
        a.nanoseconds < b.nanoseconds
    }

    @inlinable public static func microseconds(_ n: UInt64) -> Interval { scaled(n, by: 1_000) }
    @inlinable public static func milliseconds(_ n: UInt64) -> Interval { scaled(n, by: 1_000_000) }
    @inlinable public static func seconds(_ n: UInt64) -> Interval { scaled(n, by: 1_000_000_000) }

    @inlinable static func scaled(_ n: UInt64, by unit: UInt64) -> Interval {
        let (product, overflow) = n.multipliedReportingOverflow(by: unit)
        return Interval(nanoseconds: overflow ? .max : product)
    }

    /// Whole milliseconds, rounded down: the unit in which timers are announced on the wire.
    @inlinable public var wholeMilliseconds: UInt64 { nanoseconds / 1_000_000 }
}
