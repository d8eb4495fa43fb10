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
        /// In the present run of the client.
        var finishedInRun: Set<UInt64> = []
        var run = 0
    }

    struct ReaderKey: Hashable {
        let topic: Int
        let client: Int
    }

    private func change(
        _ wanted: Client.Wanted, _ client: Client, _ body: (inout Reader) -> Void
    ) {
        let key = ReaderKey(topic: wanted.topic, client: client.number)
        var reader = readers[key] ?? Reader()
        if reader.run != client.readings {
            reader.run = client.readings
            reader.finishedInRun = []
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
                if reader.finishedInRun.contains(event.sequence) {
                    fail("\(who) took event \(event.sequence) as new twice")
                }
            case .repeated, .underWay: break
            }
        }
    }

    func finished(_ sequence: UInt64, _ wanted: Client.Wanted, _ client: Client) {
        change(wanted, client) { reader in
            reader.settled.insert(sequence)
            reader.finishedInRun.insert(sequence)
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
        let client = Int(letter.name.string.dropFirst(5)) ?? 0
        let key = ReaderKey(topic: topic, client: client)
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
        let settled = readers[ReaderKey(topic: wanted.topic, client: client.number)]?.settled ?? []
        return head == 0 ? nil : (1...head).first { !settled.contains($0) }
    }
}
