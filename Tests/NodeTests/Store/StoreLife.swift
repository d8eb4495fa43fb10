import Hub
import Wire

@testable import Node

/// A life of topics as hubs would write it, from a seed, and what a store must hold after it.
struct StoreLife {
    /// What `StoredTopic.take`, which is the meaning of a store, makes of all that was committed.
    private(set) var model: [TopicKey: StoredTopic] = [:]
    private var heads: [TopicKey: Head] = [:]
    private var chance: SeededGenerator
    private var commits: UInt64 = 0

    private struct Head {
        var document: Document
        var events: [EventLog.Entry] = []
        var epoch: Text
        var ledger: [Ledger.Chapter.Line] = []
        var sinceCheckpoint = 0
    }

    static let keys = ["a", "b/c", "empty tenant", "jobs/1", "jobs/2"].map {
        TopicKey(tenant: $0 == "empty tenant" ? "" : "t", name: Text($0))
    }

    init(seed: UInt64) { chance = SeededGenerator(seed: seed) }

    mutating func below(_ n: Int) -> Int { Int.random(in: 0..<n, using: &chance) }

    /// The next commit; nothing of it counts until it is `keep`t.
    mutating func commit() -> Commit { commit(of: StoreLife.keys) }

    private mutating func commit(of keys: [TopicKey]) -> Commit {
        commits += 1
        var writes: [TopicWrite] = []
        for key in keys where below(2) == 0 { writes.append(write(key)) }
        return Commit(id: commits, writes: writes.isEmpty ? [write(keys[0])] : writes)
    }

    /// Commits that are under way together: a hub has one at a time for each topic.
    mutating func group() -> [Commit] {
        let parts = 1 + below(3)
        var shares = [[TopicKey]](repeating: [], count: parts)
        for key in StoreLife.keys { shares[below(parts)].append(key) }
        return shares.filter { !$0.isEmpty }.map { commit(of: $0) }
    }

    mutating func keep(_ commit: Commit) {
        for write in commit.writes {
            model[write.key] = .after(write, model[write.key])
        }
    }

    /// The commit failed: a hub reads its topics again and goes on from there.
    mutating func takeBack(_ commit: Commit) {
        for write in commit.writes { heads[write.key] = nil }
    }

    /// The node begins again.
    mutating func forgetHeads() { heads = [:] }

    /// What a hub that reads the topic goes on from.
    private func head(_ key: TopicKey) -> Head {
        if let head = heads[key] { return head }
        guard let stored = model[key] else { return Head(document: Document(), epoch: "first") }
        let checkpoint = stored.checkpoint
        var head = Head(
            document: checkpoint.map { Document($0.document) } ?? Document(),
            events: checkpoint?.events ?? [], epoch: stored.epoch,
            ledger: checkpoint?.ledger.first?.lines ?? [])
        for record in stored.records {
            switch record.change {
            case .patch(let patch): head.document.replay(patch)
            case .event(let data):
                _ = head.document.advance()
                head.events.append(
                    EventLog.Entry(sequence: record.version, time: record.time, data: data))
            }
        }
        head.sinceCheckpoint = stored.records.count
        return head
    }

    private mutating func write(_ key: TopicKey) -> TopicWrite {
        var head = head(key)
        if below(60) == 0 {
            head = Head(document: Document(), epoch: Text("epoch \(commits)"))
        }
        let isEvents = key.name.string.hasPrefix("jobs")
        var write = TopicWrite(key: key, epoch: head.epoch)
        for _ in 0...below(4) { write.records.append(record(&head, isEvents)) }
        if isEvents { addReaders(&write, head) }
        head.sinceCheckpoint += write.records.count
        if head.sinceCheckpoint > 12 {
            head.sinceCheckpoint = 0
            head.events = head.events.suffix(9)
            write.checkpoint = TopicCheckpoint(
                document: head.document.checkpoint, events: head.events,
                expiries: [Record.Expiry(path: ["x", "y"], at: time())],
                ledger: [
                    Ledger.Chapter(
                        principal: "p", instance: "i", forgotten: 3, lines: head.ledger)
                ])
        }
        heads[key] = head
        return write
    }

    private mutating func record(_ head: inout Head, _ isEvents: Bool) -> Record {
        let change: Publish.Change
        if isEvents {
            change = .event(value(depth: 3))
            _ = head.document.advance()
        } else {
            let patch = patch()
            change = .patch(patch)
            head.document.replay(patch)
        }
        let version = head.document.version
        let time = time()
        if case .event(let data) = change {
            head.events.append(EventLog.Entry(sequence: version, time: time, data: data))
        }
        let answer = Ledger.Answer(
            principal: "p", instance: "i", id: version, fingerprint: chance.next(),
            version: version)
        if below(3) > 0 {
            head.ledger.append(
                Ledger.Chapter.Line(
                    id: answer.id, fingerprint: answer.fingerprint, version: version))
        }
        return Record(
            version: version, time: time, change: change,
            expiries: below(4) == 0 ? [Record.Expiry(path: ["x"], at: time)] : [],
            answer: below(4) > 0 ? answer : nil)
    }

    private mutating func patch() -> Patch {
        var patch = Patch()
        for _ in 0..<below(3) { patch.set[text()] = value(depth: 2) }
        if below(3) == 0 { patch.unset = [Path([text()]), Path([text(), text()])] }
        if below(3) == 0 {
            patch.increments = [
                Patch.Increment(path: ["counter", "of", text()], amount: Number(Int64(below(9))))
            ]
        }
        return patch
    }

    private mutating func addReaders(_ write: inout TopicWrite, _ head: Head) {
        let version = head.document.version
        for name in ["billing", "audit", "a name of more than fifteen bytes"] where below(3) == 0 {
            var beyond = Ranges()
            if version > 4 { beyond.insert(version - 1) }
            write.names.append(
                DurableName.State(
                    name: Text(name), done: version / 2, beyond: beyond,
                    deliveries: [
                        DurableName.State.Delivery(sequence: version, count: UInt64(below(5)))
                    ]))
        }
        // The oldest are settled now and then, and there may be fewer than are said to be.
        if below(12) == 0 { write.settledLetters = 1 + below(2) }
        if below(8) == 0 {
            write.deadLetters.append(
                DeadLetter(
                    name: "billing", sequence: version, code: .never, deliveries: 2,
                    data: value(depth: 1)))
        }
    }

    private mutating func time() -> WallTime {
        WallTime(
            seconds: 1_700_000_000 + Int64(below(1_000_000)),
            nanoseconds: UInt32(below(1_000_000_000)))
    }

    private mutating func text() -> Text {
        let texts = ["a", "é", "b c", "$", "日本", "\u{0}", "longer than fifteen bytes", "x"]
        return Text(texts[below(texts.count)])
    }

    /// Of every kind.
    private mutating func value(depth: Int) -> Value {
        switch below(depth > 0 ? 11 : 9) {
        case 0: return .null
        case 1: return .boolean(below(2) == 0)
        case 2: return .unsigned(chance.next())
        case 3: return .integer(-Int64(below(1 << 40)))
        case 4: return Value.double(Double(bitPattern: chance.next())) ?? .null
        case 5: return .text(text())
        case 6: return .bytes((0..<below(40)).map { UInt8($0) })
        case 7: return .time(time())
        case 8: return Custom(type: 7, data: [1, 2, 3]).map { .custom($0) } ?? .null
        case 9: return .array((0..<below(4)).map { _ in value(depth: depth - 1) })
        default:
            var map = Map()
            for _ in 0..<below(4) { map[text()] = value(depth: depth - 1) }
            return .map(map)
        }
    }
}

extension StoredTopic {
    /// Names come back in their own order.
    var inOrder: StoredTopic {
        var topic = self
        topic.names.sort { $0.name < $1.name }
        return topic
    }
}

extension StoreFile {
    /// Everything that a life has to do with.
    func everything() throws -> [TopicKey: StoredTopic] {
        var all: [TopicKey: StoredTopic] = [:]
        for key in StoreLife.keys { all[key] = try load(key) }
        return all
    }
}

extension [TopicKey: StoredTopic] {
    var inOrder: [TopicKey: StoredTopic] { mapValues { $0.inOrder } }
}
