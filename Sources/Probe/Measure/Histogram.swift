internal import Wire

/// Lengths of time, counted in buckets whose width grows with the value: fixed memory, one step
/// to record, and every percentile to within 0.4 % whatever the spread (the idea is Gil Tene's
/// HdrHistogram).
///
/// Below 128 ns each nanosecond has a bucket; above, each power of two is cut into 128:
///
///     0 … 127          one bucket each
///     128 … 255        128 buckets of 1
///     256 … 511        128 buckets of 2
///     2^n …            128 buckets of 2^(n-7)
///
/// up to 2^40 ns, eighteen minutes; what is longer counts in the last bucket, and `max` is exact.
struct Histogram: Equatable, Sendable {
    private static let cut = 7
    private static let topBit = 39
    private static let bucketCount = (topBit - cut + 2) << cut

    /// Empty until the first value, so that a histogram nobody fills costs nothing.
    private var buckets: [UInt64] = []
    private(set) var count: UInt64 = 0
    private var sum: Double = 0
    private var least: UInt64 = .max
    private var most: UInt64 = 0

    init() {}

    var isEmpty: Bool { count == 0 }
    var min: Interval { Interval(nanoseconds: count == 0 ? 0 : least) }
    var max: Interval { Interval(nanoseconds: most) }
    var mean: Interval {
        Interval(nanoseconds: count == 0 ? 0 : UInt64(sum / Double(count)))
    }

    @inline(__always)
    private static func bucket(of value: UInt64) -> Int {
        let capped = Swift.min(value, (1 << UInt64(topBit + 1)) - 1)
        let shift = Swift.max(0, 63 - (capped | 127).leadingZeroBitCount - cut)
        // The leading bit itself is in the 128 added by the next power of two's own row.
        return shift << cut + Int(capped >> UInt64(shift))
    }

    /// The first value of a bucket and how many values share it.
    private static func range(of bucket: Int) -> (first: UInt64, width: UInt64) {
        let row = bucket >> cut
        if row < 2 { return (UInt64(bucket), 1) }
        let shift = UInt64(row - 1)
        return (UInt64(bucket & 127 | 128) << shift, 1 << shift)
    }

    mutating func record(_ interval: Interval, times: UInt64 = 1) {
        guard times > 0 else { return }
        if buckets.isEmpty { buckets = [UInt64](repeating: 0, count: Histogram.bucketCount) }
        let value = interval.nanoseconds
        buckets[Histogram.bucket(of: value)] &+= times
        count &+= times
        sum += Double(value) * Double(times)
        if value < least { least = value }
        if value > most { most = value }
    }

    /// The value that `percent` of all values do not exceed.
    func percentile(_ percent: Double) -> Interval {
        guard count > 0 else { return Interval(nanoseconds: 0) }
        let wanted = Swift.max(1, UInt64((percent / 100 * Double(count)).rounded(.up)))
        if wanted >= count { return max }
        var passed: UInt64 = 0
        for bucket in buckets.indices where buckets[bucket] > 0 {
            passed += buckets[bucket]
            if passed >= wanted { return Interval(nanoseconds: middle(of: bucket)) }
        }
        return max
    }

    /// What stands for a bucket: its middle, but never outside what was really recorded.
    private func middle(of bucket: Int) -> UInt64 {
        let (first, width) = Histogram.range(of: bucket)
        return Swift.min(Swift.max(first + width / 2, least), most)
    }

    /// How many values lie above; to within a bucket.
    func count(above interval: Interval) -> UInt64 {
        guard count > 0 else { return 0 }
        let last = Histogram.bucket(of: interval.nanoseconds)
        var above: UInt64 = 0
        for bucket in buckets.indices.dropFirst(last + 1) { above += buckets[bucket] }
        return above
    }

    mutating func add(_ other: Histogram) {
        guard other.count > 0 else { return }
        if buckets.isEmpty { buckets = [UInt64](repeating: 0, count: Histogram.bucketCount) }
        for i in buckets.indices { buckets[i] &+= other.buckets[i] }
        count &+= other.count
        sum += other.sum
        least = Swift.min(least, other.least)
        most = Swift.max(most, other.most)
    }

    mutating func clear() {
        for i in buckets.indices { buckets[i] = 0 }
        (count, sum, least, most) = (0, 0, .max, 0)
    }

    /// The whole spectrum, as points for a chart or a file: at each value that occurred, the
    /// percentage of values at or below it. At most one point a bucket.
    var spectrum: [(value: Interval, percent: Double)] {
        var points: [(value: Interval, percent: Double)] = []
        var passed: UInt64 = 0
        for bucket in buckets.indices where buckets[bucket] > 0 {
            passed += buckets[bucket]
            points.append(
                (
                    Interval(nanoseconds: middle(of: bucket)),
                    Double(passed) * 100 / Double(count)
                ))
        }
        return points
    }
}
