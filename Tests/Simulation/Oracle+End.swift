import Hub
import Wire

/// Where everybody should be in the end.
extension Oracle {
    /// Whether a client is where it should be, or what is missing.
    func missing(_ client: Client, _ world: World) -> String? {
        guard let line = client.line, client.session.isReady else { return "is not connected" }
        if !client.session.outbox.isEmpty { return "has unanswered publishes" }
        guard let number = line.acceptedToken else { return "has no token" }
        for wanted in client.wanted {
            let lens = lens(wanted, world.tokens[number])
            let name = scenario.topics[wanted.topic]
            guard let id = wanted.id else {
                // Whoever lost a name to another reader leaves it to that one.
                if lens.showsNothing || wanted.isReplaced { continue }
                return "has no subscription"
            }
            switch scenario.kinds[wanted.topic] {
            case .signals: continue
            case .events:
                if let event = firstUnsettled(wanted, client, line.life) {
                    return "has not been given event \(event) of \(name)"
                }
                continue
            case .roster:
                if let misplaced = misplaced(wanted.topic, world.lines) { return misplaced }
            case .document:
                if let path = models[line.life - 1][wanted.topic].overdue(world.wall) {
                    return "shows \(path) of \(name), which should have expired"
                }
            }
            guard let subscription = client.session[id], !subscription.awaitsSnapshot else {
                return "awaits a snapshot of \(name)"
            }
            let head = models[line.life - 1][wanted.topic].head
            let truth = models[line.life - 1][wanted.topic].seen(lens, at: head)
            if subscription.mirror.document != truth.document {
                return "does not show the head of \(name)"
            }
        }
        return nil
    }

    /// Two clients that both believe to read under one name.
    func rivals(_ clients: [Client]) -> String? {
        var readers: [ReaderKey: Int] = [:]
        for client in clients {
            for wanted in client.wanted where wanted.id != nil && scenario.isEvents(wanted.topic) {
                let key = ReaderKey(
                    topic: wanted.topic, name: scenario.readerName(client.number))
                if let other = readers[key] {
                    return "clients \(other) and \(client.number) both read as \(key.name)"
                }
                readers[key] = client.number
            }
        }
        return nil
    }
}
