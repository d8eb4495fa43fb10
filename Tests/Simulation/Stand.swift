import Hub
import Wire

/// One loop of the node, as the node has it: a desk, a hub, the letters between loops, and turns.
final class Stand: Carrier {
    enum Arrival {
        case open(Line)
        case message(Line, [UInt8])
        case gone(Line)
        case letters([Letter])
        case stored(StoreAnswer)
    }

    enum Letter {
        case request(Request)
        case notice(Notice, fromShard: Int)
    }

    unowned let world: World
    let number: Int
    var desk: Desk
    private var hub: Hub
    private var arrivals: [Arrival] = []
    private var requests: [Request] = []
    private var outgoing: [[Letter]]
    private var prepared: [UInt8] = []
    private var resumed: [Line] = []
    /// The connection whose message is being taken.
    private var current: Line?
    /// What is posted while a connection is taken down.
    private var bequests: [Request]?
    /// When the next turn is planned.
    var planned: UInt64?
    var stalledUntil: UInt64 = 0

    init(_ world: World, number: Int, seed: UInt64) {
        self.world = world
        self.number = number
        let scenario = world.scenario
        desk = Desk(
            Desk.Settings(
                terms: scenario.terms, lagsBeforeSlowing: scenario.lagsBeforeSlowing,
                patience: scenario.patience),
            number: UInt32(number), shards: scenario.loops)
        hub = Hub(
            scenario.settings, shard: number, shards: scenario.loops, desks: scenario.loops,
            seed: seed)
        outgoing = [[Letter]](repeating: [], count: scenario.loops)
    }

    func take(_ arrival: Arrival) {
        arrivals.append(arrival)
        world.planTurn(self, at: world.now + world.chance.number(world.scenario.busy))
    }

    // MARK: Turns

    func turn() {
        let now = world.nodeNow
        desk.wall = world.wall
        hub.wall = world.wall
        let batch = arrivals
        arrivals = []
        for arrival in batch {
            switch arrival {
            case .open(let line):
                line.station = desk.open(line: UInt64(line.number), line.encoding, now: now)
            case .message(let line, let bytes): take(bytes, line, now)
            case .gone(let line):
                guard let station = line.station else { break }
                line.station = nil
                bequests = []
                desk.closed(station, carrier: self)
                world.oracle.bequeathed(bequests, line, isDraining: desk.isDraining)
                bequests = nil
            case .stored(let answer): hub.receive(answer, now: now)
            case .letters(let letters):
                for letter in letters {
                    switch letter {
                    case .request(let request): requests.append(request)
                    case .notice(let notice, let shard):
                        desk.receive(notice, fromShard: shard, now: now, carrier: self)
                    }
                }
            }
        }
        desk.reached(now, carrier: self)
        endTurn(now)
        for line in resumed {
            arrivals += line.held.map { .message(line, $0) }
            line.held = []
        }
        resumed = []
        planNext()
    }

    private func take(_ bytes: [UInt8], _ line: Line, _ now: Instant) {
        guard let station = line.station, !line.serverIsGone else { return }
        if line.isPaused || !line.held.isEmpty {
            line.held.append(bytes)
            return
        }
        current = line
        world.oracle.taking(bytes, line, world.tokens)
        desk.received(bytes.span, from: station, now: now, carrier: self)
        current = nil
    }

    private func endTurn(_ now: Instant) {
        repeat {
            var letters = heard(now)
            let batch = requests
            requests = []
            for request in batch {
                world.oracle.requested(request, shard: number, now)
                hub.receive(request, now: now)
                letters += heard(now)
            }
            hub.flush(now: now)
            world.oracle.flushed(shard: number, now, hub.wall)
            letters += heard(now)
            for request in hub.takeStoreRequests() { world.store(request, from: number) }
            for (reader, notice) in letters {
                if reader == number {
                    desk.receive(notice, fromShard: number, now: now, carrier: self)
                } else {
                    outgoing[reader].append(.notice(notice, fromShard: number))
                }
            }
        } while !requests.isEmpty
        for reader in outgoing.indices where !outgoing[reader].isEmpty {
            if world.mail(outgoing[reader], from: number, to: reader) { outgoing[reader] = [] }
        }
    }

    /// The hub's letters, one after the other as they were made.
    private func heard(_ now: Instant) -> [(desk: Int, notice: Notice)] {
        let letters = hub.takeLetters()
        world.oracle.heard(letters, from: number, now, hub.wall)
        return letters
    }

    private func planNext() {
        if !arrivals.isEmpty {
            world.planTurn(self, at: world.now + world.chance.number(world.scenario.busy))
        }
        if outgoing.contains(where: { !$0.isEmpty }) {
            world.planTurn(self, at: world.now + 1_000_000)
        }
        for deadline in [desk.deadline, hub.deadline] {
            if let deadline { world.planTurn(self, at: world.worldTime(ofNode: deadline)) }
        }
    }

    // MARK: Carrier

    func carry(_ message: [UInt8], _ encoding: Encoding, to connection: UInt64) {
        world.sendDown(message, on: world.lines[Int(connection)])
    }

    func prepare(_ message: [UInt8], _ encoding: Encoding) { prepared = message }

    func carryPrepared(to connection: UInt64) {
        world.sendDown(prepared, on: world.lines[Int(connection)])
    }

    func close(_ connection: UInt64, _ code: Code, _ reason: Text) {
        world.lines[Int(connection)].isEnded = true
        world.closeDown(code, on: world.lines[Int(connection)])
    }

    func pause(_ connection: UInt64) { world.lines[Int(connection)].isPaused = true }

    func resume(_ connection: UInt64) {
        let line = world.lines[Int(connection)]
        line.isPaused = false
        resumed.append(line)
    }

    func post(_ request: Request, toShard shard: Int) {
        if case .publish(let publication) = request, let line = current {
            world.oracle.admitted(publication, line, world.tokens)
        }
        bequests?.append(request)
        if shard == number {
            requests.append(request)
        } else {
            outgoing[shard].append(.request(request))
        }
    }

    func verify(_ token: Text) -> TokenVerdict {
        let verdict = world.tokens.verdict(token, at: world.now)
        if case .accepted = verdict { current?.token = Tokens.number(token) }
        return verdict
    }
}
