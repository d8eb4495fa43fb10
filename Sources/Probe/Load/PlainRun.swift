internal import Transport
internal import Wire

/// The same engine against any WebSocket server that sends to all what it receives from one, so
/// that others are measured with the same stick. There is no state to prove: messages are numbered,
/// and each subscriber must get every one, once, in order.
///
///     probe 000000000012 xxxxxxxx…        padded to the size wished for
final class PlainRun: Service {
    private enum Stage { case waiting, connecting, open, gone }

    private struct Client {
        var connection: ConnectionID?
        var stage = Stage.waiting
        var meant = Instant(nanoseconds: 0)
        /// The number of the newest message, and the next to come.
        var next = 0
        var audit = Audit()
    }

    private let loop: Loop
    private let plan: LoadPlan
    private let schedule: Schedule
    private let size: Int
    private let address: SocketAddress
    private let target: Target
    private let progress: ((Progress) -> Void)?

    /// The publishers first.
    private var clients: [Client]
    private var bySlot: [Int] = []
    private var stages = Stages()
    private var account = Account()
    private var series: [Moment] = []
    private var current = Moment()
    private var second = Histogram()
    private var errors = Tally()
    private var sent: [UInt64] = []
    private var phase = LoadRun.Phase.connecting
    private let startedAt: Instant
    private var phaseLimit: Instant
    private var measureStart = Instant(nanoseconds: 0)
    private var measureEnd = Instant(nanoseconds: 0)
    private var nextConnect = 0
    private var openCount = 0
    private var complete = 0
    private var nextSecond: Instant
    private var meantWake: Instant?
    private var usage = Usage()
    private var openProblem: String?

    private static let mark: [UInt8] = [UInt8]("probe ".utf8)
    private static let digits = 12

    init(
        _ plan: LoadPlan, on loop: Loop, to address: SocketAddress, target: Target,
        progress: ((Progress) -> Void)? = nil
    ) {
        (self.plan, self.loop, self.address, self.target) = (plan, loop, address, target)
        size = max(plan.plainBytes ?? 0, PlainRun.mark.count + PlainRun.digits)
        self.progress = progress
        schedule = plan.schedule
        clients = [Client](repeating: Client(), count: plan.publishers + plan.connections)
        let now = System.now
        startedAt = now
        nextSecond = now + .seconds(1)
        phaseLimit = now + plan.ramp + plan.patience
    }

    func run() -> LoadResult {
        loop.wake(at: loop.now)
        loop.run(self)
        return result()
    }

    // MARK: Connections

    private func connectDue(_ now: Instant) {
        while nextConnect < clients.count {
            let meant = startedAt + plan.connectOffset(of: nextConnect)
            guard meant <= now else { return }
            let n = nextConnect
            nextConnect += 1
            clients[n].meant = meant
            do throws(Errno) {
                let id = try loop.connect(
                    to: address, tls: target.tls,
                    WebSocketWish(host: target.authority, target: target.path))
                clients[n].connection = id
                clients[n].stage = .connecting
                while bySlot.count <= Int(id.index) { bySlot.append(-1) }
                bySlot[Int(id.index)] = n
            } catch {
                clients[n].stage = .gone
                errors.add("connect: \(error)")
            }
        }
    }

    private func number(of id: ConnectionID) -> Int? {
        let slot = Int(id.index)
        guard slot < bySlot.count, bySlot[slot] >= 0, clients[bySlot[slot]].connection == id else {
            return nil
        }
        return bySlot[slot]
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        guard let n = number(of: id) else { return }
        clients[n].stage = .open
        openCount += 1
        stages.connect.record(System.now.since(clients[n].meant))
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        guard let n = number(of: id) else { return }
        bySlot[Int(id.index)] = -1
        if phase == .over { return }
        if clients[n].stage == .open { openCount -= 1 }
        clients[n].stage = .gone
        clients[n].audit.cuts += 1
        errors.add("closed: \(LoadRun.words(end))")
        if openCount == 0, phase == .connecting, nextConnect == clients.count {
            openProblem = "no connection could be opened: \(LoadRun.words(end))"
            phase = .over
            loop.stop(within: .milliseconds(300))
        }
    }

    // MARK: Messages

    private func message(_ n: Int) -> [UInt8] {
        let text = String(n)
        var bytes = PlainRun.mark
        bytes += [UInt8](repeating: UInt8(ascii: "0"), count: PlainRun.digits - text.utf8.count)
        bytes += text.utf8
        bytes += [UInt8](repeating: UInt8(ascii: "x"), count: size - bytes.count)
        return bytes
    }

    private static func number(in message: Span<UInt8>) -> Int? {
        guard message.count >= mark.count + digits else { return nil }
        for i in mark.indices where message[i] != mark[i] { return nil }
        var n = 0
        for i in mark.count..<mark.count + digits {
            let digit = message[i]
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            n = n * 10 + Int(digit - 0x30)
        }
        return n
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        guard let n = number(of: id), n >= plan.publishers else { return }
        let now = System.now
        account.messages += 1
        account.receivedBytes += UInt64(message.count)
        guard let number = PlainRun.number(in: message), number < sent.count else {
            // A greeting, or somebody else's message.
            clients[n].audit.malformed += phase == .measuring ? 1 : 0
            return
        }
        account.receipts += 1
        clients[n].audit.receipts += 1
        current.receipts += 1
        let meant = measureStart + schedule.offset(of: number)
        stages.receipt.record(now.since(meant))
        stages.uncorrected.record(now.since(Instant(nanoseconds: sent[number])))
        second.record(now.since(meant))
        let next = clients[n].next
        if number >= next {
            if number > next {
                clients[n].audit.gaps += 1
                clients[n].audit.lost += UInt64(number - next)
            }
            clients[n].next = number + 1
            if number + 1 == schedule.count { complete += 1 }
        } else if number == next - 1 {
            clients[n].audit.repeated += 1
        } else {
            clients[n].audit.disordered += 1
            clients[n].audit.lost -= min(clients[n].audit.lost, 1)
        }
    }

    private func publishDue(_ now: Instant) {
        guard phase == .measuring else { return }
        while sent.count < schedule.count {
            let n = sent.count
            guard measureStart + schedule.offset(of: n) <= now else { return }
            sent.append(System.now.nanoseconds)
            let publisher = n % plan.publishers
            account.published += 1
            account.sentBytes += UInt64(size)
            if let id = clients[publisher].connection,
                loop.send(message: message(n).span, binary: false, to: id) != .refused
            {
                account.acknowledged += 1
            } else {
                account.refused += 1
            }
        }
    }

    // MARK: Time

    func reached(_ now: Instant) {
        if let meantWake { stages.slip.record(now.since(meantWake)) }
        connectDue(now)
        publishDue(now)
        guard now >= nextSecond else { return }
        nextSecond = max(nextSecond + .seconds(1), now)
        current.at = now.since(startedAt)
        current.phase = phase
        current.connected = openCount
        current.middle = second.percentile(50)
        current.p99 = second.percentile(99)
        current.worst = second.max
        series.append(current)
        let audit = whole()
        progress?(
            Progress(
                moment: current, patches: schedule.count, made: sent.count,
                connections: plan.connections,
                faults: audit.lost + audit.repeated + audit.disordered, diverged: 0))
        current = Moment()
        second.clear()
    }

    func turnEnded(_ now: Instant) {
        advance(now)
        if phase == .over { return }
        var soonest = min(nextSecond, phaseLimit)
        if phase == .measuring, sent.count < schedule.count {
            soonest = min(soonest, measureStart + schedule.offset(of: sent.count))
        }
        if nextConnect < clients.count {
            soonest = min(soonest, startedAt + plan.connectOffset(of: nextConnect))
        }
        meantWake = max(soonest, now)
        loop.wake(at: meantWake)
        stages.turn.record(System.now.since(now))
    }

    private func advance(_ now: Instant) {
        let isLate = now >= phaseLimit || Machine.isInterrupted
        switch phase {
        case .connecting:
            guard openCount == clients.count || isLate else { return }
            phase = .measuring
            measureStart = now + .milliseconds(20)
            usage.begin()
            phaseLimit = measureStart + plan.length + plan.patience
        case .measuring:
            guard sent.count == schedule.count || isLate else { return }
            phase = .settling
            measureEnd = now
            usage.end()
            phaseLimit = now + plan.patience
        case .settling:
            let open = clients[plan.publishers...].count { $0.stage == .open }
            guard complete >= open || isLate else { return }
            phase = .over
            loop.stop(within: .milliseconds(300))
        case .creating, .proving, .over: break
        }
    }

    // MARK: The result

    private func whole() -> Audit {
        var audit = Audit()
        for client in clients { audit.add(client.audit) }
        return audit
    }

    private func result() -> LoadResult {
        var audit = whole()
        for client in clients[plan.publishers...]
        where client.stage == .open && client.next < sent.count {
            audit.behind += 1
            audit.lost += UInt64(sent.count - client.next)
        }
        let wall = Process.wall
        let age = Int64(loop.now.since(startedAt).nanoseconds / 1_000_000_000)
        return LoadResult(
            plan: plan, target: target.url, began: WallTime(seconds: wall.seconds - age),
            measured: measureEnd.since(measureStart), stages: stages, account: account,
            audit: audit, ready: clients[plan.publishers...].count { $0.stage == .open },
            series: series, errors: errors, usage: usage, unattributed: 0,
            recovery: nil, openProblem: openProblem, wasInterrupted: Machine.isInterrupted)
    }
}
