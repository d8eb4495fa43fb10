import TestCertificates
import Testing
import Wire

@testable import Transport
@testable import fieldcast_echo

/// An honest client that keeps one message in flight all the while.
private final class Honest: Service {
    let loop: Loop
    var id: ConnectionID?
    var echoes = 0
    var isClosed = false
    init(_ loop: Loop) { self.loop = loop }
    func opened(_ id: ConnectionID, subprotocol: String?) { ask(id) }
    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        echoes += 1
        ask(id)
    }
    func ask(_ id: ConnectionID) {
        let question: [UInt8] = [1, 2, 3]
        _ = loop.send(message: question.span, binary: true, to: id)
    }
    func closed(_ id: ConnectionID, _ end: ConnectionEnd) { isClosed = true }
}

@Suite(.serialized) struct HostileTests {
    static let upgrade = [UInt8](
        ("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n").utf8)

    /// Each is written to a connection of its own, which then hangs about or goes.
    static var attacks: [[UInt8]] {
        let pings = (0..<2000).flatMap { _ in [0x89, 0x80, 0, 0, 0, 0] as [UInt8] }
        let noise = [UInt8](repeating: 0xff, count: 500)
        let deflated = FrameWriter.frame(.binary, noise.span, mask: 7, compressed: true)
        return [
            [], [UInt8]("GET / HT".utf8), [UInt8](repeating: 0x41, count: 100_000),
            [UInt8]("GET / HTTP/1.1\nHost: h\n\n".utf8),
            [UInt8](
                ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n"
                    + "0\r\n\r\nGET /smuggled HTTP/1.1\r\n").utf8),
            [UInt8]("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc".utf8),
            [UInt8](("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 9000)).utf8),
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc],
            upgrade + [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4],
            upgrade + [0x82, 0xff, 0, 0, 0, 0, 0x03, 0, 0, 0, 1, 2, 3, 4, 5, 6],
            upgrade + pings, upgrade + deflated, upgrade + [0xc1, 0x80, 0, 0, 0, 0],
            upgrade + [0x01, 0x81, 0, 0, 0, 0, 0xff], upgrade + [0x88, 0x82, 0, 0, 0, 0, 0x03],
            upgrade.dropLast(9) + [],
        ] + smuggling
    }

    /// Requests that two readers could take apart in two ways.
    static var smuggling: [[UInt8]] {
        let tail = "\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
        return [
            "Content-Length: 4\r\nContent-Length: 5", "Content-Length: 4, 5",
            "Content-Length: +4", "Content-Length: 0x4", "Content-Length: 99999999999999999999",
            "Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding : chunked",
            "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity, chunked", "Transfer-Encoding:\u{0b}chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding\n: chunked", "X: a\r\n Transfer-Encoding: chunked",
            "Host: other", "Transfer-Encoding: chunked\u{0}",
        ].map { [UInt8](("POST / HTTP/1.1\r\nHost: h\r\n" + $0 + tail).utf8) }
    }

    /// What is no TLS, or the beginning of one and then something else.
    static var sealedAttacks: [[UInt8]] {
        let hello = clientHello
        return [
            [], [UInt8]("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8),
            [UInt8](repeating: 0xff, count: 20_000), [0x16], [0x16, 0x03, 0x01, 0xff, 0xff],
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc], Array(hello.dropLast(20)),
            hello, hello + [0x17, 0x03, 0x03, 0x00, 0x10] + [UInt8](repeating: 7, count: 16),
            hello + [UInt8](repeating: 0x15, count: 3_000), hello + hello,
            [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28], [0x80, 0x2e, 0x01, 0x00, 0x02],
        ]
    }

    /// The first flight of a true client.
    private static var clientHello: [UInt8] {
        guard let context = try? TLSContext(authorities: Certificates.firstChain),
            let session = context.session(serverName: "first.test")
        else { return [] }
        session.start()
        return session.takeOutput()?.bytes ?? []
    }

    @Test(
        "Ten rounds of every attack: others are served, nothing is left",
        arguments: ["epoll", "io_uring"], [false, true])
    func battery(kernel: String, isSealed: Bool) throws {
        if kernel == "io_uring", (try? UringKernel()) == nil { return }
        let server =
            isSealed
            ? try EchoServer("--deflate", "--kernel", kernel, "--tls")
            : try EchoServer("--deflate", "--kernel", kernel)
        defer { server.end() }
        let loop = try Loop(LoopLimits(), on: .epoll)
        let honest = Honest(loop)
        loop.begin(honest)
        defer { loop.begin(Nobody()) }
        let trust = isSealed ? try TLSContext(authorities: Certificate.chain) : nil
        _ = try loop.connect(
            to: server.address, tls: trust.map { TLSWish($0, serverName: "localhost") },
            WebSocketWish(host: "h"))
        func serve(_ count: Int) {
            let goal = honest.echoes + count
            let limit = System.now + .seconds(20)
            while honest.echoes < goal, System.now < limit { _ = loop.turn(atMostUntil: limit) }
            #expect(honest.echoes >= goal, "the honest client is starved")
        }
        serve(10)
        let descriptors = server.descriptors
        var second = 0
        let system = try EpollKernel()
        for round in 1...10 {
            var sockets: [Raw] = []
            for attack in isSealed ? Self.sealedAttacks : Self.attacks {
                let socket = try Raw(server.address, system)
                sockets.append(socket)
                let limit = System.now + .seconds(5)
                while !socket.write(attack), System.now < limit { serve(1) }
            }
            // A thousand say nothing; some say what they have to say a byte at a time.
            for _ in 0..<1_000 { sockets.append(try Raw(server.address, system)) }
            let drips = try (0..<20).map { _ in try Raw(server.address, system) }
            let slow = isSealed ? Self.clientHello : Self.upgrade
            for byte in slow.prefix(60) {
                for drip in drips { _ = drip.write([byte]) }
                serve(1)
            }
            for socket in sockets + drips { socket.close() }
            let limit = System.now + .seconds(20)
            while server.descriptors > descriptors, System.now < limit { serve(20) }
            #expect(server.descriptors == descriptors)
            if round == 2 { second = server.residentKilobytes }
        }
        let last = server.residentKilobytes
        // A sanitizer's own books grow with what passes through.
        #expect(
            EchoServer.isSanitized || last <= second + second / 20,
            "\(second) KB after two rounds, \(last) after ten")
        #expect(!honest.isClosed)
        #expect(server.isRunning)
    }

    @Test(
        "Out of descriptors: who is in is served, who waits comes in when others go",
        arguments: ["epoll", "io_uring"])
    func exhausted(kernel: String) throws {
        if kernel == "io_uring", (try? UringKernel()) == nil { return }
        let server = try EchoServer(["--kernel", kernel], descriptors: 40)
        defer { server.end() }
        func honest() throws -> Honest {
            let loop = try Loop(LoopLimits(), on: .epoll)
            let honest = Honest(loop)
            loop.begin(honest)
            _ = try loop.connect(to: server.address, WebSocketWish(host: "h"))
            return honest
        }
        func turn(_ what: Comment, _ honest: Honest, until echoes: Int) {
            let limit = System.now + .seconds(30)
            while honest.echoes < echoes, System.now < limit {
                _ = honest.loop.turn(atMostUntil: limit)
            }
            #expect(honest.echoes >= echoes, what)
        }
        let first = try honest()
        defer { first.loop.begin(Nobody()) }
        turn("the first is let in", first, until: 1)
        let system = try EpollKernel()
        // More than there are descriptors for. They ask for nothing, so they stay for a while.
        let crowd = try (0..<100).map { _ in try Raw(server.address, system) }
        turn("the first is served on", first, until: 200)
        // It had no more, beside those that a sanitizer opens before the limit counts.
        #expect(server.descriptors < 50)
        for socket in crowd { socket.close() }
        let late = try honest()
        defer { late.loop.begin(Nobody()) }
        turn("a late one is let in", late, until: 1)
        #expect(server.isRunning)
    }

    /// A socket of an attacker.
    private final class Raw {
        private let system: EpollKernel
        private let socket: Int32
        private var queue = SendQueue()

        init(_ address: SocketAddress, _ system: EpollKernel) throws {
            self.system = system
            socket = try system.connect(to: address, from: nil, SocketOptions())
        }

        /// Whether all is out, or can no longer be said.
        func write(_ bytes: [UInt8]) -> Bool {
            if queue.isEmpty { queue.append(Frame(bytes)) }
            if queue.isEmpty { return true }
            switch system.send(queue, on: socket, Token(bits: 0)) {
            case .moved(let count): queue.advance(by: count)
            case .full, .pending: break
            case .failed: queue.clear()
            }
            return queue.isEmpty
        }

        func close() { system.close(socket, Token(bits: 0)) }
    }
}
