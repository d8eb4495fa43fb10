import Hub
import Transport
import Wire

/// What the desk needs of the loop.
extension NodeLoop: Carrier {
    func carry(_ message: [UInt8], _ encoding: Encoding, to connection: UInt64) {
        let id = ConnectionID(line: connection)
        switch line(of: id) {
        case .socket(let socket)?:
            if socket.isFramed {
                deliver(Frame.framed(message), to: id)
            } else if socket.mayCompress {
                // The loop compresses for one what is large enough, where that was agreed.
                let sent = loop.send(
                    message: message.span, binary: encoding == .messagePack, to: id)
                if sent == .refused { loop.abort(id) }
            } else {
                deliver(Frame.server(message, binary: encoding == .messagePack), to: id)
            }
        case .exchange(let exchange)?:
            if let decoded = Message(made: message, encoding) { tell(exchange, decoded, message) }
        case .application?, nil: break
        }
    }

    func prepare(_ message: [UInt8], _ encoding: Encoding) {
        prepared = Prepared(message, encoding)
    }

    func carryPrepared(to connection: UInt64) {
        let id = ConnectionID(line: connection)
        switch line(of: id) {
        case .socket(let socket)?:
            if socket.isFramed {
                deliver(prepared.framed, to: id)
            } else if socket.mayCompress, let bits = loop.compression(of: id),
                let compressor = compressor(bits)
            {
                deliver(prepared.compressed(by: compressor, bits), to: id)
            } else {
                deliver(prepared.frame, to: id)
            }
        case .exchange(let exchange)?: tell(exchange, prepared)
        case .application?, nil: break
        }
    }

    private func compressor(_ bits: Int) -> Compressor? {
        if let made = compressors[bits] { return made }
        let made = Compressor(windowBits: bits)
        compressors[bits] = made
        return made
    }

    private func deliver(_ frame: Frame, to id: ConnectionID) {
        // The desk stops sending long before the queue is full; whoever fills it is given up.
        if loop.send(frame, to: id) == .refused { loop.abort(id) }
    }

    func close(_ connection: UInt64, _ code: Code, _ reason: Text) {
        let id = ConnectionID(line: connection)
        switch line(of: id) {
        case .exchange(let exchange)?: end(exchange, code, reason)
        case .socket(let socket)?:
            if socket.isFramed {
                // A bare stream has no close of its own to put the code into.
                let close = Message.close(Close(code: code, reason: reason))
                deliver(Frame.framed(close.encoded(socket.encoding)), to: id)
            }
            loop.close(id, code: CloseCode(code), reason: reason.string)
        case .application?, nil: loop.close(id, code: CloseCode(code), reason: reason.string)
        }
    }

    func pause(_ connection: UInt64) { hold(ConnectionID(line: connection), true) }
    func resume(_ connection: UInt64) { hold(ConnectionID(line: connection), false) }

    func verify(_ token: Text) -> TokenVerdict {
        let verdict = tokens.verdict(token, at: wall)
        if case .rejected = verdict { refusals.tokens += 1 }
        return verdict
    }

    func admit(_ principal: Principal, on connection: UInt64) -> Nack? {
        guard case .socket(let socket)? = line(of: ConnectionID(line: connection)) else {
            return nil
        }
        guard shared.census.enter(principal, limits) else {
            refusals.connections += 1
            sayRefused(
                "more connections than 'connections_per_user' or 'connections_per_tenant'",
                [("tenant", .text(principal.tenant)), ("user", .text(principal.name))])
            return Nack(
                id: 0, code: .tooMany, reason: "too many connections of this user or tenant")
        }
        socket.principal = principal
        socket.mayCompress = settings.compresses && principal.seesWholeTopics
        return nil
    }

    func wait(for principal: Principal) -> Interval? {
        let wait = shared.census.publish(of: principal, now: loop.now, limits)
        if wait != nil { refusals.publishes += 1 }
        return wait
    }
}

extension Principal {
    /// Whether nothing of the topics it reads is hidden from it. What is compressed tells by its
    /// length what it repeats, so frames of views with hidden fields are not (rule 30).
    var seesWholeTopics: Bool { grants.allSatisfy { $0.read?.isEverything ?? true } }
}

extension CloseCode {
    /// Codes of the protocol travel with 3,000 added.
    init(_ code: Code) { self.init(rawValue: UInt16(clamping: 3_000 + code.rawValue)) }
}

extension ConnectionID {
    /// The desk's word for a connection.
    var line: UInt64 { UInt64(generation) << 32 | UInt64(index) }

    init(line: UInt64) {
        self.init(
            generation: UInt32(truncatingIfNeeded: line >> 32),
            index: UInt32(truncatingIfNeeded: line))
    }
}
