import Hub
import Testing
import Wire

/// Rule 23: events, durable names, credit, refusals, dead letters, the past.
@Suite struct EventTopicTests {
    let rig = Rig(
        TopicRules(
            otherwise: TopicSettings(
                kind: .event, isDurable: true, eventLimit: 20, deliveryLimit: 3)))

    fileprivate func publish(_ client: Rig.Client, _ values: ClosedRange<Int64>) {
        for value in values {
            _ = client.session.publish("log", .event(.integer(value)))
            rig.pump()
        }
    }

    /// The data of the events that came as fresh, in order.
    fileprivate func fresh(_ client: Rig.Client) -> [Value] {
        client.notices.compactMap {
            if case .event(_, let event, .fresh) = $0 { event.data } else { nil }
        }
    }

    fileprivate func deliveries(_ client: Rig.Client) -> [UInt64] {
        client.notices.compactMap {
            if case .event(_, let event, _) = $0 { event.sequence } else { nil }
        }
    }

    fileprivate func integers(_ range: ClosedRange<Int64>) -> [Value] { range.map { .integer($0) } }

    @Test func everybodyGetsWhatComesFromNowOn() {
        let writer = rig.client("w")
        publish(writer, 1...2)
        let reader = rig.client("r", .json)
        _ = reader.session.subscribe("log")
        rig.pump()
        publish(writer, 3...4)
        #expect(fresh(reader) == integers(3...4))
    }

    @Test func aReaderWithoutANameResumesFromItsCursor() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log")
        rig.pump()
        publish(writer, 1...2)
        for sequence in 1...2 as ClosedRange<UInt64> { reader.session.done(id, sequence) }
        rig.cut(reader)
        publish(writer, 3...5)
        rig.connect(reader)
        rig.pump()
        #expect(fresh(reader) == integers(1...5))
    }

    @Test func aNameContinuesAfterACrashAndMissesNothing() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 100)
        rig.pump()
        publish(writer, 1...4)
        for sequence in 1...2 as ClosedRange<UInt64> { reader.session.done(id, sequence) }
        rig.pump()
        rig.advance(.milliseconds(10))
        rig.crash()
        rig.connect(writer)
        rig.connect(reader)
        reader.notices = []
        rig.pump()
        #expect(deliveries(reader) == [3, 4])
        publish(writer, 5...5)
        #expect(deliveries(reader) == [3, 4, 5])
    }

    @Test func withoutCreditNothingComes() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 2)
        rig.pump()
        publish(writer, 1...5)
        #expect(deliveries(reader) == [1, 2])
        reader.session.say(.credit(Credit(id: id, amount: 2)))
        rig.pump()
        #expect(deliveries(reader) == [1, 2, 3, 4])
    }

    @Test func notNowHoldsBackTheLaterAndComesAgainInOrder() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 100)
        rig.pump()
        publish(writer, 1...1)
        reader.session.refuse(id, 1, .notNow, after: 500)
        rig.pump()
        publish(writer, 2...3)
        #expect(deliveries(reader) == [1])
        rig.advance(.milliseconds(600))
        #expect(deliveries(reader) == [1, 1, 2, 3])
    }

    @Test func whatIsDueToAReaderWithoutCreditKeepsNobodyBusy() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 1)
        rig.pump()
        publish(writer, 1...1)
        reader.session.refuse(id, 1, .notNow, after: 100)
        rig.pump()
        rig.advance(.seconds(1))
        let due = rig.hub.deadline.map { $0 > rig.now } ?? true
        #expect(due)
        reader.session.say(.credit(Credit(id: id, amount: 1)))
        rig.pump()
        #expect(deliveries(reader) == [1, 1])
    }

    @Test func whoeverDoesNotMindTheOrderGetsTheLaterMeanwhile() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe(
            "log", name: "worker", start: .earliest, credit: 100, unordered: true)
        rig.pump()
        publish(writer, 1...1)
        reader.session.refuse(id, 1, .notNow, after: 500)
        rig.pump()
        publish(writer, 2...3)
        #expect(deliveries(reader) == [1, 2, 3])
        rig.advance(.milliseconds(600))
        #expect(deliveries(reader) == [1, 2, 3, 1])
    }

    @Test func neverIsADeadLetterAndDoesNotComeAgain() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 100)
        rig.pump()
        publish(writer, 1...2)
        reader.session.refuse(id, 1, .never)
        rig.pump()
        rig.advance(.seconds(1))
        let dead = rig.store.topic("log")?.deadLetters ?? []
        #expect(dead.map { $0.sequence } == [1])
        #expect(dead.map { $0.code } == [.never])
        rig.cut(reader)
        rig.connect(reader)
        reader.notices = []
        rig.pump()
        #expect(deliveries(reader) == [2])
    }

    @Test func refusedTooOftenIsADeadLetter() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 100)
        rig.pump()
        publish(writer, 1...1)
        for _ in 0..<3 {
            reader.session.refuse(id, 1, .notNow, after: 100)
            rig.pump()
            rig.advance(.milliseconds(200))
        }
        #expect(deliveries(reader) == [1, 1, 1])
        #expect(rig.store.topic("log")?.deadLetters.map { $0.deliveries } == [3])
    }

    @Test func aNewerHolderTakesTheNameOver() {
        let first = rig.client("first")
        let id = first.session.subscribe("log", name: "worker", credit: 10)
        rig.pump()
        let second = rig.client("second")
        _ = second.session.subscribe("log", name: "worker", credit: 10)
        rig.pump()
        #expect(first.notices.contains(.unsubscribed(id: id, .replaced)))
        let writer = rig.client("w")
        publish(writer, 1...1)
        #expect(deliveries(second) == [1])
        #expect(deliveries(first).isEmpty)
    }

    @Test func retentionWinsAndTheReaderIsToldHowManyAreGone() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 100)
        rig.pump()
        publish(writer, 1...1)
        reader.session.done(id, 1)
        rig.pump()
        rig.cut(reader)
        publish(writer, 2...25)
        reader.notices = []
        rig.connect(reader)
        rig.pump()
        #expect(reader.notices.contains(.subscribed(id: id, .gone)))
        #expect(deliveries(reader) == [UInt64](6...25))
    }

    @Test func aNewNameIsToldWhenItIsStoredAndNotBefore() {
        let writer = rig.client("w")
        publish(writer, 1...2)
        let reader = rig.client("r")
        rig.pump()
        rig.holdsStore = true
        let id = reader.session.subscribe("log", name: "worker", start: .now, credit: 100)
        rig.pump()
        #expect(!reader.notices.contains(.subscribed(id: id, .continued)))
        rig.store.failures = 1
        rig.holdsStore = false
        rig.pump()
        #expect(reader.notices.contains(.subscribed(id: id, .continued)))
        // Whatever happens from now on it hears of.
        rig.crash()
        rig.connect(writer)
        publish(writer, 3...3)
        rig.connect(reader)
        rig.pump()
        #expect(deliveries(reader) == [3])
    }

    @Test func thePastIsReadPageByPage() {
        let writer = rig.client("w")
        publish(writer, 1...7)
        writer.session.say(.history(History(id: 9, topic: "log", limit: 3, start: .earliest)))
        writer.session.say(.history(History(id: 10, topic: "log", limit: 2)))
        rig.pump()
        let pages = writer.notices.compactMap {
            if case .page(let page) = $0 { page } else { nil }
        }
        #expect(pages.map { $0.id } == [9, 10])
        #expect(pages.first?.events.map { $0.sequence } == [1, 2, 3])
        #expect(pages.first?.next == 4)
        #expect(pages.last?.events.map { $0.sequence } == [6, 7])
        #expect(pages.last?.next == nil)
    }

    @Test func aPageIsBoundedInBytesAndLeadsToTheNext() {
        let rig = Rig(
            TopicRules(otherwise: TopicSettings(kind: .event, partBytes: 100, eventLimit: 1_000)))
        let writer = rig.client("w")
        let long = Value.text(Text(String(repeating: "x", count: 40)))
        for _ in 0..<10 { _ = writer.session.publish("log", .event(long)) }
        rig.pump()
        writer.session.say(.history(History(id: 1, topic: "log", limit: 9, start: .earliest)))
        writer.session.say(.history(History(id: 2, topic: "log", limit: 9)))
        rig.pump()
        let pages = writer.notices.compactMap {
            if case .page(let page) = $0 { page } else { nil }
        }
        #expect(pages.map { $0.events.map { $0.sequence } } == [[1, 2, 3], [8, 9, 10]])
        #expect(pages.map { $0.next } == [4, nil])
    }

    @Test func aNameIsFreeWhenItsReaderLeftBeforeItWasSeated() {
        let rig = Rig(TopicRules(otherwise: TopicSettings(kind: .event, isDurable: true)))
        let other = rig.client("other")
        _ = other.session.subscribe("log", name: "b", start: .earliest, credit: 9)
        let writer = rig.client("w")
        rig.pump()
        rig.holdsStore = true
        _ = writer.session.publish("log", .event(1))
        rig.pump()
        // The topic is committing, so the seat has to wait.
        let first = rig.client("first")
        _ = first.session.subscribe("log", name: "a", start: .earliest, credit: 9)
        rig.pump()
        rig.cut(first)
        rig.holdsStore = false
        rig.pump()
        let second = rig.client("second")
        let id = second.session.subscribe("log", name: "a", start: .earliest, credit: 9)
        rig.pump()
        let events = second.notices.compactMap {
            if case .event(id, let event, _) = $0 { event } else { nil }
        }
        #expect(events.map { $0.sequence } == [1])
        #expect(events.map { $0.deliveries } == [0])
    }
}

extension EventTopicTests {
    @Test("L19: also a reader who is there, and too slow, is told how many are gone")
    func retentionOvertakesAReader() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 2)
        rig.pump()
        publish(writer, 1...30)
        #expect(deliveries(reader) == [1, 2])
        reader.notices = []
        reader.session.say(.credit(Credit(id: id, amount: 1)))
        rig.pump()
        // The log keeps twenty; the subscription begins anew, with the credit that it asked for.
        #expect(reader.notices.contains(.subscribed(id: id, .gone)))
        #expect(deliveries(reader) == [11, 12])
        #expect(fresh(reader) == integers(11...12))
    }
}

/// What a reader of events is told of a log that was put back, and of hashes.
@Suite struct EventProofTests {
    let rig = Rig(TopicRules(otherwise: TopicSettings(kind: .event, isDurable: true)))

    /// Publishes three events, of which only the first is in the store that the node then has.
    private func putBack(_ reader: Rig.Client, _ id: UInt64) {
        let writer = rig.client("w")
        _ = writer.session.publish("log", .event(1))
        rig.pump()
        let copy = rig.store
        for value in 2...3 as ClosedRange<Int64> {
            _ = writer.session.publish("log", .event(.integer(value)))
        }
        rig.pump()
        for sequence in 1...3 as ClosedRange<UInt64> { reader.session.done(id, sequence) }
        rig.pump()
        rig.crash()
        rig.store = copy
        rig.connect(reader)
        reader.notices = []
        rig.pump()
        #expect(reader.notices.contains(.subscribed(id: id, .snapshot)))
        rig.connect(writer)
        _ = writer.session.publish("log", .event("another second"))
        rig.pump()
        let fresh = reader.notices.compactMap { notice -> Value? in
            if case .event(_, let event, .fresh) = notice { event.data } else { nil }
        }
        #expect(fresh.last == "another second")
    }

    @Test("S8: a cursor above the head of its epoch: what was done says nothing any more")
    func aCursorAboveTheHead() {
        let reader = rig.client("r")
        let id = reader.session.subscribe("log")
        rig.pump()
        putBack(reader, id)
    }

    @Test("S8: the same under a name")
    func aNameWhoseReaderHasMore() {
        let reader = rig.client("r", .json)
        let id = reader.session.subscribe("log", name: "worker", start: .earliest)
        rig.pump()
        putBack(reader, id)
    }

    @Test("L14: a view of an event topic has no hash, and whoever asks is told")
    func noHash() {
        let reader = rig.client("r")
        let id = reader.session.subscribe("log")
        rig.pump()
        reader.session.prove(id)
        rig.pump()
        let codes = reader.notices.compactMap { notice -> Code? in
            if case .problem(let problem) = notice { problem.code } else { nil }
        }
        #expect(codes == [.wrongKind])
    }
}
