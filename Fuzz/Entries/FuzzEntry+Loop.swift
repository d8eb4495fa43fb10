#if TESTABLE
    @testable import Transport
    import Wire

    extension FuzzEntry {
        /// A whole loop on the simulated kernel is told anything by a stranger, on a network where
        /// everything comes in pieces. It must end every connection once, keep none, and keep the
        /// order of calls. The first two bytes choose the faults and what the listener expects.
        public static func loop(_ input: [UInt8]) {
            guard input.count >= 2 else { return }
            let choice = input[1]
            var faults = choice & 1 == 0 ? SimulatedNetwork.Faults() : .rough
            faults.resets = choice & 2 == 0 ? 0 : 20
            let network = SimulatedNetwork(seed: UInt64(input[0]), faults: faults)
            var limits = LoopLimits()
            limits.messageBytes = 2_000
            limits.queueBytes = 4_000
            limits.http.bodyBytes = 2_000
            limits.deflate = choice & 4 == 0 ? nil : DeflateOptions()
            limits.deflate?.thresholdBytes = 8
            limits.heartbeat = choice & 32 == 0 ? nil : .seconds(1)
            let loop = Loop(limits, on: network)
            let stranger = Stranger(loop, pauses: choice & 64 != 0)
            loop.begin(stranger)
            defer { loop.begin(Nobody()) }
            guard
                let address = try? loop.listen(
                    at: .loopback(port: 0), proxyHeader: choice & 8 != 0,
                    speaking: choice & 16 == 0 ? .http : .framed)
            else { fatalError("the simulated network lets nobody listen") }
            let kernel = SimulatedKernel(network)
            guard let socket = try? kernel.connect(to: address, from: nil, SocketOptions()) else {
                return
            }
            let token = Token(bits: 1 << 32)
            try? kernel.add(socket, token, [])
            var queue = SendQueue()
            queue.append(Frame(Array(input.dropFirst(2))))
            var isShut = false
            for turn in 0..<5_000 where turn < 20 || loop.connectionCount > 0 {
                if !queue.isEmpty {
                    switch kernel.send(queue, on: socket, token) {
                    case .moved(let count): queue.advance(by: count)
                    case .failed: queue.clear()
                    case .full, .pending: break
                    }
                } else if !isShut {
                    isShut = true
                    kernel.shutWriting(socket)
                }
                _ = kernel.receive(socket) { _ in }
                loop.waker.wake()
                _ = loop.turn(atMostUntil: loop.now + .seconds(1))
            }
            kernel.close(socket, token)
            loop.stop(within: .seconds(1))
            var turns = 0
            while loop.turn(atMostUntil: loop.now + .seconds(1)) {
                turns += 1
                require(turns < 100_000, "the loop does not stop")
            }
            require(network.openSockets == 0, "\(network.openSockets) sockets are left")
            require(stranger.accepted == stranger.closed, "not every connection was ended")
        }
    }

    /// A service that does a bit of everything, and watches the order of what it is told.
    private final class Stranger: Service {
        private let loop: Loop
        private let pauses: Bool
        private var states: [ConnectionID: State] = [:]
        private var held: [ConnectionID] = []
        private var paused: [ConnectionID] = []
        var accepted = 0
        var closed = 0

        private enum State { case accepted, open }

        init(_ loop: Loop, pauses: Bool) {
            self.loop = loop
            self.pauses = pauses
        }

        func accepted(_ id: ConnectionID, from peer: SocketAddress) -> Bool {
            FuzzEntry.require(states.updateValue(.accepted, forKey: id) == nil, "accepted twice")
            accepted += 1
            return true
        }

        func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
            FuzzEntry.require(states[id] == .accepted, "a request out of order")
            switch request.path {
            case "/hold":
                held.append(id)
                return .hold
            case "/stream":
                held.append(id)
                return .stream(.ok, fields: [])
            case "/": return .upgrade(subprotocol: nil)
            default: return .respond(HTTPResponse(.ok, text: request.target))
            }
        }

        func opened(_ id: ConnectionID, subprotocol: String?) {
            FuzzEntry.require(states[id] == .accepted, "opened out of order")
            states[id] = .open
        }

        func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
            FuzzEntry.require(states[id] == .open, "a message out of order")
            FuzzEntry.require(!paused.contains(id), "a message on a paused connection")
            FuzzEntry.require(message.count <= 2_000, "a message passes the limit")
            _ = loop.send(message: message, binary: binary, to: id)
            if pauses {
                loop.pause(id)
                paused.append(id)
            }
        }

        func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
            FuzzEntry.require(states.removeValue(forKey: id) != nil, "closed without a beginning")
            closed += 1
        }

        func turnEnded(_ now: Instant) {
            for id in held where !loop.respond(HTTPResponse(.ok, text: "late"), to: id) {
                _ = loop.send(.chunk([1, 2, 3]), to: id)
                loop.endStream(id)
            }
            held = []
            while let id = paused.popLast() { loop.resume(id) }
        }
    }
#endif
