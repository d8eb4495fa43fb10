import TestCertificates
import Testing
import Wire

@testable import Transport

private let first = (chain: Certificates.firstChain, key: Certificates.firstKey)
private let second = (chain: Certificates.secondChain, key: Certificates.secondKey)

private func fixture(_ ground: Ground, _ limits: LoopLimits = LoopLimits()) throws -> Fixture {
    let context = try TLSContext(certificateChain: first.chain, privateKey: first.key)
    let f = try Fixture(limits, Footing(ground), tls: context)
    f.wish = TLSWish(try TLSContext(authorities: first.chain), serverName: "first.test")
    return f
}

@Suite(.endsFixtures) struct TLSTests {
    @Test("A WebSocket under TLS: messages small and large, and a close", arguments: Ground.all)
    func echo(ground: Ground) throws {
        let f = try fixture(ground)
        let pair = try f.openPair()
        let count = if case .simulated = ground { 150_000 } else { 900_000 }
        let large = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let messages = (0..<100).map { [UInt8](repeating: UInt8($0), count: $0 * 3) } + [large]
        for message in messages { #expect(f.send(message, from: pair.client) == .sent) }
        f.turn(until: { f.heardByClients.count == messages.count })
        let isSame = f.heardByClients == messages
        #expect(isSame)
        f.loop.close(pair.client, code: .normal, reason: "done")
        f.turn(until: { f.closeCalls == 2 })
        #expect(f.closedServers[pair.server]?.reason == "done")
        #expect(f.footing.network?.openSockets ?? 1 == 1)
    }

    @Test(
        "HTTP under TLS, and a body that ends with the connection is whole", arguments: Ground.all)
    func http(ground: Ground) throws {
        let f = try fixture(ground)
        final class Caller: Service {
            var body: [UInt8] = []
            var isEnded = false
            func responseBytes(_ bytes: Span<UInt8>, on id: ConnectionID) {
                for i in bytes.indices { body.append(bytes[i]) }
            }
            func responseEnded(on id: ConnectionID) { isEnded = true }
            func closed(_ id: ConnectionID, _ end: ConnectionEnd) {}
        }
        let caller = Caller()
        let client = try f.footing.loop(LoopLimits())
        client.begin(caller)
        defer { client.begin(Nobody()) }
        _ = try client.connect(
            to: f.address, tls: f.wish, HTTPCall(host: "first.test", target: "/plain"))
        f.turn(until: {
            _ = client.turn(atMostUntil: client.now)
            f.loop.waker.wake()
            return caller.isEnded
        })
        #expect(caller.body == [UInt8]("hello".utf8))
    }

    @Test(
        "A certificate for another name, or from nobody known, is not accepted",
        arguments: Ground.all)
    func distrust(ground: Ground) throws {
        let f = try fixture(ground)
        let trusting = try TLSContext(authorities: first.chain)
        let other = try TLSContext(authorities: second.chain)
        for wish in [
            TLSWish(trusting, serverName: "second.test"), TLSWish(other, serverName: "first.test"),
            TLSWish(trusting, serverName: "127.0.0.2"),
        ] {
            f.wish = wish
            let id = try f.connect()
            f.turn(until: { f.closedClients[id] != nil })
            #expect(f.closedClients[id]?.cause == .violation)
        }
        f.wish = TLSWish(trusting, serverName: "127.0.0.1")
        _ = try f.openPair()
        #expect(f.openedClients.count == 1)
    }

    @Test(
        "A chain of certificates: the root alone is trusted, and without a link it is not",
        arguments: Ground.all)
    func chains(ground: Ground) throws {
        let (leaf, middle, root) = (Certificates.leaf, Certificates.middle, Certificates.root)
        let trust = TLSWish(try TLSContext(authorities: root), serverName: "leaf.test")
        for (chain, isWhole) in [
            (leaf + middle + root, true), (leaf + middle, true), (leaf + root, false),
            (leaf, false),
        ] {
            let context = try TLSContext(
                certificateChain: chain, privateKey: Certificates.leafKey)
            let f = try Fixture(LoopLimits(), Footing(ground), tls: context)
            f.wish = trust
            let id = try f.connect()
            f.turn(until: { f.openedClients == [id] || f.closedClients[id] != nil })
            #expect(f.openedClients.isEmpty != isWhole)
            #expect(isWhole || f.closedClients[id]?.cause == .violation)
        }
        // Cut inside a later certificate: no chain at all.
        #expect(throws: TLSContext.Fault.badCertificate) {
            try TLSContext(
                certificateChain: leaf + middle.dropLast(60), privateKey: Certificates.leafKey)
        }
    }

    @Test(
        "Reloaded again and again under traffic: nobody who is in notices",
        arguments: Ground.all)
    func reloads(ground: Ground) throws {
        let f = try fixture(ground)
        let chains = [first, second]
        let names = ["first.test", "second.test"]
        var pairs = [try f.openPair()]
        for round in 1...6 {
            let (chain, key) = chains[round % 2]
            // Bytes are on their way both ways while the context goes.
            for pair in pairs {
                #expect(f.send([UInt8(round)], from: pair.client) == .sent)
            }
            f.loop.replaceTLS(try TLSContext(certificateChain: chain, privateKey: key))
            f.wish = TLSWish(try TLSContext(authorities: chain), serverName: names[round % 2])
            let heard = f.heardByClients.count + pairs.count
            pairs.append(try f.openPair())
            f.turn(until: { f.heardByClients.count >= heard })
        }
        #expect(f.openedServers.count == 7 && f.closeCalls == 0)
    }

    @Test("Whoever draws answers under TLS and reads none does not pile them up")
    func unread() throws {
        let f = try fixture(.epoll)
        let pair = try f.openPair()
        let server = try #require(f.loop[pair.server])
        let tls = try #require(server.tls)
        // As if as much had been drawn from it before.
        server.sealed.append(Frame([UInt8](repeating: 0, count: f.loop.limits.queueBytes)))
        f.loop.unseal(server, tls, ([0xff] as [UInt8]).span)
        #expect(!server.isDoomed)
        f.loop.unseal(server, tls, [UInt8](repeating: 0xff, count: 100).span)
        #expect(server.isDoomed && server.end?.cause == .violation)
    }

    @Test(
        "Reloaded: new connections see the new certificate, old ones live on", arguments: Ground.all
    )
    func reload(ground: Ground) throws {
        let f = try fixture(ground)
        let old = try f.openPair()
        f.loop.replaceTLS(try TLSContext(certificateChain: second.chain, privateKey: second.key))
        f.wish = TLSWish(try TLSContext(authorities: second.chain), serverName: "second.test")
        let new = try f.openPair()
        _ = f.send([1], from: old.client)
        _ = f.send([2], from: new.client)
        f.turn(until: { f.heardByClients.count == 2 })
        #expect(Set(f.heardByClients) == [[1], [2]])
    }

    @Test("What is no TLS is told so and hung up on", arguments: Ground.all)
    func garbage(ground: Ground) throws {
        let f = try fixture(ground)
        for bytes in [
            [UInt8]("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8), [UInt8](repeating: 0xff, count: 300),
            [0x16, 0x03, 0x01, 0x00, 0x05, 1, 0, 0, 1, 0],
        ] {
            let peer = try RawPeer(f)
            peer.write(bytes)
            _ = peer.readToEnd()
            peer.close()
        }
        f.turn(until: { f.closeCalls == 3 })
        #expect(f.closedServers.values.allSatisfy { $0.cause == .violation })
    }

    @Test("Who begins TLS and goes silent is hung up on", arguments: Ground.all)
    func silent(ground: Ground) throws {
        var limits = LoopLimits()
        limits.headTime = .milliseconds(20)
        limits.lingerTime = .milliseconds(10)
        let f = try fixture(ground, limits)
        let peer = try RawPeer(f)
        peer.write([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        f.turn(until: { f.closeCalls == 1 })
        #expect(f.closedServers.values.first?.cause == .timedOut)
        peer.close()
    }

    @Test("Contexts say what is wrong with them")
    func contexts() throws {
        #expect(throws: TLSContext.Fault.badCertificate) {
            try TLSContext(certificateChain: [1, 2, 3], privateKey: first.key)
        }
        #expect(throws: TLSContext.Fault.badCertificate) {
            try TLSContext(certificateChain: [], privateKey: first.key)
        }
        #expect(throws: TLSContext.Fault.badKey) {
            try TLSContext(certificateChain: first.chain, privateKey: first.chain)
        }
        #expect(throws: TLSContext.Fault.mismatch) {
            try TLSContext(certificateChain: first.chain, privateKey: second.key)
        }
        #expect(throws: TLSContext.Fault.badCertificate) { try TLSContext(authorities: [0x20]) }
    }
}
