import Hub
import Wire

/// What a loop has counted: values to be added up over the loops.
struct LoopCounters: Sendable {
    var hub = Hub.Counts()
    var desk = Desk.Counts()
    var topics = 0
    var connections = 0
    var subscriptions = 0
    /// Requests over HTTP that wait for news, and event streams.
    var pollers = 0
    var streams = 0
    var refusals = Refusals()
    var timing = Timing()
    var isDraining = false

    struct Refusals: Equatable, Sendable {
        var connections: UInt64 = 0
        var tokens: UInt64 = 0
        var throttled: UInt64 = 0
        var publishes: UInt64 = 0
    }

    /// Where the time between a patch and its frames goes, turn by turn.
    struct Timing: Sendable {
        /// From the begin of a turn until its patches were applied and their frames made.
        var applied = TimeHistogram()
        /// Until the frames were in their queues.
        var delivered = TimeHistogram()
        /// Of a commit, from the request to the answer.
        var stored = TimeHistogram()
        /// How late the loop was for its own timer.
        var lag = TimeHistogram()
    }

    static func += (sum: inout LoopCounters, other: LoopCounters) {
        sum.hub += other.hub
        sum.desk += other.desk
        sum.topics += other.topics
        sum.connections += other.connections
        sum.subscriptions += other.subscriptions
        sum.pollers += other.pollers
        sum.streams += other.streams
        sum.refusals.connections += other.refusals.connections
        sum.refusals.tokens += other.refusals.tokens
        sum.refusals.throttled += other.refusals.throttled
        sum.refusals.publishes += other.refusals.publishes
        sum.timing.applied += other.timing.applied
        sum.timing.delivered += other.timing.delivered
        sum.timing.stored += other.timing.stored
        sum.timing.lag += other.timing.lag
        sum.isDraining = sum.isDraining || other.isDraining
    }
}

/// Times in buckets that double from 50 microseconds to 26 seconds: twenty of them, and the rest.
struct TimeHistogram: Equatable, Sendable {
    static let first: UInt64 = 50_000
    static let buckets = 20

    /// The last is for all that is longer.
    private(set) var counts = [UInt64](repeating: 0, count: buckets + 1)
    private(set) var nanoseconds: UInt64 = 0

    mutating func add(_ time: Interval) {
        var bound = TimeHistogram.first
        var bucket = 0
        while bucket < TimeHistogram.buckets && time.nanoseconds > bound {
            bound *= 2
            bucket += 1
        }
        counts[bucket] += 1
        nanoseconds &+= time.nanoseconds
    }

    var count: UInt64 { counts.reduce(0, +) }

    /// The upper bound of a bucket.
    static func bound(_ bucket: Int) -> Interval {
        Interval(nanoseconds: first << UInt64(bucket))
    }

    static func += (sum: inout TimeHistogram, other: TimeHistogram) {
        for i in sum.counts.indices { sum.counts[i] += other.counts[i] }
        sum.nanoseconds &+= other.nanoseconds
    }
}
