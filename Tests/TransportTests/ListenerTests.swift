import Testing
import Wire

@testable import Transport

/// Where connections come in: several loops at one port, sockets that were handed over, and the
/// queue of those who got through and were not let in yet.
@Suite(.endsFixtures) struct ListenerTests {
    @Test("A listening socket made elsewhere is listened on", arguments: Ground.all)
    func adopts(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let maker = try f.footing.kernel()
        let descriptor = try maker.listen(
            at: .loopback(port: 0), SocketOptions(), backlog: 16, sharesPort: false)
        let address = try f.loop.adopt(listener: descriptor, named: "inherited")
        #expect(address.port != 0 && address != f.address)
        #expect(f.loop.listenerAddresses == [f.address, address])
        let id = try f.loop.connect(to: address, WebSocketWish(host: "test"))
        f.clients.insert(id)
        f.turn(until: { f.openedClients == [id] && f.openedServers.count == 1 })
        #expect(f.loop.listener(of: try #require(f.openedServers.first)) == "inherited")
        _ = f.send([1, 2, 3], from: id)
        f.turn(until: { f.heardByClients == [[1, 2, 3]] })
        // It is closed with the others.
        f.loop.stopListening()
        _ = f.loop.turn(atMostUntil: f.loop.now)
        let late = try f.loop.connect(to: address, WebSocketWish(host: "test"))
        f.clients.insert(late)
        f.turn(until: { f.closedClients[late] != nil })
        #expect(f.closedClients[late]?.cause == .unreachable(.refused))
    }

    @Test(
        "Loops share one inherited socket, and one goes without the other", arguments: Ground.real)
    func shares(ground: Ground) throws {
        let maker = try EpollKernel()
        let descriptor = try maker.listen(
            at: .loopback(port: 0), SocketOptions(), backlog: 64, sharesPort: false)
        let socket = Supervisor.Socket(name: "web", descriptor: descriptor)
        try Supervisor.take(socket)
        defer { maker.close(descriptor, Token(bits: 0)) }
        let footing = Footing(ground)
        let (first, second) = (
            try Fixture(LoopLimits(), footing), try Fixture(LoopLimits(), footing)
        )
        let address = try first.loop.share(socket, named: "one")
        #expect(try second.loop.share(socket, named: "two") == address)
        func connect(_ count: Int) throws {
            for _ in 0..<count {
                let id = try first.loop.connect(to: address, WebSocketWish(host: "test"))
                first.clients.insert(id)
            }
        }
        func turn(until done: () -> Bool) {
            first.turn(until: {
                _ = second.loop.turn(atMostUntil: second.loop.now)
                first.loop.waker.wake()
                return done()
            })
        }
        try connect(20)
        turn(until: { first.openedClients.count == 20 })
        #expect(first.openedServers.count + second.openedServers.count == 20)
        // The socket stays with the process: whoever is left serves all.
        second.loop.stopListening()
        let before = first.openedServers.count
        try connect(20)
        turn(until: { first.openedClients.count == 40 })
        #expect(first.openedServers.count == before + 20)
        #expect(first.closeCalls + second.closeCalls == 0)
    }

    @Test("Loops that share a port are each dealt connections", arguments: Ground.real)
    func reusePort(ground: Ground) throws {
        let footing = Footing(ground)
        let (first, second) = (
            try Fixture(LoopLimits(), footing), try Fixture(LoopLimits(), footing)
        )
        #expect(try second.loop.listen(at: first.address) == first.address)
        for _ in 0..<64 { _ = try first.connect() }
        first.turn(until: {
            _ = second.loop.turn(atMostUntil: second.loop.now)
            first.loop.waker.wake()
            return first.openedClients.count == 64
        })
        // The system deals by a hash of the addresses: that one gets none is one in 2^63.
        #expect(!first.openedServers.isEmpty && !second.openedServers.isEmpty)
        #expect(first.openedServers.count + second.openedServers.count == 64)
    }

    @Test("A socket for both families knows its v4 peers as v4", arguments: Ground.real)
    func bothFamilies(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let any = try #require(SocketAddress("::", port: 0))
        // Where the system has no v6 there is nothing to tell apart.
        guard let address = try? f.loop.listen(at: any) else { return }
        let id = try f.loop.connect(
            to: .loopback(port: address.port), WebSocketWish(host: "test"))
        f.clients.insert(id)
        f.turn(until: { f.openedServers.count == 1 })
        let peer = f.loop.peer(of: try #require(f.openedServers.first))
        #expect(peer?.host == "127.0.0.1" && peer?.isLoopback == true)
    }

    @Test("A stop serves those who wait in the accept queue", arguments: Ground.all)
    func drainsQueue(ground: Ground) throws {
        var limits = LoopLimits()
        limits.lingerTime = .milliseconds(10)
        let f = try Fixture(limits, on: ground)
        let kernel = try f.footing.kernel()
        let peers = try (0..<20).map { _ in
            try kernel.connect(to: f.address, from: nil, SocketOptions())
        }
        // The loop is not turned: nobody is let in yet.
        for (place, peer) in peers.enumerated() {
            try kernel.add(peer, Token(bits: UInt64(place + 1) << 32), [])
            var queue = SendQueue()
            queue.append(Frame([UInt8]("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n".utf8)))
            for _ in 0..<1_000 where !queue.isEmpty {
                if case .moved(let count) = kernel.send(queue, on: peer, Token(bits: 0)) {
                    queue.advance(by: count)
                }
            }
            #expect(queue.isEmpty)
        }
        #expect(f.acceptedCount == 0)
        f.loop.stop(within: .seconds(20))
        // An accept that fails for want of descriptors may fail in the last moment too.
        let isCertain = f.footing.network == nil
        if isCertain { #expect(f.acceptedCount == 20) }
        var answers = [[UInt8]](repeating: [], count: 20)
        var ended = Set<Int>()
        f.turn(until: {
            for (place, peer) in peers.enumerated() {
                while !ended.contains(place) {
                    switch kernel.receive(
                        peer, { span in for i in span.indices { answers[place].append(span[i]) } })
                    {
                    case .bytes: continue
                    case .end, .failed: ended.insert(place)
                    case .nothing: break
                    }
                    break
                }
            }
            f.loop.waker.wake()
            return ended.count == 20
        })
        let served = answers.filter {
            String(decoding: $0, as: UTF8.self).hasSuffix("connection: close\r\n\r\nhello")
        }
        #expect(served.count == (isCertain ? 20 : f.acceptedCount))
        for peer in peers { kernel.close(peer, Token(bits: 0)) }
    }
}
