internal import Wire

/// Plain sums over a whole run.
struct Account: Equatable, Sendable {
    /// Patches said by the schedule, and those the server acknowledged, refused, put off.
    var published: UInt64 = 0
    var acknowledged: UInt64 = 0
    var refused: UInt64 = 0
    var postponed: UInt64 = 0
    /// The same of events.
    var events: UInt64 = 0
    var acknowledgedEvents: UInt64 = 0
    /// Diffs with measured patches in them.
    var receipts: UInt64 = 0
    /// Of messages, without the framing beneath.
    var receivedBytes: UInt64 = 0
    var sentBytes: UInt64 = 0
    var messages: UInt64 = 0
}

/// One second of a run.
struct Moment: Equatable, Sendable {
    /// Since the start of the run.
    var at = Interval(nanoseconds: 0)
    var phase = LoadRun.Phase.creating
    var connected = 0
    var published: UInt64 = 0
    var receipts: UInt64 = 0
    var middle = Interval(nanoseconds: 0)
    var p99 = Interval(nanoseconds: 0)
    var worst = Interval(nanoseconds: 0)
}

/// How often each kind of mishap came, the kinds in the order in which they first came; of very
/// many kinds the later ones are counted together.
struct Tally: Equatable, Sendable {
    private(set) var kinds: [(text: String, count: UInt64)] = []
    private static let limit = 20

    static func == (a: Tally, b: Tally) -> Bool { a.kinds.elementsEqual(b.kinds) { $0 == $1 } }

    mutating func add(_ text: String) {
        if let place = kinds.firstIndex(where: { $0.text == text }) {
            kinds[place].count += 1
        } else if kinds.count < Tally.limit {
            kinds.append((text, 1))
        } else {
            let last = kinds[Tally.limit - 1].count
            kinds[Tally.limit - 1] = ("others", last + 1)
        }
    }
}

/// What is told while a run goes.
struct Progress: Equatable, Sendable {
    let moment: Moment
    let patches: Int
    let made: Int
    let connections: Int
    let faults: UInt64
    let diverged: UInt64
    /// Somebody is to restart the server now.
    var awaitsRestart = false

    init(
        moment: Moment, patches: Int, made: Int, connections: Int, faults: UInt64,
        diverged: UInt64
    ) {
        (self.moment, self.patches, self.made) = (moment, patches, made)
        (self.connections, self.faults, self.diverged) = (connections, faults, diverged)
    }

    init(run: LoadRun, moment: Moment) {
        self.moment = moment
        patches = run.schedule.count
        made = run.nextPatch
        connections = run.plan.connections
        awaitsRestart = run.plan.disturbance == .restart && run.disturbedAt == nil
        var faults: UInt64 = 0
        var diverged: UInt64 = 0
        for client in run.clients {
            let audit = client.audit
            faults += audit.lost + audit.repeated + audit.disordered + audit.malformed
            diverged += audit.diverged
        }
        self.faults = faults
        self.diverged = diverged
    }

    /// One line, at most 78 columns.
    var line: String {
        let time = Figures.right(Figures.fixed(Figures.seconds(moment.at), 0) + " s", 6)
        switch moment.phase {
        case .creating: return "\(time)  creating the topic"
        case .connecting:
            return "\(time)  connecting \(Figures.count(moment.connected)) of "
                + Figures.count(connections)
        case .measuring, .settling, .proving, .over:
            let rate = Figures.right(Figures.count(moment.receipts) + "/s", 11)
            let middle = Figures.right(Figures.duration(moment.middle), 8)
            let p99 = Figures.right(Figures.duration(moment.p99), 8)
            return "\(time)  \(Figures.count(moment.connected)) up \(rate)  p50 \(middle)"
                + "  p99 \(p99)  \(diverged) diverged"
                + (awaitsRestart && moment.phase == .measuring ? "  restart the server now" : "")
                + (faults > 0 ? "  \(Figures.count(faults)) faults" : "")
        }
    }
}
