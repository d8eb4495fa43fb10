import Wire

/// Reading event topics under durable names.
extension World {
    /// What a client does with an event that it was sent: most it finishes at once, some it
    /// refuses for now or for good, and some it finishes later.
    func take(
        _ id: UInt64, _ event: Event, _ verdict: Inbox.Verdict, _ client: Client, _ line: Line
    ) {
        guard let wanted = client.wanted.first(where: { $0.id == id }) else { return }
        oracle.delivered(event, verdict, wanted, client, line)
        client.session.say(.credit(Credit(id: id, amount: 1)))
        switch verdict {
        case .repeated, .underWay: return
        case .fresh, .gap: break
        }
        switch isCalm ? 0 : chance.number(below: 20) {
        case 0..<13: finish(id, event.sequence, wanted, client)
        case 13..<16:
            oracle.refused(event.sequence, wanted, client, forGood: false)
            client.session.refuse(
                id, event.sequence, .notNow, after: chance.number(10...800))
        case 16:
            oracle.refused(event.sequence, wanted, client, forGood: true)
            line.refused.append((id, event.sequence))
            client.session.refuse(id, event.sequence, .never, after: 20)
        default: client.unfinished.append((id, event.sequence))
        }
    }

    private func finish(
        _ id: UInt64, _ sequence: UInt64, _ wanted: Client.Wanted, _ client: Client
    ) {
        oracle.finished(sequence, wanted, client)
        client.session.done(id, sequence)
    }

    /// Work that took longer is done now.
    func finishWork(_ client: Client) {
        let work = client.unfinished
        client.unfinished = []
        for (id, sequence) in work {
            guard let wanted = client.wanted.first(where: { $0.id == id }) else { continue }
            finish(id, sequence, wanted, client)
        }
    }
}
