import Glibc
import Simulation

/// The simulator from the command line.
///
///     fieldcast-sim --seeds 2000            many seeds, one after the other, on two threads
///     fieldcast-sim --seed 17               one, and what happened in it
///     fieldcast-sim --fault staleAlias      with a fault planted until a seed finds it; or `all`
@main
enum Program {
    static func main() async {
        var seeds: UInt64 = 2_000
        var first: UInt64 = 1
        var single: UInt64?
        var threads: UInt64 = 2
        var fault: String?
        var arguments = CommandLine.arguments.dropFirst()
        while let name = arguments.popFirst() {
            let value = arguments.popFirst() ?? ""
            if name == "--fault" {
                fault = value
                continue
            }
            guard let number = UInt64(value) else {
                print(
                    "usage: fieldcast-sim [--seed n | --seeds n] [--first n] [--threads n]"
                        + " [--fault name]")
                exit(2)
            }
            switch name {
            case "--seed": single = number
            case "--seeds": seeds = number
            case "--first": first = number
            case "--threads": threads = max(1, number)
            default:
                print("\(name) is not known")
                exit(2)
            }
        }
        if let fault {
            let among = single.map { $0...$0 } ?? first...first + seeds - 1
            find(fault, among, keepsNotes: single != nil)
        } else if let single {
            replay(single)
        } else {
            await sweep(first..<first + seeds, threads)
        }
    }

    private static func find(
        _ fault: String, _ seeds: ClosedRange<UInt64>, keepsNotes: Bool
    ) {
        guard Planted.isPossible else {
            print("this build cannot plant faults: make sim FAULT=\(fault)")
            exit(2)
        }
        let faults = fault == "all" ? Planted.names : [fault]
        guard faults.allSatisfy({ Planted.names.contains($0) }) else {
            print("there is no fault \(fault); there are: \(Planted.names.joined(separator: ", "))")
            exit(2)
        }
        var missed = 0
        for fault in faults {
            let report = Planted.firstFinding(of: fault, among: seeds, keepsNotes: keepsNotes)
            for note in report?.notes ?? [] { print(note) }
            if let report {
                print("\(fault): seed \(report.seed): \(report.violation ?? "")")
            } else {
                missed += 1
                print("\(fault): not found in \(seeds.count) seeds")
            }
        }
        exit(missed == 0 ? 0 : 1)
    }

    private static func replay(_ seed: UInt64) {
        let report = Simulation.run(seed: seed, keepsNotes: true)
        for note in report.notes { print(note) }
        var summary = Summary()
        summary.add(report)
        print(summary)
        if let violation = report.violation { fail(seed, violation) }
    }

    private static func sweep(_ seeds: Range<UInt64>, _ threads: UInt64) async {
        let clock = ContinuousClock()
        let start = clock.now
        let summary = await withTaskGroup(of: Summary.self) { group in
            for thread in 0..<threads {
                group.addTask {
                    var summary = Summary()
                    for seed in seeds where seed % threads == thread {
                        summary.add(Simulation.run(seed: seed))
                        if summary.violation != nil { break }
                    }
                    return summary
                }
            }
            var sum = Summary()
            for await part in group { sum.add(part) }
            return sum
        }
        let took = start.duration(to: clock.now)
        let seconds =
            Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        print(summary)
        let perSecond = Int(Double(summary.events) / seconds)
        let perMinute = Int(Double(summary.seeds) / seconds * 60)
        print("\(perSecond) events and faults a second, \(perMinute) seeds a minute")
        if let (seed, violation) = summary.violation { fail(seed, violation) }
    }

    private static func fail(_ seed: UInt64, _ violation: String) -> Never {
        print("seed \(seed): \(violation)\nreplay it with: make sim SEED=\(seed)")
        exit(1)
    }
}

/// What many runs came to.
struct Summary: Sendable, CustomStringConvertible {
    var seeds = 0
    var events = 0
    var comparisons = 0
    var mostStoring = 0
    var faults = Faults()
    var digest: UInt64 = 0
    var millis: UInt64 = 0
    /// The smallest seed that failed.
    var violation: (seed: UInt64, text: String)?

    mutating func add(_ report: Simulation.Report) {
        var one = Summary()
        one.seeds = 1
        one.events = report.events
        one.comparisons = report.comparisons
        one.mostStoring = report.mostStoring
        one.faults = report.faults
        one.digest = report.digest
        one.millis = report.millis
        one.violation = report.violation.map { (report.seed, $0) }
        add(one)
    }

    mutating func add(_ other: Summary) {
        seeds += other.seeds
        events += other.events
        comparisons += other.comparisons
        mostStoring = max(mostStoring, other.mostStoring)
        faults = faults + other.faults
        digest &+= other.digest
        millis += other.millis
        guard let theirs = other.violation else { return }
        if let ours = violation, ours.seed < theirs.seed { return }
        violation = theirs
    }

    var description: String {
        """
        seeds \(seeds), simulated \(millis / 1_000) s, events \(events), \
        views compared \(comparisons), at most \(mostStoring) writes of a loop under way, \
        digest \(String(digest, radix: 16))
        faults \(faults.total): crashes \(faults.crashes), cuts \(faults.cuts), half-open \
        \(faults.halfOpen), abandoned \(faults.abandoned), slow readers \(faults.slowReaders), \
        tokens \(faults.tokens), clients begun anew \(faults.restarts), drains \(faults.drains), \
        clock jumps \(faults.clockJumps), stalled loops \(faults.stalls), diffs disturbed \
        \(faults.disturbed), storage \(faults.storage)
        """
    }
}
