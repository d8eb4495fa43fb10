internal import Wire

extension Loop {
    /// Puts a frame into a send queue and the connection on the list of this turn's flush.
    func enqueue(_ frame: Frame, _ connection: Connection) -> Outflow {
        let waiting = connection.queue.bytes
        if waiting > 0, waiting + frame.count > limits.queueBytes { return .refused }
        connection.queue.append(frame)
        if connection.isBacklogged {
            connection.owesDrained = true
            return .queued
        }
        touch(connection)
        return .sent
    }

    /// Control frames and answers go in whatever the limit says; they are few and bounded.
    func enqueueUnlimited(_ bytes: [UInt8], _ connection: Connection) {
        connection.queue.append(Frame(bytes))
        if !connection.isBacklogged { touch(connection) }
    }

    func touch(_ connection: Connection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    /// Once a turn: everything queued goes to the kernel, one submission a connection.
    func flush() {
        guard !dirty.isEmpty else { return }
        // What callbacks queue meanwhile is the next turn's, so a flush always ends.
        swap(&dirty, &flushing)
        for connection in flushing {
            connection.isDirty = false
            flush(connection)
        }
        flushing.removeAll(keepingCapacity: true)
        guard !submitted.isEmpty else { return }
        let sent = submitted
        submitted.removeAll(keepingCapacity: true)
        kernel.submit { [self] index, transfer in settle(sent[index], transfer) }
    }

    private func flush(_ connection: Connection) {
        if connection.isDoomed || connection.phase == .connecting {
            return
        }
        let transfer: Transfer
        if let tls = connection.tls {
            seal(connection, tls)
            if connection.sealed.isEmpty {
                if connection.queue.isEmpty { emptied(connection) }
                return
            }
            transfer = kernel.send(connection.sealed, on: connection.descriptor, connection.token)
        } else {
            if connection.queue.isEmpty { return emptied(connection) }
            transfer = kernel.send(connection.queue, on: connection.descriptor, connection.token)
        }
        settle(connection, transfer)
    }

    /// What the kernel made of the bytes offered.
    func settle(_ connection: Connection, _ transfer: Transfer) {
        if connection.isDoomed { return }
        switch transfer {
        case .moved(let count):
            if connection.tls == nil {
                connection.queue.advance(by: count)
            } else {
                connection.sealed.advance(by: count)
            }
            if connection.isFlushed { return emptied(connection) }
            if connection.stallDeadline != .never {
                connection.stallDeadline = now + limits.stallTime
            }
            // More than one submission's worth: the others have their turn first.
            touch(connection)
        case .full: backlog(connection)
        case .pending: submitted.append(connection)
        case .failed(let error):
            doom(
                connection, ConnectionEnd(.lost, code: connection.phase == .open ? .abnormal : nil))
            _ = error
        }
    }

    private func backlog(_ connection: Connection) {
        connection.isBacklogged = true
        setInterest(connection, connection.interest.union(.writing))
        if connection.stallDeadline == .never {
            connection.stallDeadline = now + limits.stallTime
            arm(connection)
        }
    }

    private func emptied(_ connection: Connection) {
        if connection.phase == .finishing, let tls = connection.tls, !connection.saidGoodbye {
            connection.saidGoodbye = true
            tls.sayGoodbye()
            if let last = tls.takeOutput() {
                connection.sealed.append(last)
                return touch(connection)
            }
        }
        connection.isBacklogged = false
        connection.stallDeadline = .never
        setInterest(connection, connection.interest.subtracting(.writing))
        switch connection.phase {
        case .finishing:
            guard connection.lingers else {
                return doom(connection, connection.end ?? ConnectionEnd(.byUs))
            }
            connection.phase = .lingering
            kernel.shutWriting(connection.descriptor)
            setDeadline(connection, now + limits.lingerTime)
        case .http: exchangeDrained(connection)
        case .open: payPong(connection)
        case .connecting, .opening, .greeting, .calling, .streaming, .closing, .lingering: break
        }
        if connection.owesDrained, !connection.isDoomed {
            connection.owesDrained = false
            if connection.phase == .open || connection.phase == .streaming {
                owesTurnEnd = true
                service.drained(connection.id)
            }
        }
    }

    func setInterest(_ connection: Connection, _ interest: Interest) {
        guard connection.interest != interest else { return }
        connection.interest = interest
        kernel.change(connection.descriptor, connection.token, interest)
    }

    /// Ends after what is queued has gone out.
    func finish(_ connection: Connection, _ end: ConnectionEnd) {
        if connection.end == nil { connection.end = end }
        connection.phase = .finishing
        connection.inbox = nil
        connection.framed = nil
        connection.owedPong = nil
        connection.http = nil
        connection.unread = []
        connection.unreadStart = 0
        setDeadline(connection, now + limits.stallTime)
        if connection.isPaused {
            connection.isPaused = false
            setInterest(connection, connection.interest.union(.reading))
        }
        touch(connection)
    }

    func pause(_ connection: Connection) {
        guard !connection.isPaused else { return }
        connection.isPaused = true
        setInterest(connection, connection.interest.subtracting(.reading))
    }

    func resume(_ connection: Connection) {
        guard connection.isPaused else { return }
        connection.isPaused = false
        if connection.isConsuming {
            return setInterest(connection, connection.interest.union(.reading))
        }
        deliverFramed(connection)
        handKept(connection)
        if connection.isEndedWhilePaused, !connection.isPaused, !connection.isDoomed {
            return ended(connection)
        }
        if !connection.isPaused, !connection.isDoomed {
            setInterest(connection, connection.interest.union(.reading))
        }
    }
}
