import Testing
import Wire

@testable import Transport

@Suite(.endsFixtures) struct LoopTests {
    @Test("A WebSocket opens on both sides with the subprotocol agreed", arguments: Ground.all)
    func opens(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let id = try f.connect(subprotocols: ["one", "two"])
        f.turn(until: { f.openedClients == [id] && f.openedServers.count == 1 })
        #expect(f.subprotocols == ["two", "two"])
    }

    @Test("Thousands of messages come back whole and in order", arguments: Ground.all)
    func echo(ground: Ground) throws {
        var limits = LoopLimits()
        limits.queueBytes = 4 << 20
        let f = try Fixture(limits, on: ground)
        let pair = try f.openPair()
        let messages = (0..<3000).map { n in
            [UInt8](repeating: UInt8(truncatingIfNeeded: n), count: (n * 7919) % 700)
        }
        for message in messages { #expect(f.send(message, from: pair.client) == .sent) }
        f.turn(until: { f.heardByClients.count == messages.count })
        let isSame = f.heardByServers == messages && f.heardByClients == messages
        #expect(isSame)
    }

    @Test("A message much larger than any buffer comes back whole", arguments: Ground.all)
    func large(ground: Ground) throws {
        var limits = LoopLimits()
        limits.messageBytes = 8 << 20
        let f = try Fixture(limits, on: ground)
        let pair = try f.openPair()
        let count = if case .simulated = ground { 200 << 10 } else { 5 << 20 }
        let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
        #expect(f.send(message, from: pair.client) == .sent)
        f.turn(until: { f.heardByClients.count == 1 })
        let isSame = f.heardByClients.first == message
        #expect(isSame)
    }

    @Test("One frame reaches two hundred connections", arguments: Ground.all)
    func fanout(ground: Ground) throws {
        let f = try Fixture(on: ground)
        f.echoes = false
        for _ in 0..<200 { _ = try f.connect() }
        f.turn(until: { f.openedServers.count == 200 && f.openedClients.count == 200 })
        let frame = Frame.server([1, 2, 3], binary: true)
        for id in f.openedServers { #expect(f.loop.send(frame, to: id) == .sent) }
        f.turn(until: { f.heardByClients.count == 200 })
        #expect(f.heardByClients.allSatisfy { $0 == [1, 2, 3] })
    }

    @Test("RFC 6455 7.1: both sides hear the code of whoever closed", arguments: Ground.all)
    func closes(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let pair = try f.openPair()
        f.loop.close(pair.client, code: CloseCode(rawValue: 4001), reason: "enough")
        #expect(f.send([1], from: pair.client) == .refused)
        f.turn(until: { f.closeCalls == 2 })
        #expect(
            f.closedServers[pair.server]
                == ConnectionEnd(.byPeer, code: CloseCode(rawValue: 4001), reason: "enough"))
        #expect(
            f.closedClients[pair.client]
                == ConnectionEnd(.byUs, code: CloseCode(rawValue: 4001), reason: "enough"))
        #expect(f.loop.connectionCount == 0)
    }

    @Test("The server closes; what was queued before still arrives", arguments: Ground.all)
    func serverCloses(ground: Ground) throws {
        let f = try Fixture(on: ground)
        f.onServerMessage = { id, _ in
            _ = f.loop.send(Frame.server([9], binary: true), to: id)
            f.loop.close(id, code: .policyViolation, reason: "no")
        }
        let pair = try f.openPair()
        _ = f.send([1], from: pair.client)
        _ = f.send([2], from: pair.client)
        f.turn(until: { f.closeCalls == 2 })
        #expect(f.heardByServers == [[1]])
        #expect(f.heardByClients == [[9]])
        #expect(f.closedClients[pair.client]?.code == .policyViolation)
        #expect(f.closedClients[pair.client]?.cause == .byPeer)
    }

    @Test("A peer that vanishes is closed with 1006, once", arguments: Ground.all)
    func vanishes(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let pair = try f.openPair()
        f.loop.abort(pair.client)
        f.turn(until: { f.closeCalls == 2 })
        #expect(f.closedServers[pair.server] == ConnectionEnd(.lost, code: .abnormal))
        #expect(f.loop.send(Frame([1]), to: pair.server) == .refused)
    }

    @Test("Stale ids never reach the connection that took the place", arguments: Ground.all)
    func stale(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let first = try f.openPair()
        f.loop.abort(first.client)
        f.turn(until: { f.closeCalls == 2 })
        let second = try f.openPair()
        let places = [first.client.index, first.server.index]
        #expect(places.contains(second.client.index))
        #expect(f.send([1], from: first.client) == .refused)
        #expect(f.loop.send(Frame.server([1], binary: true), to: first.server) == .refused)
    }

    @Test("A slow reader: queued, then refused at the limit, then drained", arguments: Ground.all)
    func slowReader(ground: Ground) throws {
        var limits = LoopLimits()
        limits.queueBytes = 256 * 1024
        limits.sockets.sendBufferBytes = 16 * 1024
        let f = try Fixture(limits, on: ground)
        let pair = try f.openPair()
        var wider = SocketOptions()
        wider.sendBufferBytes = 32 * 1024
        f.loop.setOptions(wider, on: pair.server)
        f.loop.pause(pair.client)
        let frame = Frame.server([UInt8](repeating: 5, count: 8000), binary: true)
        var outcomes: [Outflow] = []
        var taken = 0
        f.onTurnEnded = {
            guard outcomes.last != .refused else { return }
            let outcome = f.loop.send(frame, to: pair.server)
            outcomes.append(outcome)
            if outcome != .refused { taken += 1 }
            // Something to wake for: the paused reader will never give an event.
            f.loop.waker.wake()
        }
        f.loop.waker.wake()
        f.turn(until: { outcomes.last == .refused })
        #expect(outcomes.first == .sent)
        #expect(outcomes.contains(.queued))
        #expect(f.loop.queuedBytes(pair.server) <= limits.queueBytes)
        #expect(f.drainedIDs.isEmpty)
        f.loop.resume(pair.client)
        f.turn(until: { f.heardByClients.count == taken && f.drainedIDs == [pair.server] })
        #expect(f.loop.queuedBytes(pair.server) == 0)
    }

    @Test(
        "A paused connection hands on nothing; resumed, everything in order", arguments: Ground.all)
    func pauses(ground: Ground) throws {
        let f = try Fixture(on: ground)
        f.echoes = false
        let pair = try f.openPair()
        f.onServerMessage = { id, message in
            if message == [0] { f.loop.pause(id) }
        }
        for n in 0..<10 { _ = f.send([UInt8(n)], from: pair.client) }
        f.turn(until: { !f.heardByServers.isEmpty })
        #expect(f.heardByServers == [[0]])
        f.loop.resume(pair.server)
        f.turn(until: { f.heardByServers.count == 10 })
        #expect(f.heardByServers == (0..<10).map { [UInt8($0)] })
    }

    @Test(
        "RFC 6455 5.5.3: of a flood of pings from a peer that does not read, the last is answered",
        arguments: Ground.all)
    func pingFlood(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let peer = try f.upgraded()
        // Fills every buffer on the way, so that the pings meet a backlog.
        let size = if case .simulated = ground { 100_000 } else { 16 << 20 }
        let large = [UInt8](repeating: 7, count: size)
        #expect(f.loop.send(Frame(large), to: f.openedServers[0]) == .sent)
        for _ in 0..<50 {
            f.loop.waker.wake()
            _ = f.loop.turn(atMostUntil: f.loop.now)
        }
        peer.write((UInt8(0)..<200).flatMap { clientFrame(9, [$0]) })
        f.loop.waker.wake()
        _ = f.loop.turn(atMostUntil: f.loop.now)
        var came = 0
        var tail: [UInt8] = []
        f.turn(until: {
            let more = peer.read() ?? []
            came += more.count
            tail = Array((tail + more).suffix(3))
            f.loop.waker.wake()
            return came > large.count && tail == [0x8a, 1, 199]
        })
        #expect(came < large.count + 200 * 3)
        peer.close()
    }

    @Test("A paused connection that breaks is known to be gone", arguments: Ground.all)
    func brokenWhilePaused(ground: Ground) throws {
        let f = try Fixture(on: ground)
        f.onServerMessage = { id, _ in
            f.loop.pause(id)
            // The peer will not read this, so that its close is a reset.
            _ = f.loop.send(Frame.server([1, 2, 3], binary: true), to: id)
        }
        let peer = try f.upgraded()
        peer.write(clientFrame(2, [0]))
        f.turn(until: { !f.heardByServers.isEmpty })
        f.turn(until: {
            f.loop.waker.wake()
            return f.loop.outstandingBytes(f.openedServers[0]) == 0 || f.footing.network != nil
        })
        for _ in 0..<5 { _ = f.loop.turn(atMostUntil: f.loop.now) }
        peer.close()
        f.turn(until: { f.closeCalls == 1 })
        #expect(f.closedServers.values.first?.cause == .lost)
    }

    @Test("A message above the limit closes with 1009", arguments: Ground.all)
    func oversized(ground: Ground) throws {
        var limits = LoopLimits()
        limits.messageBytes = 100
        let f = try Fixture(limits, on: ground)
        let pair = try f.openPair()
        _ = f.send([UInt8](repeating: 0, count: 101), from: pair.client)
        f.turn(until: { f.closeCalls == 2 })
        #expect(f.closedServers[pair.server]?.cause == .violation)
        #expect(f.closedClients[pair.client]?.code == .tooLarge)
    }

    @Test("Connecting to nobody is told as unreachable", arguments: Ground.all)
    func unreachable(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let spare = try f.footing.loop(LoopLimits())
        let gone = try spare.listen(at: .loopback(port: 0))
        spare.closeListeners()
        let id = try f.loop.connect(to: gone, WebSocketWish(host: "x"))
        f.clients.insert(id)
        f.turn(until: { f.closeCalls == 1 })
        #expect(f.closedClients[id] == ConnectionEnd(.unreachable(.refused)))
    }

    @Test("A refused upgrade carries the status", arguments: Ground.all)
    func upgradeRefused(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let id = try f.connect(target: "/plain")
        f.turn(until: { f.closedClients[id] != nil })
        #expect(f.closedClients[id]?.cause == .upgradeRefused(200))
        #expect(f.openedClients.isEmpty)
    }

    @Test("A client may come from an address of its choice", arguments: Ground.all)
    func source(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let from = try #require(SocketAddress("127.0.0.7", port: 0))
        let id = try f.loop.connect(to: f.address, from: from, WebSocketWish(host: "x"))
        f.clients.insert(id)
        f.turn(until: { f.openedServers.count == 1 })
        let open = try #require(f.openedServers.first)
        #expect(f.loop.peer(of: open)?.host == "127.0.0.7")
    }

    @Test("HTTP: keep-alive, pipelined, byte by byte, and a held answer", arguments: Ground.all)
    func http(ground: Ground) throws {
        let f = try Fixture(on: ground)
        var held: ConnectionID?
        f.onAnswer = { request, id in
            if request.path == "/hold" {
                held = id
                return .hold
            }
            return .respond(
                HTTPResponse(.ok, body: [UInt8]((request.path + "=").utf8) + request.body))
        }
        let peer = try RawPeer(f)
        defer { peer.close() }
        let requests =
            "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
            + "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz"
            + "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"
            + "GET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        for byte in requests.utf8 {
            peer.write([byte])
            f.loop.waker.wake()
            _ = f.loop.turn(atMostUntil: f.loop.now)
        }
        f.turn(until: { held != nil })
        #expect(
            peer.read(atLeast: 82)
                == "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n/a="
                + "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n/b=xyz")
        let id = try #require(held)
        #expect(f.loop.respond(HTTPResponse(.accepted), to: id))
        #expect(
            peer.readToEnd()
                == "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
                + "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n/c=")
    }

    @Test("What is no HTTP is answered 400 and hung up on", arguments: Ground.all)
    func garbage(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let peer = try RawPeer(f)
        peer.write("\u{16}\u{3}\u{1} hello")
        #expect(peer.readToEnd().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        peer.close()
        f.turn(until: { f.closeCalls == 1 })
    }

    @Test("Half-open: who says nothing within the head time is hung up on", arguments: Ground.all)
    func silent(ground: Ground) throws {
        var limits = LoopLimits()
        limits.headTime = .milliseconds(20)
        limits.lingerTime = .milliseconds(20)
        let f = try Fixture(limits, on: ground)
        let peer = try RawPeer(f)
        f.turn(until: { f.closeCalls == 1 })
        #expect(f.closedServers.values.first?.cause == .timedOut)
        peer.close()
    }

    @Test(
        "Half-open: a WebSocket without a sign of life is given up after two pings",
        arguments: Ground.all)
    func heartbeat(ground: Ground) throws {
        var limits = LoopLimits()
        limits.heartbeat = .milliseconds(10)
        let f = try Fixture(limits, on: ground)
        let peer = try RawPeer(f)
        defer { peer.close() }
        peer.write(Handshake.request(WebSocketWish(host: "test"), nonce: [UInt8](0..<16)))
        f.turn(until: { f.closeCalls == 1 })
        #expect(f.openedServers.count == 1)
        #expect(f.closedServers.values.first == ConnectionEnd(.timedOut, code: .abnormal))
    }

    @Test("A wake asked for comes", arguments: Ground.all)
    func wakes(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let time = f.loop.now + .milliseconds(5)
        f.loop.wake(at: time)
        f.turn(until: { f.reachedCount == 1 })
        #expect(f.loop.now >= time)
    }

    @Test("Letters come from another thread, up to the box's limit", arguments: Ground.real)
    func letters(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let box = Mailbox<Int>(limit: 3, waking: f.loop.waker)
        let thread = try LoopThread {
            for n in 0..<4 { _ = box.post(n) }
        }
        f.turn(until: { f.wokenCount > 0 })
        thread.join()
        #expect(box.collect() == [0, 1, 2])
        #expect(box.collect() == [])
    }

    @Test("A stop says 1001, lets queues out, and ends the run", arguments: Ground.all)
    func stops(ground: Ground) throws {
        let footing = Footing(ground)
        let server = try Fixture(LoopLimits(), footing)
        let client = try Fixture(LoopLimits(), footing)
        let id = try client.loop.connect(to: server.address, WebSocketWish(host: "test"))
        client.clients.insert(id)
        client.turn(until: {
            _ = server.loop.turn(atMostUntil: server.loop.now)
            client.loop.waker.wake()
            return client.openedClients == [id]
        })
        let open = try #require(server.openedServers.first)
        _ = server.loop.send(Frame.server([7], binary: true), to: open)
        server.loop.stop(within: .seconds(5))
        client.turn(until: {
            client.loop.waker.wake()
            return !server.loop.turn(atMostUntil: server.loop.now)
        })
        client.turn(until: { client.closeCalls == 1 })
        #expect(client.heardByClients == [[7]])
        #expect(server.closeCalls == 1)
        #expect(client.closedClients[id]?.code == .goingAway)
        #expect(server.loop.connectionCount == 0)
    }

    @Test("At the limit of connections the next one waits its turn", arguments: Ground.all)
    func connectionLimit(ground: Ground) throws {
        var limits = LoopLimits()
        limits.connections = 3
        let f = try Fixture(limits, on: ground)
        let first = try f.openPair()
        // Two places are taken: this client takes the third, its server side must wait.
        let second = try f.connect()
        f.turn(until: { f.openedServers.count == 1 && f.loop.acceptAgain != .never })
        f.loop.abort(first.client)
        f.turn(until: { f.openedClients.contains(second) })
        #expect(f.openedServers.count == 2)
    }
}
