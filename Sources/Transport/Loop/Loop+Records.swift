internal import Wire

/// What a listener's connections speak.
public enum Speech: Equatable, Sendable {
    case http
    /// Length-prefixed messages and nothing else (see `Frame.record`). `opened` comes at once.
    case records
}

extension Loop {
    /// Begins to connect to a listener that speaks records. `opened` follows, or `closed`.
    public func connectRecords(
        to address: SocketAddress, from source: SocketAddress? = nil, tls: TLSWish? = nil
    ) throws(Errno) -> ConnectionID {
        let connection = try dial(address, source, tls)
        connection.records = RecordInbox(sizeLimit: limits.messageBytes)
        return connection.id
    }

    func openRecords(_ connection: Connection) {
        connection.records = RecordInbox(sizeLimit: limits.messageBytes)
        connection.phase = .open
        setDeadline(connection, connection.tls == nil ? .never : now + limits.headTime)
        service.opened(connection.id, subprotocol: nil)
    }

    func readRecords(_ connection: Connection, _ bytes: Span<UInt8>, _ position: inout Int) {
        while !connection.isPaused, !connection.isDoomed, connection.phase == .open {
            guard let event = connection.records?.next(bytes, &position) else { return }
            switch event {
            case .more: return
            case .message(let binary, .here(let range)):
                service.received(bytes.extracting(range), binary: binary, on: connection.id)
            case .message(let binary, .collected(let message)):
                service.received(message.span, binary: binary, on: connection.id)
            case .tooLarge:
                finish(
                    connection,
                    ConnectionEnd(.violation, code: .tooLarge, reason: "message too large"))
            case .notText:
                finish(
                    connection,
                    ConnectionEnd(.violation, code: .invalidPayload, reason: "not UTF-8"))
            }
        }
    }
}
