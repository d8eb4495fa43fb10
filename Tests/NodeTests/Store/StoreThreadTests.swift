import Hub
import Synchronization
import Testing
import Transport
import Wire

@testable import Node

/// The store's thread: groups, answers, and what waits.
@Suite("The store's thread") struct StoreThreadTests {
    let folder: StoreFolder

    init() throws { folder = try StoreFolder() }

    /// What came back to each loop, and a bell for so many of them.
    private final class Replies: Sendable {
        private let answers = Mutex<[(loop: Int, answer: StoreAnswer)]>([])
        private let wanted: Int
        private let bell: Latch<Bool>

        init(_ wanted: Int) throws {
            self.wanted = wanted
            bell = try Latch()
        }

        func take(_ loop: Int, _ more: [StoreAnswer]) {
            let count = answers.withLock { answers in
                answers += more.map { (loop, $0) }
                return answers.count
            }
            if count >= wanted { bell.open(with: true) }
        }

        func all() -> [(loop: Int, answer: StoreAnswer)] {
            _ = bell.wait()
            return answers.withLock { $0 }
        }
    }

    private func write(_ name: Text, _ version: UInt64) -> TopicWrite {
        let record = Record(
            version: version, time: WallTime(seconds: 1),
            change: .patch(Patch(set: ["n": .unsigned(version)])))
        return TopicWrite(
            key: TopicKey(tenant: "t", name: name), epoch: "e", records: [record])
    }

    @Test("Commits of all loops are stored together, and each loop gets its own answers")
    func groups() throws {
        let store = try Store.open(StoreSettings(file: folder.file))
        let replies = try Replies(300)
        store.begin { loop, answers in replies.take(loop, answers) }
        for id: UInt64 in 1...100 {
            for loop in 0..<3 {
                let commit = Commit(id: id, writes: [write(Text("\(loop)/\(id)"), 1)])
                #expect(store.post([.commit(commit)], from: loop))
            }
        }
        // Stopping does what was asked before.
        store.stop()
        var ids = [[UInt64]](repeating: [], count: 3)
        for (loop, answer) in replies.all() {
            if case .committed(let id) = answer { ids[loop].append(id) }
        }
        #expect(ids == [[UInt64]](repeating: Array(1...100), count: 3))
        #expect(store.counts.groups < 300)
        let again = try Store.open(StoreSettings(file: folder.file))
        defer { again.stop() }
        let loads = try Replies(300)
        again.begin { loop, answers in loads.take(loop, answers) }
        for id: UInt64 in 1...100 {
            let keys = (0..<3).map { TopicKey(tenant: "t", name: Text("\($0)/\(id)")) }
            #expect(again.post(keys.map { .load($0) }, from: 2))
        }
        for (loop, answer) in loads.all() {
            #expect(loop == 2)
            guard case .loaded(_, let topic?) = answer else {
                Issue.record("not there: \(answer)")
                return
            }
            #expect(topic.records.map(\.version) == [1])
        }
        #expect(again.counts.loads == 300)
    }

    @Test("What is asked while a group is synced is the next group")
    func gathering() throws {
        let store = try Store.open(StoreSettings(file: folder.file))
        let replies = try Replies(400)
        store.begin { loop, answers in replies.take(loop, answers) }
        for id: UInt64 in 1...400 {
            let commit = Commit(id: id, writes: [write(Text("\(id)"), 1)])
            while !store.post([.commit(commit)], from: 0) {}
        }
        let answers = replies.all()
        store.stop()
        var ids: [UInt64] = []
        for (_, answer) in answers {
            if case .committed(let id) = answer { ids.append(id) }
        }
        #expect(ids == Array(1...400))
        let counts = store.counts
        #expect(counts.commits == 400)
        #expect(counts.failedCommits == 0)
        #expect(counts.groups < 400)
    }

    @Test("A failed commit is answered to its loop, and told to whoever runs the node")
    func failure() throws {
        let said = Mutex<[String]>([])
        var settings = StoreSettings(file: folder.file)
        settings.complain = { text in said.withLock { $0.append(text) } }
        let store = try Store.open(settings)
        let replies = try Replies(3)
        store.begin { loop, answers in replies.take(loop, answers) }
        let good = write("a", 1)
        #expect(
            store.post([.commit(Commit(id: 7, writes: [good]))], from: 1)
                && store.post([.commit(Commit(id: 8, writes: [good]))], from: 1)
                && store.post([.load(good.key)], from: 1))
        var outcomes: [String] = []
        for (loop, answer) in replies.all() {
            #expect(loop == 1)
            switch answer {
            case .committed(let id): outcomes.append("\(id) stored")
            case .failed(let id): outcomes.append("\(id) failed")
            case .loaded(_, let topic): outcomes.append("\(topic?.records.count ?? 0) records")
            case .loadFailed: outcomes.append("not read")
            case .listed(let list): outcomes.append("\(list.topics.count) topics")
            }
        }
        store.stop()
        #expect(outcomes.sorted() == ["1 records", "7 stored", "8 failed"])
        #expect(store.counts.failedCommits == 1)
        #expect(said.withLock { $0 }.contains { $0.contains("could not be stored") })
    }

    @Test("A revocation is stored, and known when the store is opened again")
    func revocations() throws {
        let entry = Revocation(
            tenant: "t", kind: .token, name: "a", at: WallTime(seconds: 5),
            until: WallTime(seconds: 1 << 40))
        let store = try Store.open(StoreSettings(file: folder.file))
        let done = try Latch<Bool>()
        store.revoke(entry) { done.open(with: $0) }
        #expect(done.wait())
        store.stop()
        let again = try Store.open(StoreSettings(file: folder.file))
        #expect(again.revocations == [entry])
        again.stop()
    }

    // MARK: The way there

    private func commit(_ id: UInt64, _ names: [Text]) -> StoreRequest {
        .commit(Commit(id: id, writes: names.map { write($0, 1) }))
    }

    private func ids(_ requests: [StoreRequest]) -> [UInt64] {
        requests.map {
            switch $0 {
            case .commit(let commit): commit.id
            case .load, .list: 0
            }
        }
    }

    private func at(_ millis: UInt64) -> Instant {
        Instant(nanoseconds: 0) + .milliseconds(millis)
    }

    @Test("A topic that could not be stored waits before it is tried again, and no other does")
    func pauseAfterCommit() {
        var line = StoreLine()
        line.add([commit(1, ["a", "b"])], now: at(0))
        #expect(ids(line.due(now: at(0))) == [1])
        line.note(.failed(1), now: at(10))
        // What was taken back is read at once.
        line.add(
            [
                .load(TopicKey(tenant: "t", name: "a")), commit(2, ["a"]), commit(3, ["c"]),
                commit(4, ["c", "b"]),
            ], now: at(10))
        #expect(ids(line.due(now: at(10))) == [0, 3])
        #expect(line.deadline(now: at(10)) == at(260))
        #expect(ids(line.due(now: at(259))) == [])
        #expect(ids(line.due(now: at(260))) == [2, 4])
        line.note(.committed(2), now: at(270))
        line.add([commit(5, ["a"])], now: at(270))
        #expect(ids(line.due(now: at(270))) == [5])
        #expect(line.deadline(now: at(270)) == nil)
    }

    @Test("A topic that could not be read waits before it is read again")
    func pauseAfterLoad() {
        var line = StoreLine()
        let key = TopicKey(tenant: "t", name: "a")
        line.add([.load(key)], now: at(0))
        #expect(line.due(now: at(0)).count == 1)
        line.note(.loadFailed(key), now: at(1))
        line.add([.load(key), .load(TopicKey(tenant: "t", name: "b"))], now: at(2))
        #expect(line.due(now: at(2)).count == 1)
        #expect(line.deadline(now: at(2)) == at(1_001))
        #expect(line.due(now: at(1_001)).count == 1)
    }

    @Test("What a full box did not take goes first, and soon")
    func fullBox() {
        var line = StoreLine()
        line.add([commit(1, ["a"])], now: at(0))
        line.putBack(line.due(now: at(0)))
        line.add([commit(2, ["b"])], now: at(0))
        #expect(line.deadline(now: at(0)) == at(1))
        #expect(ids(line.due(now: at(1))) == [1, 2])
        #expect(line.deadline(now: at(1)) == nil)
    }
}
