import Wire

/// What clients do of their own accord.
extension World {
    func act(_ client: Client) {
        if isCalm { return }
        if chance.percent(20) { finishWork(client) }
        let pause = chance.number(scenario.pace) * 1_000_000
        agenda.plan(.act(client: client.number), at: now + pause)
        switch chance.number(below: 100) {
        case 0..<74: publish(client)
        case 74..<80: repeatPublish(client)
        case 80..<83:
            if let wanted = client.wanted.first(where: { $0.id != nil }), let id = wanted.id {
                client.session.prove(id)
            }
        case 83..<87: swapSubscription(client)
        case 87:
            if let line = client.line, client.session.isReady {
                // What makes no sense is answered, within a bound (rule 28).
                sendUp(.message([0x92, 0xcc, 0xc8, 0x01]), on: line)
            }
        case 88: refresh(client)
        case 89..<91: leaveWill(client)
        case 91..<93: appear(client)
        case 93..<96: signal(client)
        case 96..<98: askForThePast(client)
        case 98: sayGoodbye(client)
        default: break
        }
        flush(client)
    }

    private func publish(_ client: Client) {
        if client.session.outbox.count > 40 { return }
        let topic = chance.pick(scenario.written)
        let held = client.wanted.first { $0.topic == topic }?.version ?? 0
        var expiries: [Publish.Expiry] = []
        let change: Publish.Change
        if scenario.isEvents(topic) {
            change = .event(changes.event())
        } else {
            let patch = changes.patch(holding: held, &chance)
            if chance.percent(15) {
                let path = chance.pick(Changes.leaves(patch.set))
                expiries.append(Publish.Expiry(path: path, after: chance.number(20...3_000)))
            }
            change = .patch(patch)
        }
        let id = client.session.publish(scenario.topics[topic], change, expiries: expiries)
        oracle.published(
            client.session.settings.instance, id,
            Oracle.Said(topic: topic, change: change, expiries: expiries))
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

    // MARK: Being there, and not

    private func leaveWill(_ client: Client) {
        let documents = scenario.written.filter { !scenario.isEvents($0) }
        guard client.session.isReady, !documents.isEmpty else { return }
        let topic = scenario.topics[chance.pick(documents)]
        let patch = chance.percent(15) ? Patch() : changes.bequest()
        client.session.say(.will(Will(topic: topic, patch: patch)))
    }

    private func appear(_ client: Client) {
        guard client.session.isReady else { return }
        // At the topic that is watched, if one is.
        let watched = scenario.topics.last.flatMap { name in
            name.string.hasPrefix("$") ? Text(String(name.string.dropFirst(10))) : nil
        }
        let state: Value =
            switch chance.number(below: 3) {
            case 0: true
            case 1: ["typing": .integer(Int64(chance.count(0...3)))]
            default: ["at": .integer(Int64(chance.count(0...9))), "typing": true]
            }
        let presence = Presence(
            topic: watched ?? scenario.topics[0], state: chance.percent(25) ? nil : state)
        client.session.say(.presence(presence))
    }

    private func signal(_ client: Client) {
        let open = scenario.topics.indices.filter { scenario.kinds[$0] != .roster }
        guard client.session.isReady else { return }
        let signals = open.filter { scenario.kinds[$0] == .signals }
        let topic = scenario.topics[chance.pick(signals.isEmpty ? open : signals)]
        let data = changes.number()
        oracle.signals[data] = (topic, Text("client " + String(client.number)))
        client.session.signal(topic, .integer(data))
    }

    private func askForThePast(_ client: Client) {
        let events = scenario.written.filter { scenario.isEvents($0) }
        guard client.session.isReady, !events.isEmpty else { return }
        let id = Client.firstHistory + UInt64(client.histories.count) + UInt64(now / 1_000)
        let start: Start? =
            switch chance.number(below: 4) {
            case 0: nil
            case 1: .earliest
            case 2: .now
            default: .sequence(chance.number(0...60))
            }
        let history = History(
            id: id, topic: scenario.topics[chance.pick(events)], limit: chance.number(1...12),
            start: start)
        client.histories[id] = history
        client.session.say(.history(history))
    }

    /// Ends the connection in words: its wills are void.
    private func sayGoodbye(_ client: Client) {
        guard let line = client.line, client.session.isReady else { return }
        trace.note("client \(client.number) says goodbye")
        client.session.say(.close(Close(code: .goodbye, reason: "enough for now")))
        flush(client)
        giveUp(line)
    }
}
