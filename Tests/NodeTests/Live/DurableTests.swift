import Hub
import Testing
import Wire

@testable import Node

/// Rules 18 to 21 over real sockets and a real file: what was acknowledged is there after the node
/// has begun again, readers go on by cursor, repeats are done once, and what could not be stored
/// nobody saw.
@Suite struct DurableTests {
    static let everybody = Principal(
        name: "anybody", tenant: "t",
        grants: [
            Principal.Grant(topics: TopicPattern("**"), read: .everything, write: .everything)
        ])
    let folder: StoreFolder

    init() throws { folder = try StoreFolder() }

    private func settings(loops: Int = 1, pageLimit: Int? = nil) -> NodeSettings {
        var settings = Stage.settings(loops: loops)
        settings.hub.rules = TopicRules(rules: [
            TopicRules.Rule(
                pattern: TopicPattern("jobs/*"),
                settings: TopicSettings(kind: .event, isDurable: true, recordsPerCheckpoint: 3)),
            TopicRules.Rule(
                pattern: TopicPattern("room/*"),
                settings: TopicSettings(isDurable: true, recordsPerCheckpoint: 5)),
        ])
        var store = StoreSettings(file: folder.file)
        store.options.pageLimit = pageLimit
        store.complain = { _ in }
        settings.store = store
        return settings
    }

    private func set(_ name: Text, _ value: Value) -> Publish.Change {
        var set = Map()
        set[name] = value
        return .patch(Patch(set: set))
    }

    /// The number of loops may change: nothing that is stored depends on it.
    @Test(arguments: [Encoding.json, .messagePack], [(1, 1), (1, 3), (2, 1)])
    func readersGoOnByCursorInTheSameEpoch(encoding: Encoding, loops: (Int, Int)) throws {
        let names: [Text] = ["room/1", "room/2", "room/3", "room/4"]
        let first = try Stage(settings(loops: loops.0))
        let writer = first.player("writer", encoding, DurableTests.everybody)
        let reader = first.player("reader", encoding, DurableTests.everybody)
        let ids = names.map { reader.session.subscribe($0, hash: true) }
        for player in [writer, reader] { first.connect(player) }
        first.step("both are there", until: { ids.allSatisfy { !reader.awaits($0) } }) {
            for i in 0..<12 {
                for name in names { _ = writer.session.publish(name, set("n", .integer(Int64(i)))) }
            }
        }
        first.step(
            "all is acknowledged and seen",
            until: {
                writer.session.outbox.isEmpty && ids.allSatisfy { reader.version(of: $0) == 12 }
            })
        first.play()

        let second = try Stage(settings(loops: loops.1))
        second.adopt(writer)
        second.adopt(reader)
        // Said while the reader is not there: what it lacks is one diff.
        second.connect(writer)
        for name in names { _ = writer.session.publish(name, set("m", true)) }
        second.step("the new patches are stored", until: { writer.session.outbox.isEmpty }) {
            reader.notices = []
            second.connect(reader)
        }
        second.step(
            "the reader has gone on", until: { ids.allSatisfy { reader.version(of: $0) == 13 } }
        ) {
            for id in ids {
                #expect(reader.count { $0 == .subscribed(id: id, .caughtUp) } == 1)
                #expect(reader.count { $0 == .snapshot(id: id) } == 0)
                #expect(reader.document(of: id) == ["m": true, "n": 11])
                reader.session.prove(id)
            }
        }
        second.step("and is right", until: { ids.allSatisfy { reader.isProven($0, at: 13) } })
        second.play()
    }

    @Test func aRepeatAfterTheRestartGetsTheFirstAnswer() throws {
        let add = Patch(increments: [Patch.Increment(path: ["n"], amount: Number(Int64(1)))])
        for stage in [try Stage(settings()), nil] {
            let stage = try stage ?? Stage(settings())
            // The same instance counts its ids from 1 again, as if every answer had been lost.
            let writer = stage.player("writer", .messagePack, DurableTests.everybody)
            let reader = stage.player("reader", .json, DurableTests.everybody)
            stage.connect(writer)
            let ids = (1...7).map { _ in writer.session.publish("room/1", .patch(add)) }
            stage.step("all have their answers", until: { writer.session.outbox.isEmpty }) {
                #expect(ids.map { writer.acknowledged($0) } == [1, 2, 3, 4, 5, 6, 7])
                stage.connect(reader)
            }
            let id = reader.session.subscribe("room/1")
            stage.step("each was done once", until: { reader.version(of: id) == 7 }) {
                #expect(reader.document(of: id) == ["n": 7])
            }
            stage.play()
        }
    }

    @Test func eventsThatWereNotDoneComeAgain() throws {
        let first = try Stage(settings())
        let writer = first.player("writer", .json, DurableTests.everybody)
        let reader = first.player("reader", .messagePack, DurableTests.everybody)
        let id = reader.session.subscribe("jobs/1", name: "billing", start: .earliest)
        for player in [writer, reader] { first.connect(player) }
        for i in 1...8 { _ = writer.session.publish("jobs/1", .event(.integer(Int64(i)))) }
        first.step("eight have come", until: { reader.events(of: id).count == 8 }) {
            for sequence: UInt64 in [1, 2, 3, 6] { reader.session.done(id, sequence) }
            // Behind the acknowledgement in the same queue, so it is stored when this is answered.
            _ = reader.session.publish("jobs/1", .event("marker"))
        }
        first.step("the word on four is stored", until: { reader.session.outbox.isEmpty })
        first.play()

        let second = try Stage(settings())
        let again = second.player("again", .json, DurableTests.everybody)
        let next = again.session.subscribe("jobs/1", name: "billing")
        second.connect(again)
        second.step("the others come", until: { again.events(of: next).count == 5 }) {
            #expect(again.events(of: next).map(\.sequence) == [4, 5, 7, 8, 9])
            #expect(again.events(of: next).last?.data == "marker")
            #expect(again.events(of: next).first?.data == 4)
            // They were delivered before, and that is known.
            #expect(again.events(of: next).first?.deliveries == 1)
        }
        second.play()
    }

    @Test func whatCannotBeStoredNobodySeesAndReadingGoesOn() throws {
        let stage = try Stage(settings(pageLimit: 24))
        let writer = stage.player("writer", .messagePack, DurableTests.everybody)
        let reader = stage.player("reader", .json, DurableTests.everybody)
        let late = stage.player("late", .messagePack, DurableTests.everybody)
        let id = reader.session.subscribe("room/1", hash: true)
        for player in [writer, reader] { stage.connect(player) }
        _ = writer.session.publish("room/1", set("x", 1))
        var large: UInt64 = 0
        var snapshots = 0
        stage.step("the small patch is there", until: { reader.version(of: id) == 1 }) {
            let bytes = [UInt8](repeating: 7, count: 200_000)
            large = writer.session.publish("room/1", set("x", .bytes(bytes)))
            snapshots = reader.count { $0 == .snapshot(id: id) }
        }
        let isRefused: ClientSession.Notice = .outcome(id: 2, .postponed(.storeFailed))
        let lateID = late.session.subscribe("room/1")
        stage.step(
            "the large one finds no room", until: { writer.count { $0 == isRefused } > 0 }
        ) {
            #expect(large == 2)
            stage.connect(late)
        }
        stage.step(
            "somebody new reads what was there", until: { late.version(of: lateID) == 1 }
        ) {
            #expect(late.document(of: lateID) == ["x": 1])
            #expect(reader.document(of: id) == ["x": 1])
            #expect(reader.count { $0 == .snapshot(id: id) } == snapshots)
            // Another publisher's small patch still finds room.
            _ = late.session.publish("room/1", set("y", 2))
        }
        stage.step("small patches go on", until: { reader.version(of: id) == 2 }) {
            #expect(reader.document(of: id) == ["x": 1, "y": 2])
            #expect(!reader.hasDiverged)
        }
        stage.play()
    }

    @Test func durableTopicsWithoutAStoreAreRefused() {
        var settings = settings()
        settings.store = nil
        #expect(throws: Node.StartError.storeMissing) { _ = try Node.start(settings) }
    }

    @Test func aStoreInUseIsRefused() throws {
        let stage = try Stage(settings())
        defer { stage.node.stop() }
        #expect(throws: Node.StartError.store(.held(folder.file))) {
            _ = try Node.start(settings())
        }
    }
}

extension Stage.Player {
    func events(of id: UInt64) -> [Event] {
        notices.compactMap { notice in
            if case .event(id, let event, _) = notice { event } else { nil }
        }
    }
}
