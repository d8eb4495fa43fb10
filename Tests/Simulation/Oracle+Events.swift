import Hub
import Wire

/// What must hold for events (rule 23): each reaches its name at least once, and the same run of a
/// client takes it as new once; what was refused for good does not come again; dead letters come of
/// refusals alone.
extension Oracle {
    /// What is known of one name.
    struct Reader {
        /// By sequence: somebody finished it or refused it for good.
        var settled: Set<UInt64> = []
        var refusedForGood: Set<UInt64> = []
        var refusedForNow: Set<UInt64> = []
        /// By client: since when it reads with an inbox that knew nothing, and what it has
        /// finished since.
        var runs: [Int: (run: Int, finished: Set<UInt64>)] = [:]
    }

    struct ReaderKey: Hashable {
        let topic: Int
        let name: Text
    }

    private func change(
        _ wanted: Client.Wanted, _ client: Client, _ body: (inout Reader) -> Void
    ) {
        let key = ReaderKey(topic: wanted.topic, name: scenario.readerName(client.number))
        var reader = readers[key] ?? Reader()
        if reader.runs[client.number]?.run != client.readings {
            reader.runs[client.number] = (client.readings, [])
        }
        body(&reader)
        readers[key] = reader
    }

    func delivered(
        _ event: Event, _ verdict: Inbox.Verdict, _ wanted: Client.Wanted, _ client: Client,
        _ line: Line
    ) {
        let who = "client \(client.number) on \(scenario.topics[wanted.topic])"
        let model = models[line.life - 1][wanted.topic]
        guard event.sequence <= model.head else {
            fail("\(who) was sent event \(event.sequence), which is not stored")
            return
        }
        if model.states[Int(event.sequence)] != ["event": event.data] {
            fail("\(who) was sent another event \(event.sequence) than was published")
        }
        comparisons += 1
        // A commit that failed takes a refusal back, too.
        if scenario.storeFailures == 0,
            line.refused.contains(where: { $0.id == wanted.id && $0.sequence == event.sequence })
        {
            fail("\(who) was sent event \(event.sequence) again after it refused it for good")
        }
        change(wanted, client) { reader in
            switch verdict {
            case .fresh, .gap:
                if reader.runs[client.number]?.finished.contains(event.sequence) == true {
                    fail("\(who) took event \(event.sequence) as new twice")
                }
            case .repeated, .underWay: break
            }
        }
    }

    func finished(_ sequence: UInt64, _ wanted: Client.Wanted, _ client: Client) {
        change(wanted, client) { reader in
            reader.settled.insert(sequence)
            reader.runs[client.number]?.finished.insert(sequence)
        }
    }

    func refused(
        _ sequence: UInt64, _ wanted: Client.Wanted, _ client: Client, forGood: Bool
    ) {
        change(wanted, client) { reader in
            if forGood {
                reader.settled.insert(sequence)
                reader.refusedForGood.insert(sequence)
            } else {
                reader.refusedForNow.insert(sequence)
            }
        }
    }

    /// Dead letters come only from *never* or the delivery limit.
    func check(_ letter: DeadLetter, _ topic: Int) {
        let key = ReaderKey(topic: topic, name: letter.name)
        guard var reader = readers[key] else {
            fail("a dead letter of a name that nobody read: \(letter)")
            return
        }
        let isTooMany =
            letter.deliveries >= Scenario.deliveryLimit
            && reader.refusedForNow.contains(letter.sequence)
        if !isTooMany && !reader.refusedForGood.contains(letter.sequence) {
            fail("a dead letter that nobody refused: \(letter)")
        }
        reader.settled.insert(letter.sequence)
        readers[key] = reader
    }

    /// The first event that a name was to be given and that nobody has taken.
    func firstUnsettled(_ wanted: Client.Wanted, _ client: Client, _ life: Int) -> UInt64? {
        let head = models[life - 1][wanted.topic].head
        let key = ReaderKey(topic: wanted.topic, name: scenario.readerName(client.number))
        let settled = readers[key]?.settled ?? []
        let kept = UInt64(scenario.eventLimit)
        let first = head > kept ? head - kept + 1 : 1
        return head == 0 ? nil : (first...head).first { !settled.contains($0) }
    }

    // MARK: The past

    func paged(_ page: Page, _ client: Client, _ line: Line) {
        let who = "client \(client.number)"
        guard let asked = client.histories.removeValue(forKey: page.id) else {
            fail("\(who) was sent a page that it never asked for")
            return
        }
        let topic = topic(asked.topic)
        let model = models[line.life - 1][topic]
        comparisons += 1
        let first = page.events.first?.sequence ?? 1
        let last = page.events.last?.sequence ?? 0
        guard last <= model.head, UInt64(page.events.count) <= asked.limit else {
            fail("\(who) was sent a page up to \(last) of \(model.head) events")
            return
        }
        for (i, entry) in page.events.enumerated() {
            if entry.sequence != first + UInt64(i)
                || model.states[Int(entry.sequence)] != ["event": entry.data]
            {
                fail("\(who) was sent a page with another event \(entry.sequence)")
            }
        }
        if let next = page.next, next != last + 1 {
            fail("\(who) was sent a page up to \(last), and is told to go on with \(next)")
        }
        switch asked.start {
        case .sequence(let start)? where !page.events.isEmpty:
            let isOlder = first > start && first + UInt64(scenario.eventLimit) <= model.head
            if first != max(start, 1) && !isOlder && first < start {
                fail("\(who) asked for a page from \(start), and was sent \(first)")
            }
        case nil, .now?:
            if page.next != nil { fail("\(who) asked for the last, and was told of more") }
        case .sequence, .earliest, .time: break
        }
    }
}
