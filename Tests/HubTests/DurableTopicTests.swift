import Hub
import Testing
import Wire

/// Rules 18 to 21: durable topics, their commits, their return.
@Suite struct DurableTopicTests {
    let rig = Rig(
        TopicRules(otherwise: TopicSettings(isDurable: true, recordsPerCheckpoint: 5)))

    private func outcomes(_ client: Rig.Client) -> [Outbox.Outcome] {
        client.notices.compactMap { if case .outcome(_, let outcome) = $0 { outcome } else { nil } }
    }

    private func set(_ name: Text, _ value: Value) -> Publish.Change {
        var set = Map()
        set[name] = value
        return .patch(Patch(set: set))
    }

    @Test func nobodySeesOrIsToldAnythingBeforeTheCommit() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("a", hash: true)
        rig.pump()
        rig.holdsStore = true
        _ = writer.session.publish("a", set("x", 1))
        rig.pump()
        #expect(outcomes(writer).isEmpty)
        #expect(reader.session[id]?.mirror.fieldCount == 0)
        // Nor does somebody who comes in between.
        let late = rig.client("late")
        let lateID = late.session.subscribe("a")
        rig.pump()
        #expect(late.session[lateID]?.mirror.fieldCount == 0)
        rig.holdsStore = false
        rig.pump()
        #expect(outcomes(writer) == [.acknowledged(version: 1)])
        #expect(reader.session[id]?.mirror.document == ["x": 1])
        #expect(late.session[lateID]?.mirror.document == ["x": 1])
    }

    @Test func aFailedCommitIsAsIfItHadNotBeen() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("a", hash: true)
        _ = writer.session.publish("a", set("x", 1))
        rig.pump()
        rig.store.failures = 1
        _ = writer.session.publish("a", set("x", 2))
        rig.pump()
        #expect(outcomes(writer).last == .postponed(.storeFailed))
        #expect(reader.session[id]?.mirror.document == ["x": 1])
        // The publisher tries again by itself, under the same id.
        rig.advance(.seconds(2))
        #expect(outcomes(writer).last == .acknowledged(version: 2))
        #expect(reader.session[id]?.mirror.document == ["x": 2])
        #expect(reader.session[id]?.mirror.version == 2)
    }

    @Test func whatWasAcknowledgedSurvivesACrashAndReadersResume() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("a", hash: true)
        for i in 1...12 {
            _ = writer.session.publish("a", set("x", .integer(Int64(i))))
            rig.pump()
        }
        #expect(rig.store.topic("a")?.checkpoint != nil)
        rig.crash()
        reader.notices = []
        rig.connect(writer)
        rig.connect(reader)
        rig.pump()
        _ = writer.session.publish("a", set("y", true))
        rig.pump()
        #expect(reader.notices.contains(.subscribed(id: id, .continued)))
        #expect(reader.session[id]?.mirror.document == ["x": 12, "y": true])
        #expect(reader.session[id]?.mirror.version == 13)
        reader.session.prove(id)
        rig.pump()
        #expect(reader.notices.contains(.proven(id: id, version: 13)))
    }

    @Test func aPublishWhoseAnswerWasLostInTheCrashIsDoneOnce() {
        let writer = rig.client("w")
        writer.isStalled = true
        rig.pump()
        let add = Patch(increments: [Patch.Increment(path: ["n"], amount: Number(Int64(1)))])
        _ = writer.session.publish("a", .patch(add))
        rig.pump()
        writer.isStalled = false
        rig.crash()
        rig.connect(writer)
        rig.pump()
        #expect(outcomes(writer).last == .acknowledged(version: 1))
        let reader = rig.client("r")
        let id = reader.session.subscribe("a")
        rig.pump()
        #expect(reader.session[id]?.mirror.document == ["n": 1])
    }

    @Test func anUncommittedPublishIsSaidAgainAfterTheCrash() {
        let writer = rig.client("w")
        rig.pump()
        rig.holdsStore = true
        _ = writer.session.publish("a", set("x", 1))
        rig.pump()
        rig.crash()
        rig.holdsStore = false
        rig.connect(writer)
        rig.pump()
        #expect(outcomes(writer) == [.acknowledged(version: 1)])
    }

    @Test func aTopicThatCannotBeReadIsAskedForAgainAfterAWaitThatDoubles() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("a")
        _ = writer.session.publish("a", set("x", 1))
        rig.pump()
        // The commit fails, and the topic cannot be read again so soon.
        rig.store.failures = 1
        rig.store.loadFailures = 4
        let loads = rig.store.loads
        _ = writer.session.publish("a", set("x", 2))
        rig.pump()
        #expect(rig.store.loads == loads + 1)
        var tries = loads + 1
        for wait in [100, 200, 400, 800] as [UInt64] {
            let due = rig.hub.deadline
            #expect(due == rig.now + .milliseconds(wait))
            rig.advance(.milliseconds(wait - 1))
            #expect(rig.store.loads == tries)
            rig.advance(.milliseconds(1))
            tries += 1
            #expect(rig.store.loads == tries)
        }
        rig.advance(.seconds(60))
        #expect(reader.session[id]?.mirror.document == ["x": 2])
    }

    @Test func whileTheStoreRestsWhoAsksIsRefusedAtOnce() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        let id = reader.session.subscribe("a")
        _ = writer.session.publish("a", set("x", 1))
        rig.pump()
        rig.store.failures = 1
        rig.store.loadFailures = 1
        _ = writer.session.publish("a", set("x", 2))
        rig.pump()
        let late = rig.client("late")
        let lateID = late.session.subscribe("a")
        rig.pump()
        #expect(late.notices.contains(.postponed(id: lateID, .storeFailed)))
        rig.advance(.milliseconds(100))
        rig.advance(.seconds(1))
        late.session.reached(rig.now)
        rig.pump()
        // The refused publish was said again as well.
        #expect(late.session[lateID]?.mirror.document == ["x": 2])
        #expect(reader.session[id]?.mirror.document == ["x": 2])
    }

    @Test func aSignalWaitsForNoCommit() {
        let writer = rig.client("w")
        let reader = rig.client("r")
        _ = reader.session.subscribe("a")
        rig.pump()
        rig.holdsStore = true
        _ = writer.session.publish("a", set("x", 1))
        rig.pump()
        writer.session.signal("a", "typing")
        rig.pump()
        let signal = Signal(topic: "a", data: "typing", from: "w")
        #expect(reader.notices.contains(.signal(signal)))
    }

    @Test func aRefusalAmongThoseThatWaitedLosesNoneOfTheOthers() {
        let bounds = Document.Bounds(nodes: 3, tombstones: 0)
        let rig = Rig(TopicRules(otherwise: TopicSettings(bounds: bounds, isDurable: true)))
        let writer = rig.client("w")
        rig.pump()
        rig.holdsStore = true
        _ = writer.session.publish("a", .patch(Patch(set: ["p": 1, "q": 1, "r": 1, "s": 1])))
        _ = writer.session.publish("a", set("x", 1))
        rig.pump()
        rig.holdsStore = false
        rig.pump()
        #expect(outcomes(writer).last == .acknowledged(version: 1))
        #expect(outcomes(writer).count == 2)
        #expect(rig.store.topic("a")?.records.count == 1)
    }
}
