public import Wire

/// What a listener's connections begin with.
public enum ListenerSpeech: Equatable, Sendable {
    /// Requests, which may become streams or WebSockets.
    case http
    /// The beginning of a framed stream (specification, T2), which says its encoding.
    case framed
}

/// What a connection speaks just now, and so which frames fit it.
public enum Speech: Equatable, Sendable {
    case http
    /// A streamed answer: `Frame.chunk`.
    case stream
    /// `Frame.server`, or `Frame.client` on the other side.
    case webSocket
    /// Length-prefixed messages: `Frame.framed`.
    case framed(Encoding)
}

/// Messages on a bare stream, taken apart by Wire.
final class FramedStream {
    var reader: FrameReader
    /// As a client: what our beginning says.
    let encoding: Encoding?

    init(limit: Int, encoding: Encoding? = nil) {
        reader = FrameReader(limit: limit, encoding: encoding)
        self.encoding = encoding
    }
}

extension Loop {
    /// Begins to connect to a listener that speaks framed streams. `opened` follows, or `closed`.
    public func connect(
        to address: SocketAddress, from source: SocketAddress? = nil, tls: TLSWish? = nil,
        framed encoding: Encoding
    ) throws(Errno) -> ConnectionID {
        let connection = try dial(address, source, tls)
        connection.framed = FramedStream(limit: limits.messageBytes, encoding: encoding)
        return connection.id
    }

    /// What a connection speaks; nil where it is gone, or has not said it yet.
    public func speech(of id: ConnectionID) -> Speech? {
        guard let connection = self[id] else { return nil }
        switch connection.phase {
        case .open where connection.framed != nil:
            return connection.framed?.reader.encoding.map { .framed($0) }
        case .open, .closing: return .webSocket
        case .streaming: return .stream
        case .http, .calling: return .http
        case .connecting, .opening, .greeting, .finishing, .lingering: return nil
        }
    }

    /// As a server: the beginning must come within the time for a head, a TLS handshake included.
    func awaitGreeting(_ connection: Connection) {
        connection.framed = FramedStream(limit: limits.messageBytes)
        connection.phase = .greeting
    }

    /// As a client: connected; under TLS the certificate is still to be seen.
    func greet(_ connection: Connection) {
        connection.phase = .greeting
        if connection.tls == nil { openFramed(connection) } else { touch(connection) }
    }

    func openFramed(_ connection: Connection) {
        guard let framed = connection.framed, let encoding = framed.reader.encoding else { return }
        connection.phase = .open
        setDeadline(connection, .never)
        if framed.encoding != nil { enqueueUnlimited(Framing.preamble(encoding), connection) }
        service.opened(connection.id, subprotocol: encoding.subprotocol.string)
    }

    func readFramed(_ connection: Connection, _ bytes: Span<UInt8>, _ position: inout Int) {
        connection.framed?.reader.append(bytes.extracting(droppingFirst: position))
        position = bytes.count
        deliverFramed(connection)
    }

    /// Hands on the whole messages that have come, until the service pauses or ends it.
    func deliverFramed(_ connection: Connection) {
        guard let framed = connection.framed else { return }
        let wasConsuming = connection.isConsuming
        connection.isConsuming = true
        defer { connection.isConsuming = wasConsuming }
        do throws(Framing.Failure) {
            guard let encoding = try framed.reader.begin() else { return }
            if connection.phase == .greeting { openFramed(connection) }
            let binary = encoding == .messagePack
            while connection.phase == .open, !connection.isPaused, !connection.isDoomed {
                guard let message = try framed.reader.next() else { return }
                var text = UTF8Check()
                guard binary || text.accept(message.span, in: message.indices) && text.isComplete
                else { return violatedFraming(connection, .invalidPayload, "not UTF-8") }
                service.received(message.span, binary: binary, on: connection.id)
            }
        } catch {
            switch error {
            case .tooLong: violatedFraming(connection, .tooLarge, "message too large")
            case .empty: violatedFraming(connection, .protocolError, "empty message")
            case .notThisProtocol, .unsupported:
                violatedFraming(connection, .protocolError, "not this protocol")
            }
        }
    }

    /// There is no frame to say it in: the stream just ends, behind what is queued.
    private func violatedFraming(
        _ connection: Connection, _ code: CloseCode, _ reason: String
    ) {
        finish(connection, ConnectionEnd(.violation, code: code, reason: reason))
    }
}
