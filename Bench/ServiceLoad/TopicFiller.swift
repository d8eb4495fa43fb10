import Transport
import Wire

/// One publisher that makes every topic, as many unanswered at a time as the server takes.
final class TopicFiller: Service {
    private let desk: DeskTopics
    private let loop: Loop
    private var session: ClientSession
    private var id: ConnectionID?
    private var said = 0
    private var acknowledged = 0

    init(_ desk: DeskTopics) throws {
        self.desk = desk
        loop = try Loop()
        session = desk.session(0)
    }

    func run() throws {
        id = try loop.connect(to: desk.address, desk.wish)
        loop.run(self)
        Process.write("filled\n")
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        session.connected(now: loop.now)
        flush()
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        var generator = SystemRandomNumberGenerator()
        session.received(message, now: loop.now, using: &generator)
        while let notice = session.nextNotice() {
            switch notice {
            case .outcome(_, .acknowledged): acknowledged += 1
            case .outcome(_, let outcome): Program.fail("a topic was not stored: \(outcome)")
            default: break
            }
        }
        flush()
        if acknowledged == desk.count { loop.stop(within: .seconds(1)) }
    }

    private func flush() {
        guard let id else { return }
        while said < desk.count, said < acknowledged + 128 {
            _ = session.publish(desk.name(said), .patch(Patch(set: desk.document(said))))
            said += 1
        }
        while let message = session.nextMessage(now: loop.now) {
            _ = loop.send(message: message.encoded(.messagePack).span, binary: true, to: id)
        }
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        if acknowledged < desk.count { Program.fail("the publisher's connection ended: \(end)") }
    }
}
