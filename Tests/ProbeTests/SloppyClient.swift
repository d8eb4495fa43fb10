import Transport
import Wire

@testable import Probe

/// Wire's client with one bad habit: what it says goes through somebody's hands.
final class SloppyClient: Service {
    /// Gives what is said in place of a message: nothing, another, or several.
    typealias Habit = @Sendable (Message) -> [Message]

    private let loop: Loop
    private let address: SocketAddress
    private let habit: Habit
    private var session: ClientSession
    private var connection: ConnectionID?
    private var backoff = Backoff()
    private var generator = SeededGenerator(seed: 1)
    private var connectAt: Instant

    init(_ address: SocketAddress, _ habit: @escaping Habit) throws {
        loop = try Loop(LoopLimits(), on: .auto)
        (self.address, self.habit) = (address, habit)
        session = ClientSession(
            ClientSession.Settings(
                encoding: .messagePack, token: "check-client-token", instance: "0123456789abcdef"))
        _ = session.subscribe("check/topic", hash: true)
        connectAt = loop.now
    }

    /// Comes back until nobody is there any more.
    func run() {
        loop.wake(at: loop.now)
        loop.run(self)
    }

    private func pump() {
        guard let connection else { return }
        while let message = session.nextMessage(now: loop.now) {
            for said in habit(message) {
                _ = loop.send(
                    message: said.encoded(.messagePack).span, binary: true, to: connection)
            }
        }
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        session.connected(now: loop.now)
        pump()
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        session.received(message, now: loop.now, using: &generator)
        while let notice = session.nextNotice() {
            if case .authenticated = notice { backoff.reset() }
        }
        pump()
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        connection = nil
        session.disconnected()
        if case .unreachable = end.cause { return loop.stop(within: .milliseconds(0)) }
        connectAt = loop.now + backoff.next(using: &generator)
    }

    func reached(_ now: Instant) {
        if connection == nil, connectAt <= now {
            connection = try? loop.connect(
                to: address,
                WebSocketWish(
                    host: address.description, target: Target.usualPath,
                    subprotocols: [Encoding.messagePack.subprotocol.string]))
        }
        session.reached(now)
        pump()
    }

    func turnEnded(_ now: Instant) {
        let soon = now + .milliseconds(50)
        loop.wake(at: connection == nil ? min(max(connectAt, now), soon) : soon)
    }
}
