internal import Transport
internal import Wire

/// Opening, losing and keeping the connections of a load run.
extension LoadRun {
    /// Connects whoever's time has come.
    func connectDue(_ now: Instant) {
        if phase == .creating {
            for client in publishers where client.stage == .waiting && client.connectAt <= now {
                connect(client, now)
            }
        }
        if phase == .connecting {
            while nextConnect < plan.connections {
                let meant = connectStart + plan.connectOffset(of: nextConnect)
                guard meant <= now else { break }
                let client = clients[plan.publishers + nextConnect]
                client.connectAt = meant
                nextConnect += 1
                connect(client, now)
            }
        }
        guard !returning.isEmpty, phase < .over else { return }
        let due = returning.filter { $0.connectAt <= now }
        returning.removeAll { $0.connectAt <= now }
        for client in due { connect(client, now) }
    }

    private func connect(_ client: VirtualClient, _ now: Instant) {
        do throws(Errno) {
            let id = try loop.connect(to: address, target, client.encoding)
            client.connection = id
            client.stage = .connecting
            let slot = Int(id.index)
            while bySlot.count <= slot { bySlot.append(nil) }
            bySlot[slot] = client
        } catch {
            errors.add("connect: \(error)")
            comeBack(client, now)
        }
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        guard let client = client(of: id) else { return }
        let now = System.now
        guard subprotocol == client.encoding.subprotocol.string else {
            errors.add("the server does not speak \(client.encoding.subprotocol)")
            return loop.close(id)
        }
        stages.connect.record(now.since(client.connectAt))
        client.openedAt = now
        client.stage = .opening
        client.follower.connected(now: now)
        client.speaker?.session.connected(now: now)
        pump(client, now)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        guard let client = client(of: id) else { return }
        bySlot[Int(id.index)] = nil
        client.connection = nil
        client.follower.disconnected()
        client.speaker?.session.disconnected()
        guard phase < .over else { return }
        let now = loop.now
        if client.stage == .ready, client.isSubscriber { readyCount -= 1 }
        let isFirst = !client.wasReady
        if phase == .settling, client.isSubscriber, client.version >= head, head > 0 { atHead -= 1 }
        if client.finalProof == .asked {
            client.finalProof = .none
            proofsDue -= 1
        }
        if !(disturbedAt == now && plan.disturbance == .reconnect) {
            client.audit.cuts += 1
            errors.add("closed: \(LoadRun.words(end))")
        }
        client.stage = .waiting
        if isFirst, !client.isSubscriber, phase == .creating {
            openProblem = "the topic could not be made: \(LoadRun.words(end))"
            // A refusal stays one however often it is asked; an absent server may come up.
            let code = end.code?.rawValue ?? 0
            let isRefused = (3300..<3400).contains(code) || (3500..<3600).contains(code)
            if isRefused || client.audit.cuts >= 3 { phaseLimit = now }
        }
        comeBack(client, now)
    }

    static func words(_ end: ConnectionEnd) -> String {
        let code = end.code.map {
            " (\($0.rawValue)\(end.reason.isEmpty ? "" : ", " + end.reason))"
        }
        switch end.cause {
        case .byPeer: return "by the server" + (code ?? "")
        case .byUs: return "by the probe" + (code ?? "")
        case .lost: return "connection lost"
        case .timedOut: return "no answer in time"
        case .violation where end.reason == "TLS":
            return "no TLS: the certificate is not trusted, or the listener has none"
        case .violation: return "the server broke the WebSocket protocol" + (code ?? "")
        case .unreachable(let error): return "cannot connect: \(error)"
        case .upgradeRefused(let status): return "the upgrade was answered with status \(status)"
        case .stopped: return "stopped"
        }
    }

    /// Returns after a wait, as a client should: random within a second, then longer.
    func comeBack(_ client: VirtualClient, _ now: Instant) {
        client.stage = .waiting
        client.connectAt = now + client.backoff.next(using: &generator)
        returning.append(client)
    }

    @inline(__always)
    func client(of id: ConnectionID) -> VirtualClient? {
        let slot = Int(id.index)
        guard slot < bySlot.count, let client = bySlot[slot], client.connection == id else {
            return nil
        }
        return client
    }

    /// Sends what a session has to say.
    func pump(_ client: VirtualClient, _ now: Instant) {
        if client.isSubscriber, client.follower.isSilent(now, book.terms) { return }
        guard let id = client.connection else { return }
        while let message = next(client, now) {
            writer.clear()
            let binary = client.encoding == .messagePack
            if binary {
                message.write(messagePack: &writer)
            } else {
                message.write(json: &writer)
            }
            account.sentBytes += UInt64(writer.count)
            if loop.send(message: writer.span, binary: binary, to: id) == .refused {
                // What is refused without a queue has no connection any more.
                if loop.queuedBytes(id) > 0 { errors.add("the send queue is full") }
                return
            }
        }
    }

    private func next(_ client: VirtualClient, _ now: Instant) -> Message? {
        guard let speaker = client.speaker else {
            return client.follower.nextMessage(now: now, book.terms) { words(of: client) }
        }
        let message = speaker.session.nextMessage(now: now)
        if case .publish(let publish) = message {
            speaker.pending[publish.id]?.sent = now.nanoseconds
        }
        return message
    }

    /// Looks after a part of the clients: heartbeats, confirmations, proofs that are due.
    func sweep(_ now: Instant) {
        guard now >= nextSweep else { return }
        nextSweep = now + LoadRun.sweepTime
        if phase == .measuring { disturb(now) }
        for _ in 0..<(clients.count + 19) / 20 {
            if sweepPlace >= clients.count { sweepPlace = 0 }
            let client = clients[sweepPlace]
            sweepPlace += 1
            guard client.connection != nil, client.stage == .opening || client.stage == .ready
            else { continue }
            client.follower.reached(now, book.terms)
            client.speaker?.session.reached(now)
            if client.isSubscriber, client.stage == .ready, phase == .measuring,
                client.nextProof <= now
            {
                if client.nextProof.nanoseconds > 0 { client.prove() }
                // The first one comes at a random moment, so that they are spread.
                let first = client.nextProof.nanoseconds == 0
                let every = plan.proofEvery.nanoseconds
                let wait = first ? UInt64.random(in: 0...max(every, 1), using: &generator) : every
                client.nextProof = now + Interval(nanoseconds: wait)
            }
            pump(client, now)
            let isHalfOpen =
                client.speaker?.session.isHalfOpen(now)
                ?? client.follower.isHalfOpen(now, book.terms)
            if isHalfOpen, let id = client.connection { loop.abort(id) }
        }
    }

    // MARK: Disturbances

    /// What is meant to go wrong goes wrong, halfway.
    func disturb(_ now: Instant) {
        let half = Interval(nanoseconds: plan.length.nanoseconds / 2)
        guard plan.disturbance != .none, now >= measureStart + half else { return }
        if !disturbed {
            disturbed = true
            disturbedAt = now
            switch plan.disturbance {
            case .none: break
            case .reconnect:
                for client in subscribers { client.connection.map { loop.abort($0) } }
            case .stall:
                for client in subscribers where client.number % 5 == 0 && client.stage == .ready {
                    client.connection.map { loop.pause($0) }
                    stalled.append(client)
                }
            }
            return
        }
        let quarter = Interval(nanoseconds: plan.length.nanoseconds / 4)
        if !stalled.isEmpty, now >= measureStart + half + quarter {
            for client in stalled { client.connection.map { loop.resume($0) } }
            stalled = []
            disturbedAt = now
        }
        if recoveredAt == nil, stalled.isEmpty, let disturbedAt, now > disturbedAt {
            let newest = subscribers.reduce(0) { max($0, $1.version) }
            let level = max(newest, head)
            let there = subscribers.count { $0.stage == .ready && $0.version + 1 >= level }
            if there * 100 >= plan.connections * 99 { recoveredAt = now }
        }
    }
}
