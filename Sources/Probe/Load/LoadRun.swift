internal import Transport
internal import Wire

/// A load run on one loop: opens the virtual clients, publishes by the script, hears what they
/// receive, and ends with every client proven or named.
///
///     creating → connecting → measuring → settling → proving → over
///
/// *creating*: the first publisher makes the topic. *connecting*: the ramp, until every subscriber
/// holds its snapshot. *measuring*: patches at their times. *settling*: all is acknowledged, the
/// closing patch is out, everybody comes to the head. *proving*: each mirror against the server's
/// hash and the script.
final class LoadRun: Service {
    enum Phase: Int, Comparable {
        case creating, connecting, measuring, settling, proving, over
        static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }
    }

    let loop: Loop
    let plan: LoadPlan
    let schedule: Schedule
    let address: SocketAddress
    let target: Target
    let token: (Int) -> Text
    /// What all subscribers hold.
    let book: StateBook
    private let masks: [Mask?]
    /// Told about progress; nil in tests.
    let progress: ((Progress) -> Void)?

    var phase = Phase.creating
    var script: Script
    var clients: [VirtualClient] = []
    var publishers: ArraySlice<VirtualClient> { clients[..<plan.publishers] }
    var subscribers: ArraySlice<VirtualClient> { clients[plan.publishers...] }
    /// By the index of the connection in the loop.
    var bySlot: [VirtualClient?] = []
    var generator: SeededGenerator
    var writer = Writer(capacity: 4096)

    var table = VersionTable(base: 0)
    var stages = Stages()
    var account = Account()
    var series: [Moment] = []
    var current = Moment()
    /// The receipts of the current second.
    var second = Histogram()
    var errors = Tally()

    var startedAt: Instant
    /// When the phase began, and by when it must be over.
    var phaseBegan: Instant
    var phaseLimit: Instant
    var nextConnect = 0
    /// Clients whose connection was lost and that will come back.
    var returning: [VirtualClient] = []
    var connectStart: Instant
    var measureStart = Instant(nanoseconds: 0)
    var measureEnd = Instant(nanoseconds: 0)
    var nextPatch = 0
    var readyCount = 0
    var head: UInt64 = 0
    var atHead = 0
    var proofsDue = 0
    var openProblem: String?
    var disturbed = false
    var disturbedAt: Instant?
    var recoveredAt: Instant?
    var stalled: [VirtualClient] = []
    var nextSecond: Instant
    var nextSweep: Instant
    var sweepPlace = 0
    var meantWake: Instant?
    /// What the probe itself uses.
    var usage = Usage()
    var applySampler: UInt8 = 0
    var wasInterrupted = false

    static let sweepTime = Interval.milliseconds(50)

    init(
        _ plan: LoadPlan, on loop: Loop, to address: SocketAddress, target: Target,
        token: @escaping (Int) -> Text, progress: ((Progress) -> Void)? = nil
    ) {
        self.plan = plan
        self.loop = loop
        self.address = address
        self.target = target
        self.progress = progress
        schedule = plan.schedule
        self.token = token
        let script = Script(plan)
        self.script = script
        masks = (0..<plan.views).map { script.mask(of: $0) }
        book = StateBook(fields: plan.fields, keepsHashes: plan.hashes)
        generator = SeededGenerator(seed: plan.seed)
        let now = System.now
        (startedAt, phaseBegan, connectStart, nextSecond, nextSweep) = (now, now, now, now, now)
        phaseLimit = now + plan.patience
        nextSecond = now + .seconds(1)
        var seconded = 0
        for n in 0..<plan.publishers + plan.connections {
            let isPublisher = n < plan.publishers
            let index = n - plan.publishers
            let client = VirtualClient(
                number: n,
                role: isPublisher ? .publisher(n) : .subscriber(view: plan.view(of: index)),
                encoding: isPublisher ? .messagePack : plan.encoding(of: index),
                speaker: isPublisher ? Speaker(token: token(n), instance: instance(of: n)) : nil,
                connectAt: now)
            if !isPublisher, client.encoding == .messagePack, seconded < plan.seconded {
                client.second = NaiveMirror()
                client.audit.seconded = 1
                seconded += 1
            }
            clients.append(client)
        }
    }

    private func instance(of n: Int) -> Text {
        Text(String(mixed(plan.seed, UInt64(n)), radix: 16))
    }

    /// What a subscriber says of itself.
    func words(of client: VirtualClient) -> Follower.Words {
        Follower.Words(
            topic: Text(plan.topic), fields: masks[client.view], hash: plan.hashes,
            token: token(client.number), instance: instance(of: client.number))
    }

    /// Runs to the end on the calling thread and returns what was found.
    func run() -> LoadResult {
        loop.wake(at: loop.now)
        loop.run(self)
        return result()
    }

    // MARK: Phases

    func enter(_ next: Phase, _ now: Instant) {
        phase = next
        phaseBegan = now
        phaseLimit = now + plan.patience
        switch next {
        case .creating: break
        case .connecting:
            connectStart = now
            phaseLimit = now + plan.ramp + plan.patience
        case .measuring:
            measureStart = now
            usage.begin()
            stages.slip.clear()
            stages.turn.clear()
            table = VersionTable(base: head)
            phaseLimit = now + plan.length + plan.patience
            for client in subscribers where client.stage == .ready {
                client.start = client.version
            }
            nextSecond = now + .seconds(1)
            current = Moment()
        case .settling:
            measureEnd = now
            // What is left of a second is too short for a rate.
            second.clear()
            current = Moment()
            usage.end()
        case .proving:
            for client in subscribers where client.stage == .ready {
                client.finalProof = .asked
                client.prove()
                proofsDue += 1
                pump(client, now)
            }
        case .over:
            loop.stop(within: .milliseconds(500), code: .normal)
        }
    }

    /// Whether the phase has done its work, or its time is up.
    func advance(_ now: Instant) {
        let late = now >= phaseLimit
        switch phase {
        case .creating:
            if late {
                openProblem = openProblem ?? "the topic could not be created in time"
                enter(.over, now)
            }
        case .connecting:
            let all = readyCount == plan.connections && nextConnect == plan.connections
            if all || late { enter(.measuring, now) }
        case .measuring:
            let published =
                nextPatch == schedule.count
                && publishers.allSatisfy { $0.speaker?.pending.isEmpty ?? true }
            let isBack = plan.disturbance == .none || recoveredAt != nil
            if published && isBack || late {
                if !wasClosing { publishClosing(now) }
            }
        case .settling:
            if atHead == readyCount && returning.isEmpty || late { enter(.proving, now) }
        case .proving:
            if proofsDue == 0 || late { enter(.over, now) }
        case .over: break
        }
        if Machine.isInterrupted, phase < .settling, !wasInterrupted {
            wasInterrupted = true
            nextPatch = schedule.count
            if phase < .measuring { enter(.over, now) }
        }
    }

    var wasClosing: Bool { script.isClosed }

    // MARK: Service

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        .respond(HTTPResponse(.unavailable))
    }

    func reached(_ now: Instant) {
        if let meantWake { stages.slip.record(now.since(meantWake)) }
        connectDue(now)
        publishDue(now)
        sweep(now)
        if now >= nextSecond { endSecond(now) }
    }

    func turnEnded(_ now: Instant) {
        advance(now)
        if phase == .over { return }
        let wake = nextWake(now)
        meantWake = wake
        loop.wake(at: wake)
        stages.turn.record(System.now.since(now))
    }

    private func nextWake(_ now: Instant) -> Instant {
        var soonest = min(nextSecond, nextSweep)
        if phase == .measuring, nextPatch < schedule.count {
            soonest = min(soonest, measureStart + schedule.offset(of: nextPatch))
        }
        if phase == .connecting, nextConnect < plan.connections {
            soonest = min(soonest, connectStart + plan.connectOffset(of: nextConnect))
        }
        for client in returning { soonest = min(soonest, client.connectAt) }
        return max(soonest, now)
    }
}
