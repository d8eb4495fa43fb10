import Hub
import Testing
import Wire

/// Rules 14 and 15, L9 to L11, L25 and L26: what waits for a reader is bounded, however slow it
/// is, and nothing is lost that was promised.
@Suite struct SlowReaderTests {
    private static let window: UInt64 = 400

    private let rig = Rig(
        TopicRules(
            rules: [
                TopicRules.Rule(
                    pattern: TopicPattern("log"), settings: TopicSettings(kind: .event))
            ]),
        desk: Desk.Settings(
            terms: Terms(messageBytes: 500, unconfirmedBytes: SlowReaderTests.window)))

    private func bytes(_ client: Rig.Client) -> Int {
        client.inbound.reduce(0) { $0 + $1.count }
    }

    private func set(_ client: Rig.Client, _ topic: Text, _ name: Text, _ value: Int64) {
        var set = Map()
        set[name] = .integer(value)
        _ = client.session.publish(topic, .patch(Patch(set: set)))
        rig.pump()
    }

    @Test(arguments: [Encoding.messagePack, .json])
    func eventsUnderANameWaitInTheLogForWhoConfirmsNothing(_ encoding: Encoding) {
        let writer = rig.client("w")
        let reader = rig.client("r", encoding)
        _ = reader.session.subscribe("log", name: "worker", start: .earliest, credit: 1_000)
        rig.pump()
        reader.isStalled = true
        for value in 1...100 as ClosedRange<Int64> {
            _ = writer.session.publish("log", .event(.integer(value)))
            rig.pump()
        }
        // The window, the room of one name, and an event that exceeds it.
        let longest = reader.inbound.map { $0.count }.max() ?? 0
        #expect(longest > 0)
        #expect(bytes(reader) <= Int(Self.window) + Int(Self.window) / 4 + 2 * longest)
        reader.isStalled = false
        rig.pump()
        let sequences = reader.notices.compactMap {
            if case .event(_, let event, .fresh) = $0 { event.sequence } else { nil }
        }
        #expect(sequences == Array(1...100))
    }

    @Test func whoLagsGetsItsSnapshotWhenItHasConfirmed() {
        let writer = rig.client("w")
        for name in ["a", "b", "c"] as [Text] { set(writer, name, "x", 1) }
        let reader = rig.client("r", .json)
        let first = reader.session.subscribe("a")
        rig.pump()
        reader.isStalled = true
        for value in 2...20 as ClosedRange<Int64> { set(writer, "a", "x", value) }
        let before = bytes(reader)
        #expect(before > Int(Self.window))
        let others = (0..<8).map { reader.session.subscribe($0 % 2 == 0 ? "b" : "c") }
        rig.pump()
        let snapshots = reader.inbound.filter { $0.starts(with: #"{"type":"snapshot"#.utf8) }
        #expect(snapshots.isEmpty)
        reader.isStalled = false
        rig.pump()
        #expect(reader.session[first]?.mirror.document == ["x": 20])
        for id in others { #expect(reader.session[id]?.mirror.document == ["x": 1]) }
        #expect(reader.closed == nil)
    }

    @Test func hashesAskedForByWhoLagsComeWhenItHasConfirmed() {
        let writer = rig.client("w")
        set(writer, "a", "x", 1)
        let reader = rig.client("r", .json)
        let id = reader.session.subscribe("a")
        rig.pump()
        reader.isStalled = true
        while bytes(reader) <= Int(Self.window) { set(writer, "a", "x", Int64(bytes(reader))) }
        let before = bytes(reader)
        for _ in 0..<20 { reader.session.prove(id) }
        rig.pump()
        #expect(bytes(reader) == before)
        reader.notices = []
        reader.isStalled = false
        rig.pump()
        let isProven = reader.notices.contains { if case .proven = $0 { true } else { false } }
        #expect(isProven)
    }

    @Test func whoAsksAndNeverReadsIsDisconnected() {
        let reader = rig.client("r", .json)
        rig.pump()
        reader.isStalled = true
        for nonce in 1...200 as ClosedRange<UInt64> {
            reader.session.say(.ping(Ping(nonce: nonce)))
        }
        rig.pump()
        #expect(reader.closed == .tooSlow)
        #expect(rig.desk.counts.closedSlow == 1)
        let limit = rig.desk.settings.terms.unconfirmedLimit
        // The answer that went beyond it is the last.
        let last = reader.inbound.last?.count ?? 0
        #expect(last > 0 && bytes(reader) <= Int(limit) + last)
    }

    @Test func aRepairAskedForByWhoIsBehindLeavesItWaitingForNothing() {
        let writer = rig.client("w")
        set(writer, "a", "x", 1)
        let reader = rig.client("r", .json)
        let id = reader.session.subscribe("a")
        rig.pump()
        let view = reader.session[id]?.view ?? 0
        reader.isStalled = true
        for value in 2...20 as ClosedRange<Int64> { set(writer, "a", "x", value) }
        reader.session.say(.hash(HashReport(view: view, version: 1, hash: ViewHash())))
        rig.pump()
        reader.isStalled = false
        rig.pump()
        #expect(reader.session[id]?.mirror.document == ["x": 20])
        #expect(rig.desk.counts.repairs == 1)
        // Nothing is left that its patience could end.
        rig.advance(.seconds(90))
        #expect(reader.closed == nil)
    }
}
