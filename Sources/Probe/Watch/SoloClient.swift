internal import Transport
internal import Wire

/// One client of a server on a loop of its own: for the commands that watch and publish. It comes
/// back by itself after a cut, until its owner has had enough.
final class SoloClient: Service {
    /// What its owner does with what happens; each may call `stop`.
    struct Ears {
        var notice: (ClientSession.Notice, SoloClient, Instant) -> Void
        /// A diff or event of so many bytes came; before its notices.
        var bytes: (Int) -> Void = { _ in }
        var tick: (SoloClient, Instant) -> Void = { _, _ in }
        /// The connection is gone; false gives up.
        var cut: (String, SoloClient) -> Bool = { _, _ in true }
    }

    let loop: Loop
    let target: Target
    let address: SocketAddress
    var session: ClientSession
    let ears: Ears
    let tickTime: Interval
    private(set) var connection: ConnectionID?
    private var backoff = Backoff()
    private var generator: SeededGenerator
    private var writer = Writer()
    private var connectAt: Instant
    private var tickAt: Instant
    private var isStopping = false

    init(
        _ target: Target, encoding: Encoding, token: Text, tick: Interval, ears: Ears
    ) throws(UsageError) {
        do throws(Errno) {
            loop = try Loop(LoopLimits(), on: .auto)
        } catch {
            throw UsageError("no event loop could be made: \(error)")
        }
        self.target = target
        self.ears = ears
        address = try target.address()
        tickTime = tick
        let seed = System.randomSeed()
        generator = SeededGenerator(seed: seed)
        session = ClientSession(
            ClientSession.Settings(
                encoding: encoding, token: token, instance: Text(String(seed, radix: 16)),
                agent: "fieldcast-probe"))
        connectAt = System.now
        tickAt = System.now + tick
    }

    func run() {
        loop.wake(at: loop.now)
        loop.run(self)
    }

    func stop() {
        isStopping = true
        loop.stop(within: .milliseconds(300), code: .normal)
    }

    private func connect(_ now: Instant) {
        connectAt = Instant(nanoseconds: .max)
        do throws(Errno) {
            connection = try loop.connect(to: address, target, session.settings.encoding)
        } catch {
            gone("cannot connect: \(error)", now)
        }
    }

    private func gone(_ why: String, _ now: Instant) {
        connection = nil
        session.disconnected()
        if isStopping { return }
        guard ears.cut(why, self) else { return stop() }
        connectAt = now + backoff.next(using: &generator)
    }

    // MARK: Service

    func opened(_ id: ConnectionID, subprotocol: String?) {
        guard subprotocol == session.settings.encoding.subprotocol.string else {
            _ = ears.cut("the server speaks another protocol", self)
            return stop()
        }
        session.connected(now: loop.now)
        pump(loop.now)
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        let now = loop.now
        ears.bytes(message.count)
        session.received(message, now: now, using: &generator)
        while let notice = session.nextNotice() {
            if case .authenticated = notice { backoff.reset() }
            ears.notice(notice, self, now)
        }
        pump(now)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        gone(LoadRun.words(end), loop.now)
    }

    func reached(_ now: Instant) {
        if connection == nil, connectAt <= now, !isStopping { connect(now) }
        if tickAt <= now {
            tickAt = now + tickTime
            ears.tick(self, now)
            if Machine.isInterrupted, !isStopping { stop() }
        }
        session.reached(now)
        pump(now)
        if session.isHalfOpen(now), let connection { loop.abort(connection) }
    }

    func turnEnded(_ now: Instant) {
        if isStopping { return }
        var soonest = min(tickAt, connection == nil ? connectAt : tickAt)
        if let deadline = session.deadline { soonest = min(soonest, max(deadline, now)) }
        loop.wake(at: soonest)
    }

    /// Sends what the session has to say.
    func pump(_ now: Instant) {
        guard let connection else { return }
        let binary = session.settings.encoding == .messagePack
        while let message = session.nextMessage(now: now) {
            writer.clear()
            if binary {
                message.write(messagePack: &writer)
            } else {
                message.write(json: &writer)
            }
            _ = loop.send(message: writer.span, binary: binary, to: connection)
        }
    }
}
