import Testing
import Wire

@testable import Transport

/// A client of calls that writes down what it hears.
private final class Caller: Service {
    var statuses: [UInt16] = []
    var bodies: [[UInt8]] = [[]]
    var ends: [ConnectionEnd] = []
    var onEnd: ((ConnectionID) -> Void)?

    func responded(_ head: HTTPResponseHead, on id: ConnectionID) {
        statuses.append(head.status.rawValue)
    }
    func responseBytes(_ bytes: Span<UInt8>, on id: ConnectionID) {
        for i in bytes.indices { bodies[bodies.count - 1].append(bytes[i]) }
    }
    func responseEnded(on id: ConnectionID) {
        bodies.append([])
        onEnd?(id)
    }
    func closed(_ id: ConnectionID, _ end: ConnectionEnd) { ends.append(end) }
    var texts: [String] { bodies.dropLast().map { String(decoding: $0, as: UTF8.self) } }
}

@Suite(.endsFixtures) struct LoopHTTPTests {
    @Test("Bodies by length and chunked, with Expect, at any pace", arguments: Ground.all)
    func bodies(ground: Ground) throws {
        let f = try Fixture(on: ground)
        f.onAnswer = { request, _ in .respond(HTTPResponse(.ok, body: request.body)) }
        let peer = try RawPeer(f)
        defer { peer.close() }
        peer.write(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        #expect(peer.read(atLeast: 25) == "HTTP/1.1 100 Continue\r\n\r\n")
        peer.write("hello")
        #expect(
            peer.read(atLeast: 43) == "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
        peer.write("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n")
        peer.write("2\r\nde\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(
            peer.readToEnd()
                == "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde"
                + "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    }

    @Test("Requests that wait behind held ones are not moved about", arguments: Ground.real)
    func heldFlood(ground: Ground) throws {
        let f = try Fixture(on: ground)
        var held: [ConnectionID] = []
        f.onAnswer = { _, id in
            held.append(id)
            return .hold
        }
        let peer = try RawPeer(f)
        defer { peer.close() }
        peer.write(String(repeating: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", count: 200))
        f.turn(until: { held.count == 1 })
        let id = held[0]
        var starts: [Int] = []
        var counts = Set<Int>()
        for round in 2...200 {
            starts.append(f.loop[id]?.unreadStart ?? -1)
            counts.insert(f.loop[id]?.unread.count ?? -1)
            #expect(f.loop.respond(HTTPResponse(.ok), to: id))
            f.turn(until: { held.count == round })
        }
        #expect(starts == starts.sorted() && counts.count == 1)
        #expect(f.loop.respond(HTTPResponse(.ok), to: id))
        #expect(f.loop[id]?.unread.isEmpty == true && f.loop[id]?.unreadStart == 0)
        _ = peer.read(atLeast: 38 * 200)
    }

    @Test("A trickle of a body is cut off; a slow but fair one is not", arguments: Ground.all)
    func trickle(ground: Ground) throws {
        var limits = LoopLimits()
        limits.bodyTime = .milliseconds(30)
        limits.bodyBytesPerSecond = 1_000_000
        limits.lingerTime = .milliseconds(10)
        let f = try Fixture(limits, on: ground)
        f.onAnswer = { request, _ in .respond(HTTPResponse(.ok)) }
        let peer = try RawPeer(f)
        peer.write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc")
        #expect(peer.readToEnd().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        peer.close()
    }

    @Test("One chunk goes to many streams; each ends when it is told", arguments: Ground.all)
    func streams(ground: Ground) throws {
        let f = try Fixture(on: ground)
        var streaming: [ConnectionID] = []
        f.onAnswer = { _, id in
            streaming.append(id)
            return .stream(.ok, fields: [("content-type", "text/event-stream")])
        }
        let caller = Caller()
        let client = try f.footing.loop(LoopLimits())
        client.begin(caller)
        defer { client.begin(Nobody()) }
        for _ in 0..<20 {
            _ = try client.connect(to: f.address, HTTPCall(host: "h", target: "/"))
        }
        func both(_ done: () -> Bool) {
            f.turn(until: {
                _ = client.turn(atMostUntil: client.now)
                f.loop.waker.wake()
                return done()
            })
        }
        both { caller.statuses.count == 20 }
        let frame = Frame.chunk([UInt8]("data: x\n\n".utf8))
        for id in streaming { #expect(f.loop.send(frame, to: id) != .refused) }
        for id in streaming { #expect(f.loop.send(frame, to: id) != .refused) }
        for id in streaming { #expect(f.loop.endStream(id)) }
        for id in streaming { #expect(f.loop.send(frame, to: id) == .refused) }
        both { caller.texts.count == 20 && caller.bodies.last == [] }
        let all = caller.bodies.flatMap { $0 }
        #expect(all.count == 20 * 18)
        #expect(caller.ends.isEmpty)
    }

    @Test(
        "Calls: kept alive, chunked, HEAD, and a body that ends with its connection",
        arguments: Ground.all)
    func calls(ground: Ground) throws {
        let f = try Fixture(on: ground)
        f.onAnswer = { request, id in
            switch request.path {
            case "/stream":
                return .stream(.ok, fields: [])
            case "/echo": return .respond(HTTPResponse(.created, body: request.body))
            default: return .respond(HTTPResponse(.ok, text: request.method.rawValue))
            }
        }
        f.onTurnEnded = {
            for connection in f.loop.slots.compactMap({ $0 }) where connection.phase == .streaming {
                _ = f.loop.send(Frame.chunk([0x61, 0x62]), to: connection.id)
                f.loop.endStream(connection.id)
            }
        }
        let caller = Caller()
        let client = try f.footing.loop(LoopLimits())
        client.begin(caller)
        defer { client.begin(Nobody()) }
        var rest = [
            HTTPCall(.head, host: "h", target: "/"),
            HTTPCall(.get, host: "h", target: "/stream"),
            HTTPCall(.post, host: "h", target: "/echo", body: [UInt8]("body".utf8)),
            HTTPCall(.get, host: "h", target: "/", fields: [("connection", "close")]),
        ]
        caller.onEnd = { id in
            if !rest.isEmpty { #expect(client.call(rest.removeFirst(), on: id)) }
        }
        _ = try client.connect(to: f.address, HTTPCall(.get, host: "h", target: "/"))
        f.turn(until: {
            _ = client.turn(atMostUntil: client.now)
            f.loop.waker.wake()
            return caller.ends.count == 1
        })
        #expect(caller.statuses == [200, 200, 200, 201, 200])
        #expect(caller.texts == ["GET", "", "ab", "body", "GET"])
        #expect(caller.ends.first?.cause == .byPeer)
    }

    @Test(
        "Behind a balancer the true address is known; without its header nobody is served",
        arguments: Ground.all)
    func balancer(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let address = try f.loop.listen(at: .loopback(port: 0), proxyHeader: true)
        var clients: [String] = []
        f.onAnswer = { request, id in
            clients.append(request.client.description)
            #expect(f.loop.peer(of: id) == request.client)
            return .respond(HTTPResponse(.noContent))
        }
        let kernel = try f.footing.kernel()
        func talk(_ text: String) throws {
            let descriptor = try kernel.connect(to: address, from: nil, SocketOptions())
            let token = Token(bits: 1 << 32)
            try kernel.add(descriptor, token, [])
            var queue = SendQueue()
            queue.append(Frame([UInt8](text.utf8)))
            var isOver = false
            f.turn(until: {
                if !queue.isEmpty, case .moved(let n) = kernel.send(queue, on: descriptor, token) {
                    queue.advance(by: n)
                }
                switch kernel.receive(descriptor, { _ in }) {
                case .bytes, .end, .failed: isOver = true
                case .nothing: f.loop.waker.wake()
                }
                return isOver
            })
            kernel.close(descriptor, token)
        }
        try talk("PROXY TCP4 192.0.2.1 10.0.0.1 4711 443\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(clients == ["192.0.2.1:4711"])
        f.turn(until: { f.loop.connectionCount == 0 })
        let told = f.closeCalls
        try talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        f.turn(until: { f.loop.connectionCount == 0 })
        #expect(clients.count == 1)
        #expect(f.closeCalls == told, "never announced, so never closed")
    }

    @Test("Requests faster than answers are read do not pile up answers", arguments: Ground.all)
    func greedy(ground: Ground) throws {
        var limits = LoopLimits()
        limits.queueBytes = 64 * 1024
        limits.sockets.sendBufferBytes = 16 * 1024
        let f = try Fixture(limits, on: ground)
        var most = 0
        f.onAnswer = { _, id in
            most = max(most, f.loop.queuedBytes(id))
            return .respond(HTTPResponse(.ok, body: [UInt8](repeating: 0x78, count: 10_000)))
        }
        let peer = try RawPeer(f)
        let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        peer.write(String(repeating: request, count: 200))
        #expect(peer.read(atLeast: 200 * 10_042).utf8.count == 200 * 10_042)
        #expect(most <= limits.queueBytes)
        peer.close()
    }

    @Test("Curl's manners: a half-closed request is answered", arguments: Ground.all)
    func halfClosed(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let peer = try RawPeer(f)
        peer.write("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n")
        peer.shutWriting()
        #expect(peer.readToEnd().hasSuffix("\r\n\r\nhello"))
        peer.close()
        f.turn(until: { f.closeCalls == 1 })
    }
}
