internal import Wire

extension Loop {
    func readHTTP(_ connection: Connection, _ bytes: Span<UInt8>, _ position: inout Int) {
        guard let exchange = connection.http else { return }
        switch exchange.state {
        case .head:
            do throws(HTTPFault) {
                try readHead(connection, exchange, bytes, &position)
            } catch {
                refuse(connection, error.status)
            }
        case .body(var request, let missing):
            let count = min(missing, bytes.count - position)
            exchange.state = .head
            for i in position..<(position + count) { request.body.append(bytes[i]) }
            position += count
            if count == missing {
                dispatch(connection, exchange, request)
            } else {
                exchange.state = .body(request, missing: missing - count)
            }
        case .held:
            // The next request waits, unread, until this one is answered.
            pause(connection)
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
        let request = try HTTPRequest(head: head, limits: limits.http)
        switch request.framing {
        case .none, .length(0): dispatch(connection, exchange, request)
        case .length(let length):
            exchange.state = .body(request, missing: length)
            let allowance = UInt64(length / max(limits.bodyBytesPerSecond, 1))
            setDeadline(connection, now + limits.bodyTime + .seconds(allowance))
            if request.fields.lists("expect", "100-continue") {
                enqueueUnlimited([UInt8]("HTTP/1.1 100 Continue\r\n\r\n".utf8), connection)
            }
        case .chunked: throw .unsupportedCoding
        }
    }

    private func dispatch(
        _ connection: Connection, _ exchange: HTTPExchange, _ request: HTTPRequest
    ) {
        let keepsAlive = request.keepsAlive && !isStopping
        exchange.state = .held(request.method, keepsAlive: keepsAlive)
        setDeadline(connection, .never)
        switch service.answer(request, on: connection.id) {
        case .respond(let response): answerHeld(connection, response)
        case .hold: break
        case .upgrade(let subprotocol):
            guard !connection.isDoomed, connection.phase == .http else { return }
            do throws(Handshake.Refusal) {
                let key = try Handshake.key(of: request)
                enqueueUnlimited(
                    Handshake.response(key: key, subprotocol: subprotocol), connection)
                open(connection, subprotocol: subprotocol)
            } catch {
                answerHeld(connection, error.response)
            }
        }
    }

    @discardableResult
    func answerHeld(_ connection: Connection, _ response: HTTPResponse) -> Bool {
        guard let exchange = connection.http, connection.phase == .http,
            case .held(let method, let wantsMore) = exchange.state
        else { return false }
        let keepsAlive = wantsMore && !isStopping
        enqueueUnlimited(response.serialized(keepsAlive: keepsAlive, to: method), connection)
        guard keepsAlive else {
            finish(connection, ConnectionEnd(.byUs))
            return true
        }
        exchange.state = .head
        setDeadline(connection, now + limits.idleTime)
        // Whoever asks faster than it reads the answers is not read until they have gone.
        if connection.outbox.bytes > limits.queueBytes {
            pause(connection)
        } else if connection.isPaused {
            resume(connection)
        }
        return true
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

    func expiredExchange(_ connection: Connection) {
        guard let exchange = connection.http else { return }
        switch exchange.state {
        case .head where exchange.head.isEmpty:
            finish(connection, ConnectionEnd(.timedOut))
        case .head, .body:
            let response = HTTPResponse(.requestTimeout)
            enqueueUnlimited(response.serialized(keepsAlive: false, to: .get), connection)
            finish(connection, ConnectionEnd(.timedOut))
        case .held: break
        }
    }

    /// Stopping: whoever is between two requests is done, whoever is in one gets its answer.
    func stopExchange(_ connection: Connection) {
        guard let exchange = connection.http, case .head = exchange.state else { return }
        if exchange.head.isEmpty, connection.heard < now || !connection.outbox.isEmpty {
            finish(connection, ConnectionEnd(.stopped))
        } else {
            setDeadline(connection, now + .seconds(1))
        }
    }
}
