import Transport
import Wire

/// The load of `node.publish.durable`: so many publishers with one publish outstanding each, for so
/// long; prints how many were acknowledged a second.
///
///     node-load PORT TOKEN PUBLISHERS TOPICS SECONDS
@main
enum NodeLoad {
    static func main() throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count == 5, let port = UInt16(words[1]), let publishers = Int(words[3]),
            let topics = Int(words[4]), let seconds = UInt64(words[5])
        else {
            Process.write("usage: node-load PORT TOKEN PUBLISHERS TOPICS SECONDS\n", to: .error)
            Process.exit(2)
        }
        let load = try PublishLoad(
            .loopback(port: port), token: Text(words[2]), publishers: publishers, topics: topics,
            length: .seconds(seconds))
        load.run()
    }
}

/// Publishers on one loop; one second is given to warming up.
final class PublishLoad: Service {
    private struct Publisher {
        var session: ClientSession
        var isOpen = false
        let topic: Text
        var count: Int64 = 0
    }

    private let loop: Loop
    private var publishers: [ConnectionID: Publisher] = [:]
    private let length: Interval
    private var begins: Instant
    private var acknowledged = 0
    private var isMeasuring = false

    init(
        _ address: SocketAddress, token: Text, publishers: Int, topics: Int, length: Interval
    ) throws {
        loop = try Loop()
        self.length = length
        begins = loop.now + .seconds(1)
        for number in 0..<publishers {
            let settings = ClientSession.Settings(
                encoding: .messagePack, token: token, instance: Text("load-\(number)"))
            let wish = WebSocketWish(
                host: address.description, target: "/v1/ws",
                subprotocols: [Encoding.messagePack.subprotocol.string])
            let id = try loop.connect(to: address, wish)
            self.publishers[id] = Publisher(
                session: ClientSession(settings), topic: Text("desk/\(number % topics)"))
        }
    }

    func run() {
        loop.wake(at: begins)
        loop.run(self)
    }

    /// One field of sixty changes, as in the other rows.
    private func publish(_ id: ConnectionID) {
        guard let count = publishers[id]?.count, let topic = publishers[id]?.topic else { return }
        publishers[id]?.count += 1
        var set = Map()
        set[Text("metric \(count % 60)")] = .integer(count)
        _ = publishers[id]?.session.publish(topic, .patch(Patch(set: set)))
        flush(id)
    }

    private func flush(_ id: ConnectionID) {
        guard publishers[id]?.isOpen == true else { return }
        while let message = publishers[id]?.session.nextMessage(now: loop.now) {
            _ = loop.send(message: message.encoded(.messagePack).span, binary: true, to: id)
        }
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        publishers[id]?.isOpen = true
        publishers[id]?.session.connected(now: loop.now)
        publish(id)
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        var generator = SystemRandomNumberGenerator()
        publishers[id]?.session.received(message, now: loop.now, using: &generator)
        while let notice = publishers[id]?.session.nextNotice() {
            switch notice {
            case .outcome(_, .acknowledged):
                acknowledged += 1
                publish(id)
            case .outcome(_, let outcome): fail("a publish was not stored: \(outcome)")
            default: break
            }
        }
        flush(id)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) { fail("a connection ended: \(end)") }

    func reached(_ now: Instant) {
        if isMeasuring {
            let seconds = Double(now.since(begins).nanoseconds) / 1e9
            Process.write("\(Double(acknowledged) / seconds)\n")
            Process.exit(0)
        }
        isMeasuring = true
        begins = now
        acknowledged = 0
        loop.wake(at: now + length)
    }

    private func fail(_ what: String) -> Never {
        Process.write("node-load: \(what)\n", to: .error)
        Process.exit(1)
    }
}
