internal import Wire

extension Loop {
    // MARK: Requests

    func readHTTP(_ connection: Connection, _ bytes: Span<UInt8>, _ position: inout Int) {
        guard let exchange = connection.http else { return }
        do throws(HTTPFault) {
            switch exchange.state {
            case .proxyHeader(var header):
                exchange.state = .head
                try readProxyHeader(connection, exchange, &header, bytes, &position)
            case .head: try readHead(connection, exchange, bytes, &position)
            case .body(var request, var reader):
                // Taken out while it grows, so that its storage has one owner.
                exchange.state = .head
                let start = position
                while true {
                    switch try reader.next(bytes, &position) {
                    case .bytes(let range): request.append(bytes, range)
                    case .more:
                        exchange.state = .body(request, reader)
                        // Each byte buys a little time; a trickle buys less than it takes.
                        let bought =
                            UInt64(position - start) * 1_000_000_000
                            / UInt64(max(limits.bodyBytesPerSecond, 1))
                        return setDeadline(
                            connection, connection.deadline + Interval(nanoseconds: bought))
                    case .end: return dispatch(connection, exchange, request)
                    }
                }
            case .held:
                // The next request waits, unread, until this one is answered.
                pause(connection)
            }
        } catch {
            refuse(connection, error.status)
        }
    }

    private func readProxyHeader(
        _ connection: Connection, _ exchange: HTTPExchange, _ header: inout ProxyHeader,
        _ bytes: Span<UInt8>, _ position: inout Int
    ) throws(HTTPFault) {
        switch header.read(bytes, &position) {
        case .more: exchange.state = .proxyHeader(header)
        case .malformed: doom(connection, ConnectionEnd(.violation, reason: "no PROXY header"))
        case .source(let source):
            if let source { connection.peer = source }
            connection.isAnnounced = true
            if !service.accepted(connection.id, from: connection.peer) {
                connection.isAnnounced = false
                return doom(connection, ConnectionEnd(.byUs))
            }
            if exchange.turnsToFrames {
                connection.http = nil
                awaitGreeting(connection)
            }
            // What follows is sealed.
            if let tls = connection.tls, position < bytes.count {
                let rest = bytes.extracting(droppingFirst: position)
                position = bytes.count
                unseal(connection, tls, rest)
            }
        }
    }

    private func readHead(
        _ connection: Connection, _ exchange: HTTPExchange, _ bytes: Span<UInt8>,
        _ position: inout Int
    ) throws(HTTPFault) {
        let start = position
        let isFirst = exchange.head.isEmpty
        let isWhole = try exchange.scanner.scan(bytes, &position, limit: limits.http.headBytes)
        exchange.head.append(addingCapacity: position - start) { output in
            for i in start..<position { output.append(bytes[i]) }
        }
        guard isWhole else {
            if isFirst { setDeadline(connection, now + limits.headTime) }
            return
        }
        let head = exchange.head
        exchange.head = []
        var request = try HTTPRequest(head: head, limits: limits.http)
        request.client = limits.trustedProxies.client(of: request.fields, from: connection.peer)
        let reader: BodyReader
        switch request.framing {
        case .none, .length(0): return dispatch(connection, exchange, request)
        case .length(let length): reader = .length(length)
        case .chunked: reader = .chunked(limit: limits.http.bodyBytes)
        }
        exchange.state = .body(request, reader)
        setDeadline(connection, now + limits.bodyTime)
        if request.minor == 1, request.fields.lists("expect", "100-continue") {
            enqueueUnlimited([UInt8]("HTTP/1.1 100 Continue\r\n\r\n".utf8), connection)
        }
    }

    private func dispatch(
        _ connection: Connection, _ exchange: HTTPExchange, _ request: HTTPRequest
    ) {
        exchange.state = .held(
            request.method, minor: request.minor, keepsAlive: request.keepsAlive && !isStopping)
        setDeadline(connection, .never)
        switch service.answer(request, on: connection.id) {
        case .respond(let response): answerHeld(connection, response)
        case .hold: break
        case .stream(let status, let fields): beginStream(connection, status, fields)
        case .upgrade(let subprotocol):
            guard !connection.isDoomed, connection.phase == .http else { return }
            do throws(Handshake.Refusal) {
                let key = try Handshake.key(of: request)
                let agreement =
                    limits.deflate == nil ? nil : DeflateAgreement.choose(from: request.fields)
                enqueueUnlimited(
                    Handshake.response(
                        key: key, subprotocol: subprotocol, extensions: agreement?.answer),
                    connection)
                open(connection, subprotocol: subprotocol, agreement)
            } catch {
                answerHeld(connection, error.response)
            }
        }
    }

    // MARK: Answers

    @discardableResult
    func answerHeld(_ connection: Connection, _ response: HTTPResponse) -> Bool {
        guard let exchange = connection.http, connection.phase == .http,
            case .held(let method, _, let wantsMore) = exchange.state
        else { return false }
        let keepsAlive = wantsMore && !isStopping
        enqueueUnlimited(response.serialized(keepsAlive: keepsAlive, to: method), connection)
        exchangeEnded(connection, exchange, keepsAlive: keepsAlive)
        return true
    }

    @discardableResult
    func beginStream(
        _ connection: Connection, _ status: HTTPStatus, _ fields: [(name: String, value: String)]
    ) -> Bool {
        guard let exchange = connection.http, connection.phase == .http,
            case .held(let method, let minor, let wantsMore) = exchange.state
        else { return false }
        // Chunks are how frames are shared between streams, and HTTP/1.0 has none.
        if minor == 0 { return answerHeld(connection, HTTPResponse(.versionNotSupported)) }
        let keepsAlive = wantsMore && !isStopping
        var bytes: [UInt8] = []
        HTTPResponse.writeHead(status, fields, to: &bytes)
        HTTPResponse.writeField("transfer-encoding", "chunked", to: &bytes)
        if !keepsAlive { HTTPResponse.writeField("connection", "close", to: &bytes) }
        bytes += [0x0d, 0x0a]
        enqueueUnlimited(bytes, connection)
        if method == .head {
            exchangeEnded(connection, exchange, keepsAlive: keepsAlive)
        } else {
            connection.phase = .streaming
        }
        return true
    }

    func endStream(_ connection: Connection) -> Bool {
        guard connection.phase == .streaming, let exchange = connection.http,
            case .held(_, _, let wantsMore) = exchange.state
        else { return false }
        enqueueUnlimited([UInt8]("0\r\n\r\n".utf8), connection)
        connection.phase = .http
        exchangeEnded(connection, exchange, keepsAlive: wantsMore && !isStopping)
        return true
    }

    private func exchangeEnded(
        _ connection: Connection, _ exchange: HTTPExchange, keepsAlive: Bool
    ) {
        guard keepsAlive else { return finish(connection, ConnectionEnd(.byUs)) }
        exchange.state = .head
        setDeadline(connection, now + limits.idleTime)
        // Whoever asks faster than it reads the answers is not read until they have gone.
        if connection.queue.bytes > limits.queueBytes {
            pause(connection)
        } else if connection.isPaused {
            resume(connection)
        }
    }

    /// The answers have gone out: a reader held back for them goes on.
    func exchangeDrained(_ connection: Connection) {
        guard connection.isPaused, let exchange = connection.http,
            case .head = exchange.state
        else { return }
        resume(connection)
    }

    func refuse(_ connection: Connection, _ status: HTTPStatus) {
        let response = HTTPResponse(status, text: status.phrase + "\n")
        enqueueUnlimited(response.serialized(keepsAlive: false, to: .get), connection)
        finish(connection, ConnectionEnd(.violation, reason: status.phrase))
    }

    // MARK: Time

    func expiredExchange(_ connection: Connection) {
        guard let exchange = connection.http else { return }
        switch exchange.state {
        case .head where exchange.head.isEmpty:
            finish(connection, ConnectionEnd(.timedOut))
        case .head, .body:
            let response = HTTPResponse(.requestTimeout)
            enqueueUnlimited(response.serialized(keepsAlive: false, to: .get), connection)
            finish(connection, ConnectionEnd(.timedOut))
        case .proxyHeader: doom(connection, ConnectionEnd(.timedOut))
        case .held: break
        }
    }

    /// Stopping: whoever is between two requests is done, whoever is in one gets its answer.
    func stopExchange(_ connection: Connection) {
        guard let exchange = connection.http, case .head = exchange.state else { return }
        if exchange.head.isEmpty, connection.heard < now || !connection.queue.isEmpty {
            finish(connection, ConnectionEnd(.stopped))
        } else {
            setDeadline(connection, now + .seconds(1))
        }
    }
}
