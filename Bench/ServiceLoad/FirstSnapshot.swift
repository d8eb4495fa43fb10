import Transport
import Wire

/// Tries to connect until somebody answers, and then asks for topics at random, one after another.
/// Prints the moment, on the machine's own clock, from which a hundred of them in a row came within
/// 50 ms of being asked for, each with the right document and hash.
final class FirstSnapshot: Service {
    private static let allowed = Interval.milliseconds(50)
    private static let wanted = 100

    private let desk: DeskTopics
    private let loop: Loop
    private var session: ClientSession
    private var id: ConnectionID?
    private var number = 0
    private var subscription: UInt64?
    private var asked = Instant(nanoseconds: 0)
    private var began: Instant?
    private var inRow = 0
    private var isDone = false

    init(_ desk: DeskTopics) throws {
        self.desk = desk
        loop = try Loop()
        session = desk.session(1)
    }

    func run() throws {
        Process.write("ready\n")
        connect()
        loop.run(self)
    }

    private func connect() {
        session = desk.session(1)
        do throws(Errno) {
            id = try loop.connect(to: desk.address, desk.wish)
        } catch {
            loop.wake(at: loop.now + .milliseconds(1))
        }
    }

    func reached(_ now: Instant) { connect() }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        if isDone {
            loop.stop(within: .seconds(1))
        } else {
            loop.wake(at: loop.now + .milliseconds(1))
        }
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        session.connected(now: loop.now)
        ask()
    }

    private func ask() {
        if let subscription { session.unsubscribe(subscription) }
        number = Int.random(in: 0..<desk.count)
        subscription = session.subscribe(desk.name(number))
        asked = System.now
        flush()
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        var generator = SystemRandomNumberGenerator()
        session.received(message, now: loop.now, using: &generator)
        while let notice = session.nextNotice() {
            if case .snapshot(let place) = notice, place == subscription { came(place) }
        }
        flush()
    }

    private func came(_ place: UInt64) {
        guard session[place]?.mirror.document == desk.document(number) else {
            Program.fail("\(desk.name(number)) came with another document")
        }
        let now = System.now
        if now.since(asked) > FirstSnapshot.allowed {
            (began, inRow) = (nil, 0)
        } else {
            began = began ?? now
            inRow += 1
        }
        guard inRow == FirstSnapshot.wanted, let began, let id else { return ask() }
        isDone = true
        Process.write("\(began.nanoseconds)\n")
        loop.close(id)
    }

    private func flush() {
        guard let id, !isDone else { return }
        while let message = session.nextMessage(now: loop.now) {
            _ = loop.send(message: message.encoded(.messagePack).span, binary: true, to: id)
        }
    }
}
