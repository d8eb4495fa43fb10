internal import Wire

/// HTTP from the client's side.
extension Loop {
    func beginCall(_ connection: Connection) {
        connection.phase = .calling
        guard let calls = connection.calls, let call = calls.first else { return }
        calls.first = nil
        setDeadline(connection, .never)
        _ = send(call, connection)
    }

    func send(_ call: HTTPCall, _ connection: Connection) -> Bool {
        guard let calls = connection.calls, connection.phase == .calling, case .idle = calls.state
        else { return false }
        calls.state = .head(call.method)
        setDeadline(connection, now + limits.answerTime)
        enqueueUnlimited(call.serialized, connection)
        return true
    }

    func readCall(_ connection: Connection, _ bytes: Span<UInt8>, _ position: inout Int) {
        guard let calls = connection.calls else { return }
        do throws(HTTPFault) {
            switch calls.state {
            case .idle: throw .badStatusLine
            case .head(let method):
                try readHead(connection, calls, method, bytes, &position)
            case .body(var reader, let keepsAlive):
                // On to the step that takes no byte: the end of a body may need none.
                while !connection.isDoomed {
                    let step = try reader.next(bytes, &position)
                    calls.state = .body(reader, keepsAlive: keepsAlive)
                    switch step {
                    case .more: return
                    case .bytes(let range):
                        service.responseBytes(bytes.extracting(range), on: connection.id)
                    case .end: return callEnded(connection, calls, keepsAlive: keepsAlive)
                    }
                }
            }
        } catch {
            doom(connection, ConnectionEnd(.violation))
        }
    }

    private func readHead(
        _ connection: Connection, _ calls: CallExchange, _ method: HTTPMethod,
        _ bytes: Span<UInt8>, _ position: inout Int
    ) throws(HTTPFault) {
        let start = position
        let isWhole = try calls.scanner.scan(bytes, &position, limit: limits.http.headBytes)
        for i in start..<position { calls.head.append(bytes[i]) }
        guard isWhole else { return }
        let head = try HTTPResponseHead(head: calls.head, limits: limits.http)
        calls.head = []
        if head.status == .switchingProtocols { throw .badStatusLine }
        // An interim answer; the real one follows (RFC 9110 section 15.2).
        if head.status.rawValue < 200 { return }
        let reader = try head.body(to: method, limits: limits.http)
        let keepsAlive = !head.fields.lists("connection", "close") && !reader.endsWithConnection
        calls.state = .body(reader, keepsAlive: keepsAlive)
        setDeadline(connection, .never)
        service.responded(head, on: connection.id)
        if !connection.isDoomed, reader == .length(0) {
            callEnded(connection, calls, keepsAlive: keepsAlive)
        }
    }

    private func callEnded(_ connection: Connection, _ calls: CallExchange, keepsAlive: Bool) {
        calls.state = .idle
        if keepsAlive {
            setDeadline(connection, now + limits.idleTime)
        } else {
            doom(connection, ConnectionEnd(.byPeer))
        }
        service.responseEnded(on: connection.id)
    }

    /// The server will send no more: that is the end of a body that nothing else delimits.
    func callCut(_ connection: Connection) {
        guard let calls = connection.calls else { return }
        switch calls.state {
        case .idle: doom(connection, ConnectionEnd(.byPeer))
        case .head: doom(connection, ConnectionEnd(.lost))
        case .body(let reader, _):
            // Under TLS only a goodbye is an end; without one the body may have been cut short.
            let isWhole = connection.tls.map { $0.state == .ended } ?? true
            guard reader.endsWithConnection, isWhole else {
                return doom(connection, ConnectionEnd(.lost))
            }
            callEnded(connection, calls, keepsAlive: false)
        }
    }
}
