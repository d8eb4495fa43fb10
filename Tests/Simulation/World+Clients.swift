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
        let isPlain: Bool
        if case .document = scenario.kinds[topic] { isPlain = true } else { isPlain = false }
        var wanted = Client.Wanted(
            topic: topic,
            asked: isPlain ? chance.number(below: Scenario.asked.count) : 0,
            rate: chance.pick(Scenario.rates),
            hash: chance.percent(60))
        subscribe(client, &wanted)
        client.wanted.append(wanted)
    }

    func subscribe(_ client: Client, _ wanted: inout Client.Wanted) {
        wanted.epoch = Text()
        wanted.version = 0
        wanted.isReplaced = false
        if scenario.isEvents(wanted.topic) {
            client.readings += 1
            wanted.id = client.session.subscribe(
                scenario.topics[wanted.topic], name: scenario.readerName(client.number),
                start: .earliest, credit: scenario.credit, unordered: client.number % 2 == 0)
        } else {
            wanted.id = client.session.subscribe(
                scenario.topics[wanted.topic], fields: Scenario.asked[wanted.asked],
                rate: wanted.rate, hash: wanted.hash)
        }
        wanted.lastID = wanted.id ?? 0
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
            case .subscribe(let body) where body.name != nil: line.named += 1
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
            if Line.isPushed(bytes, line.encoding) { line.outstanding -= bytes.count }
            if line.isLossy && Line.kind(bytes, line.encoding) == .diff {
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
            if case .unsubscribed(let id, .replaced?) = notice { replaced(id, client) }
        }
    }

    private func heed(_ notice: ClientSession.Notice, _ client: Client, _ line: Line) {
        switch notice {
        case .authenticated:
            client.backoff.reset()
            if !line.awaitedTokens.isEmpty { line.acceptedToken = line.awaitedTokens.removeFirst() }
            retryRefused(client, line)
        case .problem(let problem)
        where problem.code == .tokenInvalid || problem.code == .tokenExpired:
            if !line.awaitedTokens.isEmpty { line.awaitedTokens.removeFirst() }
        default: break
        }
    }

    /// Its name is read by another now. One that is its own alone it takes back: it was taken by
    /// what the same client said on an earlier connection.
    private func replaced(_ id: UInt64, _ client: Client) {
        guard let place = client.wanted.firstIndex(where: { $0.id == nil && $0.lastID == id })
        else { return }
        if scenario.sharesNames {
            client.wanted[place].isReplaced = true
        } else {
            subscribe(client, &client.wanted[place])
        }
    }

    /// Subscriptions that were refused are asked for again when a token may allow them.
    private func retryRefused(_ client: Client, _ line: Line) {
        guard let token = line.acceptedToken else { return }
        for i in client.wanted.indices
        where client.wanted[i].id == nil && !client.wanted[i].isReplaced {
            let lens = oracle.lens(client.wanted[i], tokens[token])
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
}
