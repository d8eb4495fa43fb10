import Hub
import Testing
import Wire

/// Rule 10: who is raised to a version is told the names born up to it.
@Suite struct AliasTests {
    private let rig = Rig(TopicRules(otherwise: TopicSettings(partBytes: 8)))

    private func set(_ client: Rig.Client, _ map: Map) {
        _ = client.session.publish("t", .patch(Patch(set: map)))
        rig.pump()
    }

    @Test func anEmptyDiffTellsTheNamesBornSince() {
        let writer = rig.client("w")
        set(writer, ["a": ["x": 1, "y": 1, "z": 1], "b": 1])
        let fields = Mask(paths: [["a"]])
        let early = rig.client("early")
        _ = early.session.subscribe("t", fields: fields)
        rig.pump()
        rig.cut(early)
        set(writer, ["a": ["x": 2]])
        // A snapshot while no name of the view has an alias yet.
        let late = rig.client("late")
        let id = late.session.subscribe("t", fields: fields)
        rig.pump()
        #expect(late.session[id]?.mirror.version == 2)
        rig.cut(late)
        // The other one's diff to the same version gives `x` its alias.
        rig.connect(early)
        rig.pump()
        rig.cut(early)
        set(writer, ["b": 2])
        late.notices = []
        rig.connect(late)
        rig.pump()
        #expect(late.notices.contains(.subscribed(id: id, .caughtUp)))
        #expect(late.session[id]?.mirror.version == 3)
        set(writer, ["a": ["x": 3]])
        let isMalformed = late.notices.contains { if case .malformed = $0 { true } else { false } }
        #expect(!isMalformed)
        #expect(late.notices.last == .changed(id: id, versions: 1))
        #expect(late.session[id]?.mirror.document == ["a": ["x": 3, "y": 1, "z": 1]])
    }
}
