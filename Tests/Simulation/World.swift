import Hub
import Wire

/// Everything there is in a simulation: the node's loops, the clients, the network between them,
/// and one agenda. See `Simulation` for what it is for.
final class World {
    let scenario: Scenario
    let oracle: Oracle
    var chance: Chance
    var agenda = Agenda()
    var now: UInt64 = 1_000_000_000
    /// The node's clock and its wall run ahead of the world by so much.
    var nodeAhead: UInt64 = 0
    var wallAhead: Int64 = 0
    var farthestWall: Int64 = 0
    var tokens = Tokens()
    let disk = Disk()
    var clients: [Client] = []
    var lines: [Line] = []
    /// Empty while the node is down.
    var stands: [Stand] = []
    var life = 0
    /// By writer and reader.
    private var boxes: [[Queue<[Stand.Letter]>]] = []
    private var lastMail: [[UInt64]] = []
    var mailDelay: ClosedRange<UInt64> = 1_000...500_000
    var changes: Changes
    /// After the storm nobody does anything of his own accord and nothing fails.
    var isCalm = false
    var calmSince: UInt64 = 0
    var events = 0
    var faults = Faults()
    var trace: Trace

    init(seed: UInt64, trace: Trace) {
        chance = Chance(seed: seed)
        scenario = Scenario(&chance)
        changes = Changes(
            passingNames: scenario.passingNames, isLarge: scenario.isLarge)
        oracle = Oracle(scenario, trace)
        self.trace = trace
        startNode()
        for number in 0..<scenario.clients { addClient(number) }
        agenda.plan(.fault, at: now + nextFaultGap())
    }

    var nodeNow: Instant { Instant(nanoseconds: now + nodeAhead) }

    var wall: WallTime {
        WallTime(
            seconds: 1_700_000_000 + Int64(now / 1_000_000_000) + wallAhead,
            nanoseconds: UInt32(now % 1_000_000_000))
    }

    func worldTime(ofNode instant: Instant) -> UInt64 {
        max(now, instant.nanoseconds > nodeAhead ? instant.nanoseconds - nodeAhead : 0)
    }

    // MARK: The node

    func startNode() {
        life += 1
        oracle.begin(life: life)
        let loops = scenario.loops
        disk.begin(loops: loops)
        boxes = (0..<loops).map { _ in
            [Queue<[Stand.Letter]>](repeating: Queue(), count: loops)
        }
        lastMail = [[UInt64]](repeating: [UInt64](repeating: 0, count: loops), count: loops)
        stands = (0..<loops).map { Stand(self, number: $0, seed: chance.generator.next()) }
    }

    /// As `kill -9` does it: nothing is said and nothing is kept. What the kernel had taken still
    /// travels to the clients.
    func killNode() {
        disk.crash(&chance, oracle)
        stands = []
        for line in lines where line.life == life && !line.serverIsGone {
            line.serverIsGone = true
            line.up.removeAll()
            if chance.percent(80) {
                agenda.plan(.clientEnd(line), at: max(now, line.lastDown) + oneWay())
            }
        }
    }

    func planTurn(_ stand: Stand, at moment: UInt64) {
        let moment = max(moment, stand.stalledUntil, now + 1_000)
        if let planned = stand.planned, planned <= moment { return }
        stand.planned = moment
        agenda.plan(.turn(loop: stand.number, life: life), at: moment)
    }

    /// False when the reader's box is full: the writer keeps the bundle.
    func mail(_ letters: [Stand.Letter], from: Int, to: Int) -> Bool {
        if boxes[from][to].count >= 4 { return false }
        boxes[from][to].append(letters)
        let at = max(lastMail[from][to], now + chance.number(mailDelay))
        lastMail[from][to] = at
        agenda.plan(.mail(from: from, to: to, life: life), at: at)
        return true
    }

    func store(_ request: StoreRequest, from loop: Int) {
        let at = disk.ask(request, from: loop, at: now + chance.number(scenario.storing))
        agenda.plan(.stored(loop: loop, life: life), at: at)
    }

    // MARK: The network

    func oneWay() -> UInt64 { chance.number(scenario.latency) }

    func sendUp(_ item: Line.Up, on line: Line) {
        guard !line.isCut, !line.serverIsGone else { return }
        line.up.append(item)
        line.lastUp = max(line.lastUp, now + oneWay())
        agenda.plan(.up(line), at: line.lastUp)
    }

    func sendDown(_ bytes: [UInt8], on line: Line) {
        guard !line.serverIsGone else { return }
        if Line.isPushed(bytes, line.encoding) {
            line.outstanding += bytes.count
            line.largest = max(line.largest, bytes.count)
            oracle.checkCost(line)
        }
        if line.isCut || line.clientIsGone { return }
        line.down.append(.message(bytes))
        line.lastDown = max(line.lastDown, now + oneWay())
        agenda.plan(.down(line), at: line.lastDown)
    }

    func closeDown(_ code: Code, on line: Line) {
        trace.note("server closes line \(line.number): \(code.rawValue)")
        agenda.plan(.serverEnd(line), at: now + 1_000)
        oracle.closed(code)
        if line.isCut || line.clientIsGone { return }
        line.down.append(.close(code))
        line.lastDown = max(line.lastDown, now + oneWay())
        agenda.plan(.down(line), at: line.lastDown)
    }

    // MARK: The agenda

    /// Does the next thing; false when nothing is left.
    func step() -> Bool {
        guard let entry = agenda.next() else { return false }
        now = max(now, entry.at)
        switch entry.event {
        case .turn(let loop, let life):
            guard life == self.life, let stand = stand(loop), stand.planned == entry.at else {
                return true
            }
            stand.planned = nil
            stand.turn()
        case .mail(let from, let to, let life):
            guard life == self.life, let stand = stand(to), let letters = boxes[from][to].next()
            else { return true }
            stand.take(.letters(letters))
        case .up(let line):
            guard let item = line.up.next(), line.life == life, let stand = stand(line.loop)
            else { return true }
            switch item {
            case .open: stand.take(.open(line))
            case .message(let bytes): stand.take(.message(line, bytes))
            }
        case .down(let line):
            guard let item = line.down.next(), !line.clientIsGone else { return true }
            if clients[line.client].isReading {
                read(item, on: line)
            } else {
                line.unread.append(item)
            }
        case .serverEnd(let line):
            guard !line.serverIsGone, line.life == life, let stand = stand(line.loop) else {
                return true
            }
            line.serverIsGone = true
            stand.take(.gone(line))
        case .clientEnd(let line): lost(line)
        case .wake(let number):
            let client = clients[number]
            guard client.wakePlanned == entry.at else { return true }
            client.wakePlanned = nil
            wake(client)
        case .connect(let number): connect(clients[number])
        case .act(let number): act(clients[number])
        case .read(let number): readAgain(clients[number])
        case .fault: fault()
        case .shut(let life): shut(life)
        case .restart:
            trace.note("node starts again")
            startNode()
        case .stored(let loop, let life):
            guard life == self.life, let stand = stand(loop) else { return true }
            let fails = !isCalm && chance.percent(scenario.storeFailures)
            guard let answer = disk.serve(loop, fails: fails, oracle) else { return true }
            if fails {
                faults.storage += 1
                trace.note("the store fails: \(answer)")
            }
            stand.take(.stored(answer))
        }
        events += 1
        return true
    }

    func stand(_ number: Int) -> Stand? { number < stands.count ? stands[number] : nil }
}
