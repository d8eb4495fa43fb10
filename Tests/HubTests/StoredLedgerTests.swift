import Hub
import Testing
import Wire

/// Rules 20 and 21: what a checkpoint must know of the answers that were given, and how often one is
/// made.
@Suite struct StoredLedgerTests {
    private let add = Publish.Change.patch(
        Patch(increments: [Patch.Increment(path: ["n"], amount: Number(Int64(1)))]))

    private func rules(_ recordsPerCheckpoint: Int) -> TopicRules {
        TopicRules(
            otherwise: TopicSettings(
                isDurable: true, recordsPerCheckpoint: recordsPerCheckpoint))
    }

    private func publish(_ rig: Rig, _ client: Rig.Client, _ count: Int) {
        for _ in 0..<count {
            _ = client.session.publish("a", add)
            rig.pump()
        }
    }

    /// Beyond the window nobody knows any more whether it was done; a restart must not forget that
    /// as well, or it would be done again.
    @Test func anIdBeyondTheWindowIsRefusedAfterARestartToo() {
        let rig = Rig(rules(1), dedupWindow: 2)
        publish(rig, rig.client("w"), 9)
        #expect(rig.store.topic("a")?.checkpoint?.ledger.first?.forgotten ?? 0 > 1)
        rig.crash()
        // The same instance counts its ids from 1 again.
        let again = rig.client("w")
        rig.pump()
        publish(rig, again, 9)
        var codes: [UInt64] = []
        var versions: [UInt64] = []
        for notice in again.notices {
            switch notice {
            case .outcome(_, .refused(let nack)): codes.append(nack.code.rawValue)
            case .outcome(_, .acknowledged(let version)): versions.append(version)
            default: break
            }
        }
        #expect(codes.count + versions.count == 9)
        #expect(!codes.isEmpty && codes.allSatisfy { $0 == Code.idTooOld.rawValue })
        // The others are within the window, and get the answers that they had.
        #expect(versions == Array(UInt64(codes.count + 1)...9))
        let reader = rig.client("r")
        let id = reader.session.subscribe("a")
        rig.pump()
        #expect(reader.session[id]?.mirror.document == ["n": 9])
    }

    /// A large topic would otherwise be written whole for every few changes.
    @Test func aLargeTopicIsStoredWholeMoreRarely() {
        let rig = Rig(rules(1))
        let writer = rig.client("w")
        var set = Map()
        for i in 0..<400 { set[Text("field \(i)")] = .integer(Int64(i)) }
        _ = writer.session.publish("a", .patch(Patch(set: set)))
        publish(rig, writer, 60)
        #expect(rig.store.topic("a")?.checkpoint == nil)
        #expect(rig.store.topic("a")?.records.count == 61)
        publish(rig, writer, 60)
        #expect(rig.store.topic("a")?.checkpoint != nil)
        #expect(rig.store.topic("a")?.records.count ?? 121 < 40)
    }

    /// Rule 29: presence is of this run alone, whatever a pattern says.
    @Test func whatTheServerWritesIsNotDurable() {
        let rules = TopicRules(rules: [
            TopicRules.Rule(
                pattern: TopicPattern("**"),
                settings: TopicSettings(kind: .event, isDurable: true)),
            TopicRules.Rule(
                pattern: TopicPattern("$presence/**"),
                settings: TopicSettings(isDurable: true, eventLimit: 3)),
        ])
        #expect(rules.settings(for: "desk/queue").isDurable)
        #expect(rules.settings(for: "$other").kind == .state)
        #expect(!rules.settings(for: "$other").isDurable)
        #expect(rules.settings(for: "$presence/desk").eventLimit == 3)
        #expect(!rules.settings(for: "$presence/desk").isDurable)
    }

    @Test func aRefusalForTheStoresSakeSaysWhenToTryAgain() {
        let rig = Rig(rules(5))
        let writer = rig.client("w")
        rig.pump()
        rig.store.failures = 1
        _ = writer.session.publish("a", add)
        rig.pump()
        // Not before the second is over that it was told.
        rig.advance(.milliseconds(900))
        #expect(rig.store.topic("a") == nil)
        rig.advance(.milliseconds(200))
        #expect(rig.store.topic("a")?.records.count == 1)
    }
}
