internal import Wire

/// A loop's view of a simulated network. The rules of sockets hold as Linux has them: a close with
/// unread bytes resets, a reset loses what was not read, a shut side still reads.
final class SimulatedKernel: Kernel {
    let name = "simulated"
    let waker = Waker(withoutDescriptor: ())

    private let network: SimulatedNetwork
    /// Descriptors registered here, in the order they came: iteration must not depend on hashing.
    private var registered: [Int32] = []
    private var events: [KernelEvent] = []
    private var at = 0
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

    init(_ network: SimulatedNetwork) { self.network = network }

    func now() -> Instant { network.now }

    func listen(
        at address: SocketAddress, _ options: SocketOptions, backlog: Int, sharesPort: Bool
    ) throws(Errno) -> Int32 {
        var local = address
        if local.port == 0 { local.port = network.freePort() }
        if !sharesPort, network.listener(at: local.port) != nil { throw .addressInUse }
        return network.open(SimulatedSocket(local: local, remote: nil, isListener: true))
    }

    func localAddress(of descriptor: Int32) throws(Errno) -> SocketAddress {
        guard let socket = network.sockets[descriptor] else { throw .invalid }
        return socket.local
    }

    func connect(
        to address: SocketAddress, from source: SocketAddress?, _ options: SocketOptions
    ) throws(Errno) -> Int32 {
        var local = source ?? .loopback(port: 0)
        local.port = network.freePort()
        let near = SimulatedSocket(local: local, remote: address)
        guard let listener = network.listener(at: address.port),
            !network.happens(network.faults.failedConnects)
        else {
            near.error = .refused
            return network.open(near)
        }
        let far = SimulatedSocket(local: address, remote: local)
        near.other = far
        far.other = near
        listener.waiting.append(far)
        return network.open(near)
    }

    func connectResult(_ descriptor: Int32) -> Errno? {
        guard let socket = network.sockets[descriptor] else { return .invalid }
        let error = socket.error
        socket.error = nil
        return error
    }

    func add(_ descriptor: Int32, _ token: Token, _ interest: Interest) throws(Errno) {
        guard let socket = network.sockets[descriptor] else { throw .invalid }
        socket.token = token
        socket.interest = interest
        registered.append(descriptor)
    }

    func change(_ descriptor: Int32, _ token: Token, _ interest: Interest) {
        network.sockets[descriptor]?.interest = interest
    }

    func close(_ descriptor: Int32, _ token: Token) {
        guard let socket = network.sockets.removeValue(forKey: descriptor) else { return }
        registered.removeAll { $0 == descriptor }
        for waiting in socket.waiting { waiting.reset() }
        if socket.inbound.isEmpty { socket.other?.isEnded = true } else { socket.reset() }
        socket.other?.other = nil
    }

    func finishClosing() {}

    func shutWriting(_ descriptor: Int32) {
        guard let socket = network.sockets[descriptor] else { return }
        socket.isShut = true
        socket.other?.isEnded = true
    }

    func setOptions(_ options: SocketOptions, on descriptor: Int32) {}

    func unacknowledgedBytes(of descriptor: Int32) -> Int {
        network.sockets[descriptor]?.other?.inbound.count ?? 0
    }

    func wait(until deadline: Instant?) {
        events = []
        at = 0
        // Every turn takes some time, or a loop that is woken all the while would stop the clock.
        network.now = network.now + .microseconds(UInt64(1 + network.draw(50)))
        if waker.takeFlag() { events.append(KernelEvent(token: .waker, kind: .readable)) }
        var isHeldBack = false
        for descriptor in registered {
            guard let socket = network.sockets[descriptor] else { continue }
            for event in ready(socket) {
                if network.happens(network.faults.delays) {
                    isHeldBack = true
                } else {
                    events.append(event)
                }
            }
        }
        // A shuffled order: nothing may depend on who is told first.
        for i in events.indices.reversed() where i > 0 { events.swapAt(i, network.draw(i + 1)) }
        // Time stands still as long as another loop of this network has something to do.
        let isBusy = isHeldBack || network.sockets.values.contains { !ready($0).isEmpty }
        if isBusy, events.isEmpty {
            network.now = network.now + .microseconds(UInt64(1 + network.draw(2000)))
        } else if !isBusy, events.isEmpty, let deadline {
            network.now = max(network.now, deadline)
        }
    }

    private func ready(_ socket: SimulatedSocket) -> [KernelEvent] {
        if socket.isListener {
            guard socket.interest.contains(.reading), !socket.waiting.isEmpty else { return [] }
            return [KernelEvent(token: socket.token, kind: .readable)]
        }
        var events: [KernelEvent] = []
        if socket.error != nil { return [KernelEvent(token: socket.token, kind: .failed)] }
        let hasRoom = socket.other == nil || socket.room(network.faults.bufferBytes) > 0
        if socket.interest.contains(.writing), hasRoom {
            events.append(KernelEvent(token: socket.token, kind: .writable))
        }
        if socket.interest.contains(.reading), !socket.inbound.isEmpty || socket.isEnded {
            events.append(KernelEvent(token: socket.token, kind: .readable))
        }
        return events
    }

    func next() -> KernelEvent? {
        guard at < events.count else { return nil }
        defer { at += 1 }
        return events[at]
    }

    func accept(_ listener: Int32) -> Accepted {
        guard let socket = network.sockets[listener], !socket.waiting.isEmpty else {
            return .nothing
        }
        if network.happens(network.faults.failedAccepts) { return .failed(.tooManyFiles) }
        let accepted = socket.waiting.removeFirst()
        return .connection(network.open(accepted), accepted.remote ?? accepted.local)
    }

    func stopAccepting(_ listener: Int32, _ token: Token) {}

    func receive(
        _ descriptor: Int32, _ body: (inout MutableSpan<UInt8>) -> Void
    ) -> Received {
        guard let socket = network.sockets[descriptor] else { return .failed(.invalid) }
        if network.happens(network.faults.resets) { socket.reset() }
        if let error = socket.error { return .failed(error) }
        if socket.inbound.isEmpty { return socket.isEnded ? .end : .nothing }
        let most = min(socket.inbound.count, 64 * 1024)
        let count = network.cut(most, network.faults.shortReads)
        var bytes = [UInt8](socket.inbound.prefix(count))
        socket.inbound.removeFirst(count)
        var span = bytes.mutableSpan
        body(&span)
        return .bytes(count)
    }

    func send(_ queue: borrowing SendQueue, on descriptor: Int32, _ token: Token) -> Transfer {
        guard let socket = network.sockets[descriptor] else { return .failed(.invalid) }
        if network.happens(network.faults.resets) { socket.reset() }
        if let error = socket.error { return .failed(error) }
        guard let other = socket.other, !socket.isShut else { return .failed(.brokenPipe) }
        let room = socket.room(network.faults.bufferBytes)
        if room == 0 || network.happens(network.faults.fullBuffers) { return .full }
        var bytes: [UInt8] = []
        queue.gather(into: &bytes, limit: 64 * 1024)
        guard !bytes.isEmpty else { return .moved(0) }
        let count = network.cut(min(room, bytes.count), network.faults.shortWrites)
        other.inbound += bytes.prefix(count)
        return .moved(count)
    }

    func submit(_ settle: (Int, Transfer) -> Void) {}
}
