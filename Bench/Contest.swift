import Foundation

/// Something to measure under a name of the tables.
struct Measurement {
    var name: String
    var run: () throws -> Row
}

/// Ours against a peer on the same work, in turns, so that whatever else the machine does falls on
/// both alike. What counts is the processor time of this thread (rule 33).
struct Contest {
    static let turns = 9
    /// Long enough that the clock's own cost does not show.
    static let turnSeconds = 0.04

    var name: String
    var peer: String
    var ours: () throws -> Void
    var theirs: () throws -> Void

    var measurement: Measurement { Measurement(name: name, run: run) }

    private func run() throws -> Row {
        let ourBatch = try Contest.batch(ours)
        let theirBatch = try Contest.batch(theirs)
        var times: [Double] = []
        var ratios: [Double] = []
        for turn in 0..<Contest.turns {
            // Who goes first changes with every turn.
            let first = turn % 2 == 0
            let before = first ? try Contest.time(theirs, theirBatch) : 0
            let our = try Contest.time(ours, ourBatch)
            let their = first ? before : try Contest.time(theirs, theirBatch)
            times.append(our * 1e9)
            ratios.append(their / our)
        }
        return Row(
            name: name, values: times, unit: "ns", peer: peer, ratio: median(ratios))
    }

    /// Seconds for one repetition, in each of as many turns.
    static func times(_ work: () throws -> Void) throws -> [Double] {
        let count = try batch(work)
        return try (0..<turns).map { _ in try time(work, count) }
    }

    /// How many repetitions make a turn.
    private static func batch(_ work: () throws -> Void) throws -> Int {
        var count = 1
        while true {
            let seconds = try time(work, count) * Double(count)
            if seconds > turnSeconds { return count }
            count = seconds < turnSeconds / 100 ? count * 10 : count * 2
        }
    }

    /// Seconds for one repetition.
    private static func time(_ work: () throws -> Void, _ count: Int) throws -> Double {
        let start = threadNanoseconds()
        for _ in 0..<count { try work() }
        return Double(threadNanoseconds() - start) / 1e9 / Double(count)
    }
}

private func threadNanoseconds() -> UInt64 {
    var now = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// Keeps the optimiser from dropping work whose result nobody looks at.
@inline(never)
func consume<T>(_ value: borrowing T) {}
