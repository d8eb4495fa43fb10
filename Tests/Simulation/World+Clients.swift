import Wire

/// What clients do, and what is done to them.
extension World {
    func addClient(_ number: Int) {
        let client = Client(number: number, session: freshSession(number, run: 0))
        clients.append(client)
        let count = chance.count(1...3)
        for _ in 0..<count { wantSomething(client) }
        agenda.plan(.connect(client: number), at: now + chance.number(0...200_000_000))
        agenda.plan(.act(client: number), at: now + chance.number(0...300_000_000))
    }

    /// The client's program is started again: it knows nothing of before.
    func beginAnew(_ client: Client) {
        client.runs += 1
        client.session = freshSession(client.number, run: client.runs)
        client.recent = []
        client.unfinished = []
        client.isReading = true
        for i in client.wanted.indices { subscribe(client, &client.wanted[i]) }
        connectLater(client)
    }

    private func freshSession(_ number: Int, run: Int) -> ClientSession {
        ClientSession(
            ClientSession.Settings(
                encoding: chance.percent(50) ? .messagePack : .json,
                token: newToken(number, of: 0),
                instance: Text("run " + String(run) + " of " + String(number)),
                keepsHashes: chance.percent(50)))
    }

    func newToken(
        _ client: Int, of allowed: Int, expires: UInt64? = nil, isForged: Bool = false
    ) -> Text {
        tokens.issue(
            Tokens.Token(client: client, allowed: allowed, expires: expires, isForged: isForged))
    }

    func wantSomething(_ client: Client) {
        let topic = chance.number(below: scenario.topics.count)
        // Two views of a topic may become one by a narrow token, and a frame could not say whose
        // it is.
        if client.wanted.contains(where: { $0.topic == topic }) { return }
        var wanted = Client.Wanted(
            topic: topic,
            asked: scenario.isEvents(topic) ? 0 : chance.number(below: Scenario.asked.count),
            rate: chance.pick(Scenario.rates),
            hash: chance.percent(60))
        subscribe(client, &wanted)
        client.wanted.append(wanted)
    }

    func subscribe(_ client: Client, _ wanted: inout Client.Wanted) {
        wanted.epoch = Text()
        wanted.version = 0
        if scenario.isEvents(wanted.topic) {
            client.readings += 1
            wanted.id = client.session.subscribe(
                scenario.topics[wanted.topic], name: Text("name " + String(client.number)),
                start: .earliest, credit: scenario.credit, unordered: client.number % 2 == 0)
        } else {
            wanted.id = client.session.subscribe(
                scenario.topics[wanted.topic], fields: Scenario.asked[wanted.asked],
                rate: wanted.rate, hash: wanted.hash)
        }
    }

    // MARK: Connections

    func connect(_ client: Client) {
        client.isConnecting = false
        guard client.line == nil else { return }
        guard !stands.isEmpty else {
            connectLater(client)
            return
        }
        let token = tokens[Tokens.number(client.session.settings.token)]
        if token.isForged || token.expires.map({ $0 <= now }) == true {
            client.session.refresh(newToken(client.number, of: goodToken()))
        }
        let line = Line(
            number: lines.count, client: client.number, loop: chance.number(below: scenario.loops),
            life: life, encoding: client.session.settings.encoding,
            isLossy: !isCalm && chance.percent(scenario.lossyConnections))
        lines.append(line)
        client.line = line
        client.isReading = true
        trace.note("client \(client.number) connects: line \(line.number) to loop \(line.loop)")
        sendUp(.open, on: line)
        client.session.connected(now: client.now(now))
        flush(client)
    }

    func connectLater(_ client: Client) {
        if client.isConnecting { return }
        client.isConnecting = true
        let wait = client.backoff.next(using: &chance.generator)
        agenda.plan(.connect(client: client.number), at: now + wait.nanoseconds)
    }

    /// The client's end is gone: it will come back.
    func lost(_ line: Line) {
        guard !line.clientIsGone else { return }
        line.clientIsGone = true
        let client = clients[line.client]
        guard client.line === line else { return }
        trace.note("client \(client.number) has lost line \(line.number)")
        client.line = nil
        client.session.disconnected()
        for i in client.wanted.indices where client.wanted[i].isBehind {
            client.wanted[i].isBehind = false
            client.wanted[i].version = 0
        }
        connectLater(client)
    }

    // MARK: Saying and hearing

    func flush(_ client: Client) {
        guard let line = client.line else { return }
        let local = client.now(now)
        while let message = client.session.nextMessage(now: local) {
            trace.note("client \(client.number) says \(Trace.text(message))")
            switch message {
            case .authenticate(let body), .refresh(let body):
                line.awaitedTokens.append(Tokens.number(body.token))
            default: break
            }
            let bytes = message.encoded(line.encoding, timestamp: wall)
            if case .publish = message {
                client.recent.append(bytes)
                if client.recent.count > 6 { client.recent.removeFirst() }
            }
            sendUp(.message(bytes), on: line)
        }
        planWake(client)
    }

    private func planWake(_ client: Client) {
        guard client.line != nil else { return }
        var at = now + scenario.terms.heartbeatTime * 1_000_000
        if let deadline = client.session.deadline {
            let local = max(deadline.nanoseconds, client.clockAhead)
            at = min(at, max(now + 1_000_000, local - client.clockAhead))
        }
        if let planned = client.wakePlanned, planned <= at { return }
        client.wakePlanned = at
        agenda.plan(.wake(client: client.number), at: at)
    }

    func wake(_ client: Client) {
        guard let line = client.line else { return }
        let local = client.now(now)
        if client.session.isHalfOpen(local) && client.isReading {
            giveUp(line)
            return
        }
        client.session.reached(local)
        flush(client)
    }

    /// The client ends the connection; what it said before may still arrive.
    func giveUp(_ line: Line) {
        if !line.isCut { agenda.plan(.serverEnd(line), at: max(now, line.lastUp) + oneWay()) }
        lost(line)
    }

    func read(_ item: Line.Down, on line: Line) {
        let client = clients[line.client]
        guard client.line === line else { return }
        switch item {
        case .close(let code):
            trace.note("client \(client.number) is closed: \(code.rawValue)")
            if code.remedy == .authenticateAgain {
                client.session.refresh(newToken(client.number, of: goodToken()))
            }
            lost(line)
        case .message(let bytes):
            line.outstanding -= bytes.count
            if line.isLossy && isDiff(bytes, line.encoding) {
                disturb(bytes, client, line)
            } else {
                // Diffs overtake each other and nothing else.
                if let late = line.overtaken {
                    line.overtaken = nil
                    hear(late, client, line)
                }
                hear(bytes, client, line)
            }
            flush(client)
        }
    }

    func hear(_ bytes: [UInt8], _ client: Client, _ line: Line) {
        client.session.received(
            bytes.span, now: client.now(now), using: &chance.generator)
        while let notice = client.session.nextNotice() {
            trace.note("client \(client.number) notes \(notice)")
            heed(notice, client, line)
            if case .event(let id, let event, let verdict) = notice {
                take(id, event, verdict, client, line)
            }
            oracle.heard(notice, client, line, tokens)
            if case .unsubscribed(_, .storeFailed?) = notice { retryRefused(client, line) }
        }
    }

    private func heed(_ notice: ClientSession.Notice, _ client: Client, _ line: Line) {
        switch notice {
        case .authenticated:
            client.backoff.reset()
            if !line.awaitedTokens.isEmpty { line.acceptedToken = line.awaitedTokens.removeFirst() }
            retryRefused(client, line)
        case .problem(let problem) where problem.code == .tokenInvalid:
            if !line.awaitedTokens.isEmpty { line.awaitedTokens.removeFirst() }
        default: break
        }
    }

    /// Subscriptions that were refused are asked for again when a token may allow them.
    private func retryRefused(_ client: Client, _ line: Line) {
        guard let token = line.acceptedToken else { return }
        for i in client.wanted.indices where client.wanted[i].id == nil {
            let lens = Lens.of(
                asked: client.wanted[i].asked, allowed: tokens[token].allowed)
            if !lens.showsNothing { subscribe(client, &client.wanted[i]) }
        }
    }

    func readAgain(_ client: Client) {
        guard !client.isReading else { return }
        client.isReading = true
        guard let line = client.line else { return }
        trace.note("client \(client.number) reads again")
        while let item = line.unread.next() { read(item, on: line) }
        flush(client)
    }

    // MARK: Of its own accord

    func act(_ client: Client) {
        if isCalm { return }
        if chance.percent(20) { finishWork(client) }
        let pause = chance.number(scenario.pace) * 1_000_000
        agenda.plan(.act(client: client.number), at: now + pause)
        switch chance.number(below: 100) {
        case 0..<82: publish(client)
        case 82..<88: repeatPublish(client)
        case 88..<91:
            if let wanted = client.wanted.first(where: { $0.id != nil }), let id = wanted.id {
                client.session.prove(id)
            }
        case 91..<95: swapSubscription(client)
        case 95:
            if let line = client.line, client.session.isReady {
                // What makes no sense is answered, within a bound (rule 28).
                sendUp(.message([0x92, 0xcc, 0xc8, 0x01]), on: line)
            }
        case 96: refresh(client)
        default: break
        }
        flush(client)
    }

    private func publish(_ client: Client) {
        if client.session.outbox.count > 40 { return }
        let topic = chance.number(below: scenario.topics.count)
        let held = client.wanted.first { $0.topic == topic }?.version ?? 0
        let change =
            scenario.isEvents(topic)
            ? Publish.Change.event(changes.event()) : .patch(changes.patch(holding: held, &chance))
        let id = client.session.publish(scenario.topics[topic], change)
        oracle.published(client.session.settings.instance, id, topic, change)
    }

    /// A publish is said again although nothing was cut.
    private func repeatPublish(_ client: Client) {
        guard let line = client.line, client.session.isReady, !client.recent.isEmpty else {
            return
        }
        sendUp(.message(chance.pick(client.recent)), on: line)
    }

    private func swapSubscription(_ client: Client) {
        if client.wanted.count > 1 && chance.percent(50) {
            let gone = client.wanted.remove(at: chance.number(below: client.wanted.count))
            if let id = gone.id { client.session.unsubscribe(id) }
        } else if client.wanted.count < 4 {
            wantSomething(client)
        }
    }

    func goodToken() -> Int { isCalm ? 0 : chance.number(below: Scenario.allowed.count) }

    func refresh(_ client: Client) {
        let kind = chance.number(below: 12)
        faults.tokens += 1
        let text = newToken(
            client.number, of: chance.number(below: Scenario.allowed.count),
            expires: kind == 1 ? now + chance.number(500_000_000...3_000_000_000) : nil,
            isForged: kind == 0)
        client.session.refresh(text)
    }
}
