internal import Wire

extension Loop {
    func maskKey(_ connection: Connection) -> UInt32? {
        connection.role == .client ? masks.next() : nil
    }

    // MARK: Opening, as a client

    func beginUpgrade(_ connection: Connection) {
        guard let upgrade = connection.upgrade else { return }
        connection.phase = .opening
        enqueueUnlimited(
            Handshake.request(
                upgrade.wish, nonce: upgrade.nonce, deflate: limits.deflate != nil),
            connection)
    }

    func readUpgrade(_ connection: Connection, _ bytes: Span<UInt8>, _ position: inout Int) {
        guard let upgrade = connection.upgrade else { return }
        let start = position
        do throws(HTTPFault) {
            let isWhole = try upgrade.scanner.scan(
                bytes, &position, limit: limits.http.headBytes)
            for i in start..<position { upgrade.head.append(bytes[i]) }
            guard isWhole else { return }
            let head = try HTTPResponseHead(head: upgrade.head, limits: limits.http)
            let verdict = Handshake.verdict(
                on: head, nonce: upgrade.nonce, offered: upgrade.wish.subprotocols,
                deflate: limits.deflate != nil)
            switch verdict {
            case .open(let subprotocol, let agreement):
                open(connection, subprotocol: subprotocol, agreement)
            case .refused(let status):
                doom(connection, ConnectionEnd(.upgradeRefused(status.rawValue)))
            case .broken: doom(connection, ConnectionEnd(.upgradeRefused(0)))
            }
        } catch {
            doom(connection, ConnectionEnd(.upgradeRefused(0)))
        }
    }

    func open(_ connection: Connection, subprotocol: String?, _ agreement: DeflateAgreement?) {
        connection.upgrade = nil
        connection.http = nil
        connection.inbox = WebSocketInbox(
            role: connection.role, sizeLimit: limits.messageBytes, allowsDeflate: agreement != nil)
        connection.deflate = agreement
        if let agreement, connection.role == .client, !agreement.serverForgets {
            connection.decompressor = Decompressor()
        }
        connection.phase = .open
        setDeadline(connection, limits.heartbeat.map { now + $0 } ?? .never)
        service.opened(connection.id, subprotocol: subprotocol)
    }

    // MARK: Open

    func readWebSocket(
        _ connection: Connection, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int
    ) {
        while true {
            // The event is complete before the service hears of it: it may close, send or pause.
            guard let event = connection.inbox?.next(&bytes, &position) else { return }
            switch event {
            case .more: return
            case .message(let binary, let compressed, .here(let range)):
                let message = bytes.span.extracting(range)
                receive(connection, message, binary: binary, compressed: compressed)
            case .message(let binary, let compressed, .collected(let message)):
                receive(connection, message.span, binary: binary, compressed: compressed)
            case .ping(let payload): pong(connection, payload)
            case .pong:
                if connection.phase == .open { service.ponged(connection.id) }
            case .close(let code, let reason):
                return closedByPeer(connection, code, reason)
            case .violation(let code, let reason):
                return violated(connection, code, reason.rawValue)
            }
            if connection.isPaused || connection.isDoomed { return }
        }
    }

    private func receive(
        _ connection: Connection, _ message: Span<UInt8>, binary: Bool, compressed: Bool
    ) {
        guard connection.phase == .open else { return }
        if compressed { return receiveCompressed(connection, message, binary: binary) }
        service.received(message, binary: binary, on: connection.id)
    }

    private func receiveCompressed(
        _ connection: Connection, _ payload: Span<UInt8>, binary: Bool
    ) {
        if connection.decompressor == nil, decompressor == nil { decompressor = Decompressor() }
        guard let decompressor = connection.decompressor ?? decompressor else {
            return violated(connection, .internalError, "out of memory")
        }
        if connection.decompressor == nil { decompressor.reset() }
        do throws(Decompressor.Fault) {
            let message = try decompressor.decompress(payload, limit: limits.messageBytes)
            var utf8 = UTF8Check()
            guard binary || utf8.accept(message.span, in: 0..<message.count) && utf8.isComplete
            else {
                return violated(connection, .invalidPayload, "not UTF-8")
            }
            service.received(message.span, binary: binary, on: connection.id)
        } catch {
            switch error {
            case .tooLarge: violated(connection, .tooLarge, "message too large")
            case .broken: violated(connection, .invalidPayload, "not DEFLATE")
            }
        }
    }

    /// A message for one connection: compressed where agreed and worth it, masked by a client.
    func frame(_ message: Span<UInt8>, binary: Bool, for connection: Connection) -> Frame {
        if connection.framed != nil { return Frame.framed(message) }
        let mask = maskKey(connection)
        let opcode = binary ? Opcode.binary : .text
        if let options = limits.deflate, let agreement = connection.deflate,
            message.count >= options.thresholdBytes,
            let compressor = compressor(
                options,
                connection.role == .server
                    ? agreement.serverWindowBits : agreement.clientWindowBits),
            let small = compressor.compress(message)
        {
            return Frame(FrameWriter.frame(opcode, small.span, mask: mask, compressed: true))
        }
        return Frame(FrameWriter.frame(opcode, message, mask: mask))
    }

    /// The loop's own, one for each window in use.
    private func compressor(_ options: DeflateOptions, _ windowBits: Int) -> Compressor? {
        if let made = compressors[windowBits] { return made }
        let made = Compressor(options, windowBits: windowBits)
        compressors[windowBits] = made
        return made
    }

    /// A flood of pings must not become a queue: to a backlogged peer only the latest is answered,
    /// when it has taken what waits (section 5.5.3 allows that).
    private func pong(_ connection: Connection, _ payload: [UInt8]) {
        guard connection.phase == .open else { return }
        if connection.isBacklogged || connection.queue.bytes >= limits.queueBytes {
            connection.owedPong = payload
            return
        }
        connection.owedPong = nil
        enqueueUnlimited(FrameWriter.pong(payload, mask: maskKey(connection)), connection)
    }

    /// The queue is empty: what was kept back goes out.
    func payPong(_ connection: Connection) {
        guard let payload = connection.owedPong else { return }
        pong(connection, payload)
    }

    // MARK: Closing

    func beginClose(_ connection: Connection, _ code: CloseCode, _ reason: String) {
        let sent = code.maySend ? code : .normal
        if connection.framed != nil {
            return finish(connection, ConnectionEnd(.byUs, code: sent, reason: reason))
        }
        enqueueUnlimited(
            FrameWriter.close(sent, reason: reason, mask: maskKey(connection)), connection)
        connection.phase = .closing
        connection.end = ConnectionEnd(.byUs, code: sent, reason: reason)
        setDeadline(connection, now + limits.closeTime)
        if connection.isPaused { resume(connection) }
    }

    private func closedByPeer(_ connection: Connection, _ code: CloseCode?, _ reason: String) {
        if connection.phase == .open {
            enqueueUnlimited(
                FrameWriter.close(code, reason: "", mask: maskKey(connection)), connection)
            connection.end = ConnectionEnd(.byPeer, code: code ?? .noStatus, reason: reason)
        } else if let code {
            connection.end?.code = code
        }
        // Both close frames are said, and the server ends its side first (section 7.1.1). It
        // listens on a little: bytes behind the peer's close would make a close of ours a reset,
        // which can overtake our close frame.
        finish(connection, ConnectionEnd(.byPeer, code: code ?? .noStatus, reason: reason))
    }

    private func violated(_ connection: Connection, _ code: CloseCode, _ reason: String) {
        if connection.phase == .open {
            enqueueUnlimited(
                FrameWriter.close(code, reason: reason, mask: maskKey(connection)), connection)
        }
        finish(connection, ConnectionEnd(.violation, code: code, reason: reason))
    }

    /// A silent period is over: ping; after a second one, give up.
    func beat(_ connection: Connection) {
        guard let period = limits.heartbeat else { return }
        let silence = now.since(connection.heard)
        if silence < period {
            return setDeadline(connection, connection.heard + period)
        }
        if connection.missedBeats >= 2 {
            return doom(connection, ConnectionEnd(.timedOut, code: .abnormal))
        }
        connection.missedBeats += 1
        ping(connection.id)
        setDeadline(connection, now + period)
    }
}
