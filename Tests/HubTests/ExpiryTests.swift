import Hub
import Testing
import Wire

/// Rule 11, L7: fields that unset themselves, whatever else happens to the topic.
@Suite struct ExpiryTests {
    private func publish(
        _ rig: Rig, _ client: Rig.Client, _ patch: Patch, _ expiries: [Publish.Expiry] = []
    ) {
        _ = client.session.publish("room", .patch(patch), expiries: expiries)
        rig.pump()
    }

    @Test func whatWasChangedSinceStaysAfterACheckpointAndACrash() {
        let rig = Rig(
            TopicRules(otherwise: TopicSettings(isDurable: true, recordsPerCheckpoint: 3)))
        let writer = rig.client("w")
        let expiry = Publish.Expiry(path: ["a"], after: 1_000)
        let other = Publish.Expiry(path: ["b"], after: 1_000)
        publish(rig, writer, Patch(set: ["a": 1, "b": 1]), [expiry, other])
        publish(rig, writer, Patch(set: ["a": 2]))
        for value in 1...4 as ClosedRange<Int64> {
            publish(rig, writer, Patch(set: ["c": .integer(value)]))
        }
        #expect(rig.store.topic("room")?.checkpoint != nil)
        rig.crash()
        rig.connect(writer)
        let id = writer.session.subscribe("room")
        rig.pump()
        rig.advance(.milliseconds(1_100))
        #expect(writer.session[id]?.mirror.document == ["a": 2, "c": 4])
    }

    @Test func aMapExpiresThoughRemovalsElsewhereWereForgotten() {
        let rig = Rig(
            TopicRules(
                otherwise: TopicSettings(bounds: Document.Bounds(nodes: 100, tombstones: 1))))
        let writer = rig.client("w")
        let id = writer.session.subscribe("room")
        let expiry = Publish.Expiry(path: ["typing"], after: 1_000)
        publish(rig, writer, Patch(set: ["typing": ["ada": true, "bob": true]]), [expiry])
        for name in ["p", "q", "r", "s"] as [Text] {
            var set = Map()
            set[name] = 1
            publish(rig, writer, Patch(set: set))
            publish(rig, writer, Patch(unset: [Path([name])]))
        }
        rig.advance(.milliseconds(1_100))
        #expect(writer.session[id]?.mirror.document == [:])
    }

    @Test func aFieldThatIsGoneAlreadyRaisesNoVersion() {
        let rig = Rig(
            TopicRules(
                otherwise: TopicSettings(bounds: Document.Bounds(nodes: 100, tombstones: 0))))
        let writer = rig.client("w")
        let id = writer.session.subscribe("room")
        let expiry = Publish.Expiry(path: ["a", "x"], after: 1_000)
        publish(rig, writer, Patch(set: ["a": ["x": 1], "b": 1]), [expiry])
        publish(rig, writer, Patch(unset: [["a"]]))
        publish(rig, writer, Patch(set: ["b": 2]))
        rig.advance(.milliseconds(1_100))
        _ = writer.session.publish("room", .patch(Patch(set: ["b": 3])))
        rig.pump()
        #expect(writer.session[id]?.mirror.version == 4)
    }

    @Test func aDocumentWithoutRoomStillLosesWhatExpires() throws {
        var document = Document(bounds: Document.Bounds(nodes: 2, tombstones: 9))
        document.replay(Patch(set: ["a": 1, "b": 1, "c": 1]))
        let applied = try document.apply(Patch(unset: [["a"]]))
        #expect(applied.version == 2)
        #expect(throws: PatchRefusal.tooManyFields) {
            try document.apply(Patch(set: ["d": 1]))
        }
    }
}
