import Testing
import Wire

@testable import Transport

/// What a kernel must do for a loop and no conversation shows.
@Suite(.endsFixtures) struct KernelTests {
    @Test("A loop that has ended holds no socket, while it still exists", arguments: Ground.real)
    func ended(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let peers = try (0..<5).map { _ in try RawPeer(f) }
        f.loop.stop(within: .milliseconds(0))
        while f.loop.turn(atMostUntil: f.loop.now) {}
        // The system tells a peer of the end only when the socket is closed.
        for peer in peers {
            #expect(peer.read() == nil)
            peer.close()
        }
    }

    @Test(
        "Sends that are not taken whole, more of them than the ring holds: not a byte is lost",
        arguments: Ground.real)
    func manyShortSends(ground: Ground) throws {
        var limits = LoopLimits()
        limits.sockets.sendBufferBytes = 16 * 1024
        limits.sockets.receiveBufferBytes = 16 * 1024
        let f = try Fixture(limits, Footing(ground, ringEntries: 8))
        f.echoes = false
        for _ in 0..<60 { _ = try f.connect() }
        f.turn(until: { f.openedServers.count == 60 && f.openedClients.count == 60 })
        for id in f.openedClients { f.loop.pause(id) }
        f.loop.waker.wake()
        _ = f.loop.turn(atMostUntil: f.loop.now)
        let message = (0..<120_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 9) }
        let frame = Frame.server(message, binary: true)
        for id in f.openedServers { #expect(f.loop.send(frame, to: id) == .sent) }
        f.loop.waker.wake()
        _ = f.loop.turn(atMostUntil: f.loop.now)
        // Nothing was taken whole, so every one of them is known to wait.
        #expect(f.openedServers.allSatisfy { f.loop.queuedBytes($0) > 0 })
        for id in f.openedClients { f.loop.resume(id) }
        f.turn(until: { f.heardByClients.count == 60 })
        let isWhole = f.heardByClients.allSatisfy { $0 == message }
        #expect(isWhole)
    }

    @Test("A listener that stops in the middle of a flush takes no send's answer away")
    func stopsAmidSends() throws {
        guard let kernel = try? UringKernel() else { return }
        let listener = try kernel.listen(
            at: .loopback(port: 0), SocketOptions(), backlog: 4, sharesPort: false)
        try kernel.add(listener, Token(listener: 0), .reading)
        let address = try kernel.localAddress(of: listener)
        let socket = try kernel.connect(to: address, from: nil, SocketOptions())
        let token = Token(ConnectionID(generation: 1, index: 0))
        try kernel.add(socket, token, [])
        kernel.wait(until: kernel.now())
        while kernel.next() != nil {}
        // Far more than the system takes of a peer that does not read.
        var queue = SendQueue()
        let count = 64 << 20
        queue.append(Frame([UInt8](repeating: 1, count: count)))
        #expect(kernel.send(queue, on: socket, token) == .pending)
        kernel.stopAccepting(listener, Token(listener: 0))
        var told: [Transfer] = []
        kernel.submit { _, transfer in told.append(transfer) }
        #expect(told.count == 1 && told.first != .moved(count))
        kernel.close(listener, Token(listener: 0))
        kernel.close(socket, token)
        kernel.finishClosing()
    }
}
