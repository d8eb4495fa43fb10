import Hub
import Testing
import Wire

/// Rule 30: topics that nobody needs any more go, and events that are too old.
@Suite struct RetentionTests {
    static let keep = Interval.seconds(600)
    /// Within it by less than a look at the topics takes.
    static let almost = Interval.seconds(598)

    private func set(_ value: Value) -> Publish.Change { .patch(Patch(set: ["x": value])) }

    private func outcomes(_ client: Rig.Client) -> [Outbox.Outcome] {
        client.notices.compactMap { if case .outcome(_, let outcome) = $0 { outcome } else { nil } }
    }

    /// Lets time pass a step at a time, while the connections live.
    private func pass(_ rig: Rig, _ interval: Interval) {
        let end = rig.now + interval
        while rig.now < end { rig.advance(min(.seconds(20), end.since(rig.now))) }
    }

    /// Somebody comes, publishes and goes; what became of it.
    @discardableResult
    private func publish(_ rig: Rig, _ topic: Text, _ change: Publish.Change) -> Outbox.Outcome? {
        let writer = rig.client(Text("w\(rig.clients.count)"))
        _ = writer.session.publish(topic, change)
        rig.pump()
        rig.cut(writer)
        return outcomes(writer).last
    }

    private func cut(_ rig: Rig, _ client: Rig.Client) {
        rig.cut(client)
        rig.pump()
    }

    /// A topic that was published to and is watched by nobody; the reader has its cursor.
    private func abandoned(_ rig: Rig) -> (reader: Rig.Client, id: UInt64) {
        let reader = rig.client("r")
        let id = reader.session.subscribe("a", hash: true)
        rig.pump()
        publish(rig, "a", set(1))
        cut(rig, reader)
        return (reader, id)
    }

    private func rig(durable: Bool, keep: Interval? = RetentionTests.keep) -> Rig {
        Rig(TopicRules(otherwise: TopicSettings(isDurable: durable, keep: keep)))
    }

    @Test(
        "One that nobody watches or publishes to goes in its time, and its epoch ends",
        arguments: [false, true])
    func goes(durable: Bool) {
        let rig = rig(durable: durable)
        let (reader, id) = abandoned(rig)
        let epoch = reader.session[id]?.cursor?.epoch
        pass(rig, RetentionTests.almost)
        #expect(rig.hub.topicCount == 1)
        pass(rig, .seconds(4))
        #expect(rig.hub.topicCount == 0)
        #expect(rig.hub.counts.reclaimed == 1)
        #expect(rig.store.topic("a") == nil)
        reader.notices = []
        rig.connect(reader)
        rig.pump()
        #expect(reader.notices.contains(.subscribed(id: id, .snapshot)))
        #expect(reader.session[id]?.mirror.document == Map())
        #expect(publish(rig, "a", set(2)) == .acknowledged(version: 1))
        #expect(reader.session[id]?.mirror.document == ["x": 2])
        #expect(reader.session[id]?.cursor?.epoch != epoch)
    }

    @Test("One that is watched stays; from the last leaving on it counts")
    func watched() {
        let rig = rig(durable: false)
        let reader = rig.client("r")
        let id = reader.session.subscribe("a")
        rig.pump()
        publish(rig, "a", set(1))
        pass(rig, RetentionTests.keep + RetentionTests.keep)
        #expect(reader.session[id]?.mirror.document == ["x": 1])
        cut(rig, reader)
        pass(rig, RetentionTests.almost)
        #expect(rig.hub.topicCount == 1)
        pass(rig, .seconds(4))
        #expect(rig.hub.topicCount == 0)
    }

    @Test("One that is published to stays, and so does one without a time")
    func used() {
        let rig = rig(durable: true)
        _ = abandoned(rig)
        for i in 0..<5 {
            pass(rig, .seconds(540))
            publish(rig, "a", set(.integer(Int64(i))))
        }
        #expect(rig.store.topic("a") != nil && rig.hub.counts.reclaimed == 0)
        let other = self.rig(durable: true, keep: nil)
        _ = abandoned(other)
        pass(other, RetentionTests.keep + RetentionTests.keep)
        #expect(other.hub.topicCount == 1)
    }

    @Test("The store cannot forget it: then it is there as before, and goes later")
    func failing() {
        let rig = rig(durable: true)
        let (reader, id) = abandoned(rig)
        pass(rig, RetentionTests.almost)
        rig.store.failures = 2
        rig.advance(.seconds(3))
        #expect(rig.store.topic("a") != nil && rig.hub.counts.reclaimed == 0)
        reader.notices = []
        rig.connect(reader)
        rig.pump()
        #expect(reader.notices.contains(.subscribed(id: id, .continued)))
        #expect(reader.session[id]?.mirror.document == ["x": 1])
        cut(rig, reader)
        pass(rig, RetentionTests.keep + .seconds(10))
        #expect(rig.store.topic("a") == nil && rig.hub.topicCount == 0)
    }

    @Test("Whoever comes while the store is forgetting it finds it absent, or makes it anew")
    func meanwhile() {
        let rig = rig(durable: true)
        let (reader, id) = abandoned(rig)
        let epoch = reader.session[id]?.cursor?.epoch
        pass(rig, RetentionTests.almost)
        rig.holdsStore = true
        rig.advance(.seconds(3))
        rig.connect(reader)
        let writer = rig.client("w")
        _ = writer.session.publish("a", set(5))
        rig.pump()
        #expect(outcomes(writer).isEmpty)
        rig.holdsStore = false
        rig.pump()
        #expect(outcomes(writer).last == .acknowledged(version: 1))
        #expect(reader.session[id]?.mirror.document == ["x": 5])
        #expect(reader.session[id]?.cursor?.epoch != epoch)
        #expect(rig.store.topic("a")?.records.count == 1)
    }

    @Test("A crash before the store has forgotten it: it is there again")
    func crash() {
        let rig = rig(durable: true)
        let (reader, id) = abandoned(rig)
        pass(rig, RetentionTests.almost)
        rig.holdsStore = true
        rig.advance(.seconds(3))
        rig.crash()
        rig.holdsStore = false
        reader.notices = []
        rig.connect(reader)
        rig.pump()
        #expect(reader.notices.contains(.subscribed(id: id, .continued)))
        #expect(reader.session[id]?.mirror.document == ["x": 1])
    }

    @Test("A stored one that nobody asked for since the start goes as well, when its time is over")
    func stored() {
        let rig = rig(durable: true)
        rig.store.used = rig.wall
        _ = abandoned(rig)
        rig.crash()
        // Not yet: it was published to lately enough.
        pass(rig, .seconds(360))
        #expect(rig.store.topic("a") != nil && rig.hub.topicCount == 0)
        pass(rig, .seconds(3_660))
        #expect(rig.store.topic("a") == nil && rig.hub.topicCount == 0)
        #expect(rig.hub.counts.reclaimed == 1)
    }

    @Test("A roster without anybody in it goes by itself")
    func roster() {
        let rig = Rig(TopicRules(otherwise: TopicSettings()))
        let client = rig.client("r")
        client.session.say(.presence(Presence(topic: "a", state: .map(Map()))))
        rig.pump()
        #expect(rig.hub.topicCount == 1)
        pass(rig, .seconds(200))
        #expect(rig.hub.topicCount == 1)
        cut(rig, client)
        pass(rig, .seconds(120))
        #expect(rig.hub.topicCount == 0)
    }

    // MARK: Events

    @Test("Old events go, from the store too; a reader who was away is told how many")
    func events() {
        let rig = Rig(
            TopicRules(
                otherwise: TopicSettings(
                    kind: .event, isDurable: true, eventAge: .seconds(3_600))))
        let reader = rig.client("r")
        let id = reader.session.subscribe("log", name: "n", start: .earliest, credit: 100)
        for value in 1...3 as ClosedRange<Int64> { publish(rig, "log", .event(.integer(value))) }
        cut(rig, reader)
        pass(rig, .seconds(3_000))
        for value in 4...5 as ClosedRange<Int64> { publish(rig, "log", .event(.integer(value))) }
        pass(rig, .seconds(620))
        #expect(rig.store.topic("log")?.checkpoint?.events.map(\.sequence) == [4, 5])
        #expect(rig.store.topic("log")?.records.isEmpty == true)
        reader.notices = []
        rig.connect(reader)
        rig.pump()
        #expect(reader.notices.contains(.subscribed(id: id, .gone)))
        pass(rig, .seconds(3_600))
        #expect(rig.store.topic("log")?.checkpoint?.events.isEmpty == true)
        // The sequence goes on where it was, after a crash too.
        rig.crash()
        #expect(publish(rig, "log", .event(6)) == .acknowledged(version: 6))
    }
}
