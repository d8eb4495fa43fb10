internal import Transport
internal import Wire

/// Holds so many WebSockets open and says nothing: what the memory rows count.
final class IdleClients: Service {
    private let loop: Loop
    private let goal: Int
    private var open = 0

    init(_ loop: Loop, goal: Int) {
        self.loop = loop
        self.goal = goal
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        open += 1
        if open == goal { Process.write("open\n") }
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) { Process.write("lost \(end.cause)\n") }

    /// `transport-server idle PORT COUNT [tls]`
    static func run(port: UInt16, count: Int, tls: Bool) throws(Errno) {
        // All connect at once: with TLS the last waits for ten thousand handshakes.
        var limits = LoopLimits()
        limits.connectTime = .seconds(120)
        let loop = try Loop(limits, on: .epoll)
        let clients = IdleClients(loop, goal: count)
        let wish = tls ? BenchCertificate.wish : nil
        for _ in 0..<count {
            _ = try loop.connect(
                to: .loopback(port: port), tls: wish, WebSocketWish(host: "localhost"))
        }
        loop.run(clients)
    }
}
