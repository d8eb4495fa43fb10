import Hub
import Transport
import Wire

/// One loop of a node: its connections sit at its desk, its shard of the topics is owned by its
/// hub, and this carries everything between them, the sockets and the other loops.
///
/// Its parts: connections and requests in `NodeLoop+Connections` and `HTTP/`, what the desk needs
/// of it in `NodeLoop+Carrier`, and here the turns.
final class NodeLoop: Service {
    let loop: Loop
    let settings: NodeSettings
    let shared: Shared
    let number: Int
    /// As they are after the last reload.
    private(set) var limits: NodeLimits
    var storeLine = StoreLine()
    /// Commits under way, and since when.
    var committing: [UInt64: Instant] = [:]
    var desk: Desk
    var hub: Hub
    var tokens: Tokens
    private var demonstration: Demonstration?

    /// By a connection's index: what it is at the desk.
    var lines: [Line?] = []
    /// Connections that are there to be told why they cannot stay.
    var unwelcome: [ConnectionID: Problem] = [:]
    /// Where connections came from, while that is counted.
    var addresses: [ConnectionID: SocketAddress] = [:]
    /// Connections that said too much at once, and when they are heard again.
    var throttled: [(id: ConnectionID, until: Instant)] = []
    /// Connections that are about to be an application's WebSockets.
    var upgrading: [ConnectionID: (application: Int, request: ApplicationRequest)] = [:]
    /// Connections that are read again once the desk has finished speaking.
    var thawing: [ConnectionID] = []
    /// Requests under way, and which of them something was said to in this turn.
    var exchanges: [ConnectionID: Exchange] = [:]
    var stirred: [ConnectionID] = []
    /// Guests who leave the desk when it has finished speaking.
    var leaving: [UInt32] = []
    /// Streams that were sent something and may not have it yet.
    var unconfirmed: [ConnectionID] = []
    private var nextSweep: Instant
    private(set) var sweeps: UInt64 = 0
    private(set) var isDraining = false
    private var stopAt: Instant?

    /// Requests to our own hub, until the turn ends.
    private var requests: [Request] = []
    /// By loop: letters of this turn, and of earlier ones while its box is full.
    private var outgoing: [[Letter]]
    var prepared = Prepared([], .json)
    /// One for each window in use.
    var compressors: [Int: Compressor] = [:]
    var timing = LoopCounters.Timing()
    var refusals = LoopCounters.Refusals()
    var said = Said()
    private(set) var wall = WallTime(seconds: 0)
    private var wallTurn: Instant?

    /// What the loops of a node have in common.
    struct Shared: Sendable {
        let post: Post
        let census: Census
        let tickets: Tickets
        let revocations: Revocations
        let store: Store?
        /// Where the operator's thread reads answers.
        let desk: Mailbox<AdminLetter>?
        let applications: [ApplicationThread]
        /// What the process took before anybody was there.
        let bytesAtStart: UInt64
    }

    init(_ loop: Loop, _ settings: NodeSettings, _ shared: Shared, number: Int) {
        self.loop = loop
        self.settings = settings
        limits = settings.limits
        self.shared = shared
        self.number = number
        tokens = Tokens(settings.access, shared.revocations)
        outgoing = [[Letter]](repeating: [], count: settings.loops)
        desk = Desk(settings.desk, number: UInt32(number), shards: settings.loops)
        var share = settings.hub
        share.topicsPerTenant = settings.limits.topicsPerTenant.map { limit in
            (limit + settings.loops - 1) / settings.loops
        }
        hub = Hub(
            share, shard: number, shards: settings.loops, desks: settings.loops,
            seed: System.randomSeed())
        nextSweep = loop.now + NodeLoop.sweepInterval
        if settings.isDemonstration && number == 0 {
            demonstration = Demonstration(seed: System.randomSeed(), now: loop.now)
        }
        scheduleWake()
    }

    /// The wall is read at most once a turn.
    func readWall() {
        guard wallTurn != loop.now else { return }
        wallTurn = loop.now
        wall = Process.wall
        desk.wall = wall
        hub.wall = wall
    }

    // MARK: Turns

    func woken() {
        readWall()
        for letter in shared.post.collect(for: number) {
            switch letter {
            case .request(let request): requests.append(request)
            case .notice(let notice, let shard):
                desk.receive(notice, fromShard: shard, now: loop.now, carrier: self)
            case .access(let access): tokens = Tokens(access, shared.revocations)
            case .limits(let limits): self.limits = limits
            case .certificate(let context, let listener):
                loop.replaceTLS(context, ofListeners: listener)
            case .store(let answers): receive(answers)
            case .pulse(let pulse): pulse.beat()
            case .inquiry(let inquiry): answer(inquiry)
            case .application(let letter): receive(letter)
            case .stop: drain()
            }
        }
    }

    func reached(_ now: Instant) {
        readWall()
        desk.reached(now, carrier: self)
        releaseThrottled()
        if nextSweep <= now {
            timing.lag.add(now.since(nextSweep))
            sweeps += 1
            nextSweep = now + NodeLoop.sweepInterval
            sweepExchanges()
            if number == 0 { shared.census.look(resident: Process.residentBytes, limits) }
            desk.pressure = shared.census.refuses
            sayHowItGoes()
        }
        if let due = demonstration?.deadline, due <= now {
            for publication in demonstration?.publications(now: now, wall: wall) ?? [] {
                post(
                    .publish(publication),
                    toShard: publication.topic.shard(of: settings.loops))
            }
        }
    }

    /// All patches that waited are applied, then every audience gets one frame; what the desk asks
    /// for while it delivers is answered in the same turn.
    func turnEnded(_ now: Instant) {
        // What is beyond a turn's budget waits for the next, so that a flood of patches never keeps
        // the frames of those before it from leaving.
        var budget = NodeLoop.requestsPerTurn
        var bytes = NodeLoop.bytesPerTurn
        confirmStreams()
        repeat {
            // The one that passes the budget of bytes is the last, so that each comes to its turn.
            let batch = requests.prefix(budget).prefix { request in
                defer { bytes -= request.size }
                return bytes > 0
            }
            requests.removeFirst(batch.count)
            budget -= batch.count
            for request in batch { hub.receive(request, now: now) }
            hub.flush(now: now)
            if !batch.isEmpty { timing.applied.add(System.now.since(now)) }
            for (desk, notice) in hub.takeLetters() {
                if desk == number {
                    self.desk.receive(notice, fromShard: number, now: now, carrier: self)
                } else if desk >= settings.loops {
                    tellApplication(desk, notice)
                } else {
                    outgoing[desk].append(.notice(notice, fromShard: number))
                }
            }
            settleExchanges()
            thaw()
            if !batch.isEmpty { timing.delivered.add(System.now.since(now)) }
        } while !requests.isEmpty && budget > 0 && bytes > 0
        answerOperated()
        writeToStore()
        for reader in outgoing.indices where !outgoing[reader].isEmpty {
            if shared.post.send(outgoing[reader], to: reader) { outgoing[reader] = [] }
        }
        if isDraining { finishDraining() }
        scheduleWake()
    }

    private static let requestsPerTurn = 4_096
    private static let bytesPerTurn = 4 << 20
    private static let sweepInterval = Interval.seconds(1)

    private func scheduleWake() {
        if !requests.isEmpty {
            loop.wake(at: loop.now)
            return
        }
        // What a full box kept back is tried again soon.
        let isBehind = outgoing.contains { !$0.isEmpty } || !unconfirmed.isEmpty
        var soonest = isBehind ? min(loop.now + .milliseconds(1), nextSweep) : nextSweep
        let deadlines = [
            desk.deadline, hub.deadline, demonstration?.deadline, stopAt,
            storeLine.deadline(now: loop.now),
        ]
        for deadline in deadlines {
            if let deadline { soonest = min(soonest, deadline) }
        }
        for line in throttled { soonest = min(soonest, line.until) }
        loop.wake(at: soonest)
    }

    func post(_ request: Request, toShard shard: Int) {
        if shard == number {
            requests.append(request)
        } else {
            outgoing[shard].append(.request(request))
        }
    }

    func operate(_ operation: Operation) { requests.append(.operate(operation)) }

    /// What it has counted so far.
    var counters: LoopCounters {
        var counters = LoopCounters()
        counters.hub = hub.counts
        counters.desk = desk.counts
        counters.topics = hub.topicCount
        counters.streams = exchanges.values.count { $0.streaming != nil }
        counters.pollers = exchanges.count - counters.streams
        counters.connections = desk.connectionCount - exchanges.count
        counters.subscriptions = desk.subscriptionCount
        counters.refusals = refusals
        counters.timing = timing
        counters.isDraining = isDraining
        return counters
    }

    // MARK: The end

    /// Nobody new comes in; those who are here are told when to come back, spread over a window,
    /// and have until then to finish.
    private func drain() {
        guard !isDraining else { return }
        isDraining = true
        stopAt = loop.now + settings.drainTime
        loop.stopListening()
        desk.drain(
            after: settings.drainTime, window: settings.drainTime, now: loop.now, carrier: self)
        sweepExchanges()
    }

    private func finishDraining() {
        guard let stop = stopAt, stop <= loop.now || loop.connectionCount == 0 else { return }
        stopAt = nil
        loop.stop(
            within: .seconds(5), code: CloseCode(.draining), reason: "the server is stopping")
    }
}
