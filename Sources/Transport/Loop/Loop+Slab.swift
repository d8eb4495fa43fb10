internal import Wire

extension Loop {
    /// The connection behind an id, as long as it is not at its end.
    subscript(id: ConnectionID) -> Connection? {
        guard Int(id.index) < slots.count, let connection = slots[Int(id.index)],
            connection.id.generation == id.generation, !connection.isDoomed
        else { return nil }
        return connection
    }

    func seat(
        _ descriptor: Int32, peer: SocketAddress, role: WebSocketRole, listener: Int32 = -1,
        phase: Connection.Phase, interest: Interest
    ) -> Connection {
        let index: Int
        if let free = freeSlots.popLast() {
            index = Int(free)
        } else {
            index = slots.count
            slots.append(nil)
            generations.append(0)
        }
        // Generation 0 is the loop's own descriptors: skipped when the count comes round.
        generations[index] = generations[index] == .max ? 1 : generations[index] + 1
        let id = ConnectionID(generation: generations[index], index: UInt32(index))
        let connection = Connection(
            id: id, descriptor: descriptor, peer: peer, role: role, listener: listener,
            phase: phase, interest: interest, now: now)
        slots[index] = connection
        connectionCount += 1
        return connection
    }

    /// An outgoing connection, on its way.
    func dial(
        _ address: SocketAddress, _ source: SocketAddress?, _ security: TLSWish?
    ) throws(Errno) -> Connection {
        var session: TLSSession?
        if let security {
            session = security.context.session(serverName: security.serverName)
            if session == nil { throw .invalid }
        }
        let descriptor = try kernel.connect(to: address, from: source, limits.sockets)
        let connection = seat(
            descriptor, peer: address, role: .client, phase: .connecting, interest: .writing)
        do throws(Errno) {
            try kernel.add(descriptor, connection.token, .writing)
        } catch {
            unseat(connection)
            kernel.close(descriptor, connection.token)
            throw error
        }
        connection.tls = session
        setDeadline(connection, now + limits.connectTime)
        return connection
    }

    func unseat(_ connection: Connection) {
        slots[Int(connection.id.index)] = nil
        freeSlots.append(connection.id.index)
        connectionCount -= 1
    }

    /// Ends a connection. Its burial, and the word to the service, come at a point of the turn
    /// where nothing is in the middle of anything.
    func doom(_ connection: Connection, _ end: ConnectionEnd) {
        guard !connection.isDoomed else { return }
        connection.isDoomed = true
        if connection.end == nil { connection.end = end }
        doomed.append(connection)
    }

    func bury() {
        while let connection = doomed.popLast() {
            unseat(connection)
            kernel.close(connection.descriptor, connection.token)
            connection.queue.clear()
            connection.sealed.clear()
            connection.tls = nil
            connection.http = nil
            if acceptAgain == .never, listeners.contains(where: { !$0.isListening && $0.isOpen }) {
                acceptAgain = now
            }
            if connection.isAnnounced {
                owesTurnEnd = true
                service.closed(connection.id, connection.end ?? ConnectionEnd(.byUs))
            }
        }
    }

    func dropAll() {
        for slot in slots.indices {
            if let connection = slots[slot] { doom(connection, ConnectionEnd(.stopped)) }
        }
        bury()
        kernel.finishClosing()
    }

    // MARK: Accepting

    func accept(from index: Int) {
        guard index < listeners.count, listeners[index].isOpen else { return }
        // Bounded, so that a rush of connects does not starve those who are in.
        for _ in 0..<256 {
            if connectionCount >= limits.connections { return restAccepting(index) }
            switch kernel.accept(listeners[index].descriptor) {
            case .connection(let descriptor, let peer): welcome(descriptor, peer, by: index)
            case .nothing: return
            case .failed: return restAccepting(index)
            }
        }
    }

    private func welcome(_ descriptor: Int32, _ peer: SocketAddress, by index: Int) {
        let listener = listeners[index]
        let connection = seat(
            descriptor, peer: peer, role: .server, listener: Int32(truncatingIfNeeded: index),
            phase: .http, interest: .reading)
        var isWelcome = false
        do throws(Errno) {
            try kernel.add(descriptor, connection.token, .reading)
            isWelcome =
                listener.expectsProxyHeader || service.accepted(connection.id, from: peer)
        } catch {
            isWelcome = false
        }
        guard isWelcome else {
            unseat(connection)
            kernel.close(descriptor, connection.token)
            return
        }
        if let context = listener.tls {
            guard let session = context.session(serverName: nil) else {
                connection.isAnnounced = false
                return doom(connection, ConnectionEnd(.lost))
            }
            connection.tls = session
        }
        setDeadline(connection, now + limits.headTime)
        if listener.speech == .framed, !listener.expectsProxyHeader {
            return awaitGreeting(connection)
        }
        let exchange = HTTPExchange()
        if listener.expectsProxyHeader {
            exchange.state = .proxyHeader(ProxyHeader())
            exchange.turnsToFrames = listener.speech == .framed
            connection.isAnnounced = false
        }
        connection.http = exchange
    }

    /// Out of places or descriptors: the listener rests until a connection ends, or a moment.
    private func restAccepting(_ index: Int) {
        listeners[index].isListening = false
        kernel.change(listeners[index].descriptor, Token(listener: index), [])
        acceptAgain = min(acceptAgain, now + .milliseconds(100))
    }

    func resumeAccepting() {
        acceptAgain = .never
        for index in listeners.indices
        where listeners[index].isOpen && !listeners[index].isListening {
            listeners[index].isListening = true
            kernel.change(listeners[index].descriptor, Token(listener: index), .reading)
        }
    }

    /// Takes what waits, then closes: whoever got through to us is served once more.
    func closeListeners() {
        for index in listeners.indices where listeners[index].isOpen {
            kernel.stopAccepting(listeners[index].descriptor, Token(listener: index))
            accept(from: index)
            listeners[index].isOpen = false
            kernel.close(listeners[index].descriptor, Token(listener: index))
        }
        acceptAgain = .never
    }
}
