package import Wire

extension Loop {
    /// Sets the service without running, for whoever drives the turns by hand.
    package func begin(_ service: any Service) {
        self.service = service
        now = kernel.now()
    }

    /// One turn. False when the loop has stopped and nothing is left.
    package func turn(atMostUntil limit: Instant) -> Bool {
        if isStopping, connectionCount == 0 || now >= stopAt {
            dropAll()
            return false
        }
        // Something that came up while flushing must not wait for the next event.
        let isPressing = !dirty.isEmpty || !doomed.isEmpty || owesTurnEnd
        let due = min(deadlines.earliest ?? .never, wakeAt, acceptAgain, min(stopAt, limit))
        kernel.wait(until: isPressing ? now : due == .never ? nil : due)
        now = kernel.now()
        while let event = kernel.next() { handle(event) }
        expire()
        bury()
        owesTurnEnd = false
        service.turnEnded(now)
        flush()
        bury()
        return true
    }

    private func handle(_ event: KernelEvent) {
        if event.token == .waker {
            kernel.waker.clear()
            service.woken()
            return
        }
        if event.token.generation == 0 {
            accept(from: Int(event.token.index))
            return
        }
        guard let connection = self[event.token.connection] else { return }
        switch event.kind {
        case .readable: readable(connection)
        case .writable: writable(connection)
        case .failed: failed(connection)
        }
    }

    private func readable(_ connection: Connection) {
        let received = kernel.receive(connection.descriptor) { bytes in
            connection.heard = now
            connection.missedBeats = 0
            if let tls = connection.tls, connection.http?.awaitsProxyHeader != true {
                unseal(connection, tls, bytes.span)
            } else {
                hand(connection, &bytes)
            }
        }
        if connection.isDoomed { return }
        switch received {
        case .bytes, .nothing: if connection.tls?.state == .ended { endOfStream(connection) }
        case .end: endOfStream(connection)
        case .failed(let error): broken(connection, error)
        }
    }

    /// What was read before it goes first.
    private func endOfStream(_ connection: Connection) {
        if connection.isPaused { connection.isEndedWhilePaused = true } else { ended(connection) }
    }

    /// Hands bytes on, and keeps what is left where the connection is paused.
    func hand(_ connection: Connection, _ bytes: inout MutableSpan<UInt8>) {
        var position = 0
        consume(connection, &bytes, &position)
        guard position < bytes.count, connection.isPaused, !connection.isDoomed else { return }
        connection.unread.append(addingCapacity: bytes.count - position) { output in
            for i in position..<bytes.count { output.append(bytes[i]) }
        }
    }

    /// Hands on what a pause has kept, until the next one.
    func handKept(_ connection: Connection) {
        guard !connection.unread.isEmpty, !connection.isPaused else { return }
        // Taken out meanwhile, so that its storage has one owner. Nothing else is read of a
        // connection before this is used up, so nothing comes behind it.
        var bytes = connection.unread
        var position = connection.unreadStart
        connection.unread = []
        connection.unreadStart = 0
        var span = bytes.mutableSpan
        consume(connection, &span, &position)
        guard position < span.count, connection.isPaused, !connection.isDoomed else { return }
        connection.unread = bytes
        connection.unreadStart = position
    }

    /// Hands bytes to whatever the connection is just now; it may change on the way.
    private func consume(
        _ connection: Connection, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int
    ) {
        let wasConsuming = connection.isConsuming
        connection.isConsuming = true
        defer { connection.isConsuming = wasConsuming }
        while position < bytes.count, !connection.isDoomed, !connection.isPaused {
            switch connection.phase {
            case .http: readHTTP(connection, bytes.span, &position)
            case .opening: readUpgrade(connection, bytes.span, &position)
            case .calling: readCall(connection, bytes.span, &position)
            case .streaming: pause(connection)
            case .greeting: readFramed(connection, bytes.span, &position)
            case .open where connection.framed != nil:
                readFramed(connection, bytes.span, &position)
            case .open, .closing: readWebSocket(connection, &bytes, &position)
            case .connecting, .finishing, .lingering: position = bytes.count
            }
        }
    }

    private func writable(_ connection: Connection) {
        if connection.phase == .connecting {
            if let error = kernel.connectResult(connection.descriptor) {
                return doom(connection, ConnectionEnd(.unreachable(error)))
            }
            setInterest(connection, .reading)
            if let tls = connection.tls {
                tls.start()
                if let hello = tls.takeOutput() { connection.sealed.append(hello) }
            }
            if connection.upgrade != nil { return beginUpgrade(connection) }
            return connection.framed == nil ? beginCall(connection) : greet(connection)
        }
        connection.isBacklogged = false
        touch(connection)
    }

    private func failed(_ connection: Connection) {
        let error = kernel.connectResult(connection.descriptor) ?? .reset
        if connection.phase == .connecting {
            doom(connection, ConnectionEnd(.unreachable(error)))
        } else {
            broken(connection, error)
        }
    }

    /// The peer will send no more.
    func ended(_ connection: Connection) {
        switch connection.phase {
        case .connecting, .opening, .greeting:
            doom(connection, ConnectionEnd(.lost))
        case .open:
            // A framed stream has no other way to say that it is done.
            let isDone = connection.framed?.reader.isBetweenFrames == true
            doom(connection, ConnectionEnd(isDone ? .byPeer : .lost, code: .abnormal))
        case .calling: callCut(connection)
        case .streaming: doom(connection, ConnectionEnd(.byPeer))
        case .closing, .lingering:
            doom(connection, connection.end ?? ConnectionEnd(.byUs))
        case .finishing:
            connection.lingers = false
            setInterest(connection, connection.interest.subtracting(.reading))
        case .http:
            if connection.isFlushed {
                doom(connection, ConnectionEnd(.byPeer))
            } else {
                connection.lingers = false
                setInterest(connection, connection.interest.subtracting(.reading))
                finish(connection, ConnectionEnd(.byPeer))
            }
        }
    }

    private func broken(_ connection: Connection, _ error: Errno) {
        let code: CloseCode? =
            connection.phase == .open || connection.phase == .closing ? .abnormal : nil
        doom(connection, connection.end ?? ConnectionEnd(.lost, code: code))
    }

    // MARK: Time

    private func expire() {
        while let entry = deadlines.popDue(now) {
            guard let connection = self[entry.token.connection], connection.armed == entry.at,
                !connection.isDoomed
            else { continue }
            connection.armed = .never
            if connection.due <= now { expired(connection) }
            if !connection.isDoomed { arm(connection) }
        }
        if wakeAt <= now {
            wakeAt = .never
            service.reached(now)
        }
        if acceptAgain <= now { resumeAccepting() }
    }

    private func expired(_ connection: Connection) {
        if connection.stallDeadline <= now {
            return doom(connection, ConnectionEnd(.timedOut, code: .abnormal))
        }
        connection.deadline = .never
        switch connection.phase {
        case .connecting: doom(connection, ConnectionEnd(.unreachable(.timedOut)))
        case .opening, .calling, .greeting: doom(connection, ConnectionEnd(.timedOut))
        case .streaming: break
        case .http: expiredExchange(connection)
        case .open where connection.framed != nil: break
        case .open: beat(connection)
        case .closing, .finishing, .lingering:
            doom(connection, connection.end ?? ConnectionEnd(.timedOut, code: .abnormal))
        }
    }

    func setDeadline(_ connection: Connection, _ time: Instant) {
        connection.deadline = time
        arm(connection)
    }

    func arm(_ connection: Connection) {
        let due = connection.due
        guard due < connection.armed else { return }
        connection.armed = due
        deadlines.insert(due, connection.token)
    }
}
