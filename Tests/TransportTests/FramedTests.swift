import TestCertificates
import Testing
import Wire

@testable import Transport

private let certificates = (chain: Certificates.firstChain, key: Certificates.firstKey)

private func context() throws -> TLSContext {
    try TLSContext(certificateChain: certificates.chain, privateKey: certificates.key)
}

private func wish(_ name: String = "first.test") throws -> TLSWish {
    TLSWish(try TLSContext(authorities: certificates.chain), serverName: name)
}

/// A fixture whose bare peers meet a listener of framed streams.
private func framedFixture(
    _ ground: Ground, _ limits: LoopLimits = LoopLimits(), tls: TLSContext? = nil
) throws -> Fixture {
    try Fixture(limits, Footing(ground), tls: tls, speaking: .framed)
}

@Suite(.endsFixtures) struct FramedTests {
    @Test(
        "T2: echoed over a loop, plain and under TLS, and ended in good order",
        arguments: Ground.all)
    func echo(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let plain = try f.loop.listen(
            at: .loopback(port: 0), named: "devices", speaking: .framed)
        let sealed = try f.loop.listen(
            at: .loopback(port: 0), named: "sealed", tls: try context(), speaking: .framed)
        for (address, wish, name) in [
            (plain, nil, "devices"), (sealed, try wish(), "sealed"),
        ] as [(SocketAddress, TLSWish?, String)] {
            for encoding in Encoding.allCases {
                f.heardByClients = []
                f.openedClients = []
                let servers = f.openedServers.count
                let id = try f.loop.connect(to: address, tls: wish, framed: encoding)
                f.clients.insert(id)
                f.turn(until: { f.openedClients == [id] && f.openedServers.count > servers })
                #expect(
                    f.subprotocols.suffix(2) == [
                        encoding.subprotocol.string, encoding.subprotocol.string,
                    ])
                let server = f.openedServers[servers]
                #expect(f.loop.speech(of: server) == .framed(encoding))
                #expect(f.loop.speech(of: id) == .framed(encoding))
                #expect(f.loop.listener(of: server) == name)
                #expect(f.loop.listener(of: id) == nil)
                let messages = (0..<50).map { [UInt8](repeating: UInt8($0), count: 1 + $0 * 200) }
                for message in messages { #expect(f.send(message, from: id) == .sent) }
                #expect(f.send([], from: id) == .refused)
                f.loop.ping(id)
                f.turn(until: { f.heardByClients.count == messages.count })
                let isSame = f.heardByClients == messages
                #expect(isSame)
                f.loop.close(id)
                f.turn(until: { f.closedServers[server] != nil && f.closedClients[id] != nil })
                #expect(f.closedClients[id]?.cause == .byUs)
                #expect(f.closedServers[server]?.cause == .byPeer)
            }
        }
        #expect(f.loop.listener(of: try f.openPair().server) == "")
    }

    @Test("What is queued goes out before a close", arguments: Ground.all)
    func flushed(ground: Ground) throws {
        let f = try framedFixture(ground)
        f.onServerMessage = { id, _ in
            for number in UInt8(1)...200 {
                #expect(
                    f.loop.send(.framed([UInt8](repeating: number, count: 900)), to: id) != .refused
                )
            }
            f.loop.close(id, code: .goingAway)
        }
        let id = try f.connectFramed()
        f.turn(until: { f.openedClients == [id] })
        _ = f.send([1], from: id)
        f.turn(until: { f.closeCalls == 2 })
        #expect(f.heardByClients.map { $0[0] } == Array(1...200))
        #expect(f.closedClients[id]?.cause == .byPeer)
        #expect(f.closedServers.values.first?.code == .goingAway)
    }

    @Test(
        "T2: another beginning, an empty message, too long a one and bad text end the stream",
        arguments: Ground.all)
    func refused(ground: Ground) throws {
        var limits = LoopLimits()
        limits.messageBytes = 1_000
        let f = try framedFixture(ground, limits)
        let json = Framing.preamble(.json)
        for (bytes, code) in [
            ([0x47], .protocolError), ([0x46, 0x43, 2], .protocolError),
            ([0x46, 0x43, 1, 2], .protocolError), (json + [0, 0, 0, 0], .protocolError),
            // Its head alone is refused: no byte of the body ever comes.
            (json + [0, 0, 3, 0xe9], .tooLarge), (json + [0xff, 0xff, 0xff, 0xff], .tooLarge),
            (json + [0, 0, 0, 1, 0xff], .invalidPayload),
        ] as [([UInt8], CloseCode)] {
            f.closedServers = [:]
            let peer = try RawPeer(f)
            peer.write(bytes)
            #expect(peer.readToEnd() == "")
            peer.close()
            f.turn(until: { f.closedServers.count == 1 })
            #expect(f.closedServers.values.first?.cause == .violation)
            #expect(f.closedServers.values.first?.code == code)
        }
        #expect(f.heardByServers.isEmpty)
        let peer = try RawPeer(f)
        peer.write(Framing.preamble(.messagePack) + [0, 0, 0, 1, 0xff])
        f.turn(until: { f.heardByServers == [[0xff]] })
        peer.close()
    }

    @Test(
        "A stream that ends inside a message, or before its beginning, is lost",
        arguments: Ground.all)
    func cut(ground: Ground) throws {
        let f = try framedFixture(ground)
        for bytes in [
            [], [0x46], Framing.preamble(.json) + [0, 0],
            Framing.preamble(.json) + [0, 0, 0, 2, 0x7b],
        ] as [[UInt8]] {
            f.closedServers = [:]
            let peer = try RawPeer(f)
            peer.write(bytes)
            peer.shutWriting()
            f.turn(until: { f.closedServers.count == 1 })
            #expect(f.closedServers.values.first?.cause == .lost)
            peer.close()
        }
    }

    @Test("Who does not say its beginning in time is hung up on", arguments: Ground.all)
    func silent(ground: Ground) throws {
        var limits = LoopLimits()
        limits.headTime = .milliseconds(20)
        for (tls, bytes) in [
            (nil, []), (nil, [0x46, 0x43, 1]), (try context(), []),
            (try context(), [0x16, 3, 1, 2, 0, 1]),
        ] as [(TLSContext?, [UInt8])] {
            let f = try framedFixture(ground, limits, tls: tls)
            let peer = try RawPeer(f)
            peer.write(bytes)
            f.turn(until: { f.closeCalls == 1 })
            #expect(f.closedServers.values.first?.cause == .timedOut)
            peer.close()
        }
        // Whoever has begun may be silent as long as it likes.
        let f = try framedFixture(ground, limits)
        let id = try f.connectFramed()
        f.turn(until: { f.openedServers.count == 1 })
        f.loop.wake(at: f.loop.now + .milliseconds(60))
        f.turn(until: { f.reachedCount == 1 })
        #expect(f.closeCalls == 0)
        f.loop.abort(id)
    }

    @Test("A client sees the certificate before it says anything", arguments: Ground.all)
    func distrust(ground: Ground) throws {
        let f = try framedFixture(ground, tls: try context())
        f.wish = try wish("second.test")
        let id = try f.connectFramed()
        f.turn(until: { f.closedClients[id] != nil })
        #expect(f.closedClients[id]?.cause == .violation)
        #expect(f.openedClients.isEmpty && f.openedServers.isEmpty)
    }

    @Test(
        "Paused, no message is handed on; resumed, all come in order, and then the end",
        arguments: Ground.all)
    func pausing(ground: Ground) throws {
        let f = try framedFixture(ground)
        f.onServerMessage = { id, message in
            // Now and then it changes its mind at once.
            f.loop.pause(id)
            if message[0] % 3 == 0 { f.loop.resume(id) }
        }
        let peer = try RawPeer(f)
        peer.write(
            Framing.preamble(.messagePack)
                + (UInt8(1)...100).flatMap { Framing.frame([$0]) })
        peer.shutWriting()
        var steps = 0
        f.onTurnEnded = {
            steps += 1
            guard steps % 5 == 0, let id = f.openedServers.first, f.closeCalls == 0 else { return }
            let before = f.heardByServers.count
            f.loop.resume(id)
            #expect(f.heardByServers.count - before <= 3)
        }
        f.turn(until: {
            f.loop.waker.wake()
            return f.closeCalls == 1
        })
        #expect(f.heardByServers.map { $0[0] } == Array(1...100))
        #expect(f.closedServers.values.first?.cause == .byPeer)
        peer.close()
    }

    @Test("A loop that stops lets framed streams end behind what is queued", arguments: Ground.all)
    func stopped(ground: Ground) throws {
        let f = try framedFixture(ground)
        let id = try f.connectFramed()
        f.turn(until: { f.openedServers.count == 1 })
        let peer = try RawPeer(f)
        #expect(f.loop.send(.framed([9]), to: f.openedServers[0]) == .sent)
        f.loop.stop(within: .seconds(5))
        f.turn(until: { f.loop.connectionCount == 0 })
        #expect(f.closedServers.count == 2)
        #expect(f.heardByClients == [[9]] || f.closedClients[id]?.cause == .byUs)
        peer.close()
    }

    @Test("TLS behind a balancer: its header comes first, in the clear", arguments: Ground.all)
    func balancer(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let address = try f.loop.listen(
            at: .loopback(port: 0), proxyHeader: true, tls: try context(), speaking: .framed)
        let session = try #require(
            try TLSContext(authorities: certificates.chain).session(serverName: "first.test"))
        let kernel = try f.footing.kernel()
        let token = Token(bits: 1 << 32)
        let descriptor = try kernel.connect(to: address, from: nil, SocketOptions())
        try kernel.add(descriptor, token, [])
        var queue = SendQueue()
        queue.append(Frame([UInt8]("PROXY TCP4 192.0.2.1 10.0.0.1 4711 443\r\n".utf8)))
        session.start()
        var isWritten = false
        f.turn(until: {
            if let output = session.takeOutput() { queue.append(output) }
            if !queue.isEmpty, case .moved(let n) = kernel.send(queue, on: descriptor, token) {
                queue.advance(by: n)
            }
            _ = kernel.receive(descriptor) { bytes in
                var plain = [UInt8](repeating: 0, count: 4096)
                var position = 0
                while position < bytes.count {
                    var room = plain.mutableSpan
                    _ = session.read(bytes.span, &position, into: &room)
                }
            }
            if session.state == .open, !isWritten {
                isWritten = true
                let stream = Framing.preamble(.messagePack) + Framing.frame([5, 6])
                session.write(stream.span)
            }
            f.loop.waker.wake()
            return f.heardByServers == [[5, 6]]
        })
        let server = try #require(f.openedServers.first)
        #expect(f.loop.peer(of: server)?.description == "192.0.2.1:4711")
        kernel.close(descriptor, token)
    }

    @Test(
        "Bytes that are not with the peer yet are counted, the kernel's too",
        arguments: Ground.all)
    func outstanding(ground: Ground) throws {
        var limits = LoopLimits()
        limits.queueBytes = 32 << 20
        let f = try framedFixture(ground, limits)
        let peer = try RawPeer(f)
        peer.write(Framing.preamble(.messagePack))
        f.turn(until: { f.openedServers.count == 1 })
        let id = f.openedServers[0]
        #expect(f.loop.outstandingBytes(id) == 0)
        // More than all buffers between the two can hold.
        let size = if case .simulated = ground { 100_000 } else { 24 << 20 }
        #expect(f.loop.send(.framed([UInt8](repeating: 7, count: size)), to: id) == .sent)
        #expect(f.loop.outstandingBytes(id) == size + 4)
        var turns = 0
        f.turn(until: {
            turns += 1
            f.loop.waker.wake()
            return turns == 50
        })
        let isBetween = 1..<(size + 4) ~= f.loop.outstandingBytes(id) - f.loop.queuedBytes(id)
        #expect(isBetween)
        var count = 0
        f.turn(until: {
            count += peer.read()?.count ?? 0
            f.loop.waker.wake()
            return count == size + 4 && f.loop.outstandingBytes(id) == 0
        })
        peer.close()
    }
}
