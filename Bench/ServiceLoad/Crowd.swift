import Transport
import Wire

/// Many connections, each watching a topic, and one that is never silent: it pings, and pings again
/// when the pong has come. Meanwhile the operator's metrics are asked for, and a while later
/// nothing is; the longest wait for a pong in either time is how long the loop did not turn.
/// Prints a line a run: how long the answer took, the longest wait in that time, and the longest in
/// as much time with nothing asked, in milliseconds.
final class Crowd: Service {
    private let desk: DeskTopics
    private let operators: SocketAddress
    private let goal: Int
    private let runs: Int
    private let loop: Loop
    private var sessions: [ConnectionID: ClientSession] = [:]
    private var open = 0
    private var watching = 0
    private var pinger: ConnectionID?
    private var pinged = Instant(nanoseconds: 0)
    private var longest = Interval(nanoseconds: 0)
    private var phase = Phase.gathering
    private var scrape: ConnectionID?
    private var said = 0
    private var finished = 0

    private enum Phase {
        case gathering
        case resting
        /// Asked for, and since when.
        case asked(Instant)
        /// It took so long, and this was the longest wait; now as long a time without it.
        case comparing(took: Interval, stall: Interval)
    }

    /// So many connect at a time.
    private static let front = 256
    private static let rest = Interval.milliseconds(100)

    init(
        _ desk: DeskTopics, _ connections: Int, operators: SocketAddress, _ runs: Int
    ) throws {
        self.desk = desk
        self.operators = operators
        self.runs = runs
        goal = connections
        var limits = LoopLimits()
        limits.connectTime = .seconds(60)
        loop = try Loop(limits, on: .epoll)
    }

    func run() throws {
        for _ in 0..<min(goal, Crowd.front) { connect() }
        loop.run(self)
    }

    private func connect() {
        do throws(Errno) {
            let number = open
            open += 1
            let id = try loop.connect(to: desk.address, desk.wish)
            var session = desk.session(number)
            _ = session.subscribe(desk.name(number % desk.count))
            sessions[id] = session
        } catch {
            Program.fail("cannot connect: \(error)")
        }
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        sessions[id]?.connected(now: loop.now)
        flush(id)
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        var generator = SystemRandomNumberGenerator()
        let before = pinger == id ? System.now : pinged
        sessions[id]?.received(message, now: loop.now, using: &generator)
        while let notice = sessions[id]?.nextNotice() {
            guard case .subscribed = notice, case .gathering = phase else { continue }
            watching += 1
            if open < goal { connect() }
            if watching == goal { begin(id) }
        }
        if id == pinger { longest = max(longest, before.since(pinged)) }
        flush(id)
        if id == pinger { ping() }
    }

    private func flush(_ id: ConnectionID) {
        while let message = sessions[id]?.nextMessage(now: loop.now) {
            _ = loop.send(message: message.encoded(.messagePack).span, binary: true, to: id)
        }
    }

    private func ping() {
        guard let pinger else { return }
        said += 1
        pinged = System.now
        let message = Message.ping(Ping(nonce: UInt64(said)))
        _ = loop.send(message: message.encoded(.messagePack).span, binary: true, to: pinger)
    }

    private func begin(_ id: ConnectionID) {
        pinger = id
        phase = .resting
        loop.wake(at: loop.now + .seconds(2))
    }

    // MARK: Asking

    func reached(_ now: Instant) {
        switch phase {
        case .gathering, .asked: break
        case .resting:
            longest = Interval(nanoseconds: 0)
            phase = .asked(System.now)
            let call = HTTPCall(.get, host: operators.description, target: "/metrics")
            do throws(Errno) {
                scrape = try loop.connect(to: operators, call)
            } catch {
                Program.fail("cannot ask for metrics: \(error)")
            }
        case .comparing(let took, let stall):
            let words = [took, stall, longest].map { "\(Double($0.nanoseconds) / 1e6)" }
            Process.write(words.joined(separator: " ") + "\n")
            finished += 1
            if finished == runs { Process.exit(0) }
            phase = .resting
            loop.wake(at: now + Crowd.rest)
        }
    }

    func responded(_ head: HTTPResponseHead, on id: ConnectionID) {
        if head.status != .ok { Program.fail("/metrics is answered with \(head.status)") }
    }

    func responseEnded(on id: ConnectionID) {
        guard case .asked(let begun) = phase else { return }
        let took = System.now.since(begun)
        // A ping that is on its way counts as far as it has come.
        let stall = max(longest, System.now.since(pinged))
        phase = .comparing(took: took, stall: stall)
        longest = Interval(nanoseconds: 0)
        scrape = nil
        loop.close(id)
        loop.wake(at: System.now + took)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        if sessions[id] != nil { Program.fail("a connection ended: \(end)") }
        if scrape == id { Program.fail("nobody answers for the metrics: \(end)") }
    }
}
