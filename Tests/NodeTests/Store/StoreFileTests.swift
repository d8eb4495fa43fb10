import Foundation
import Hub
import Testing
import Wire

@testable import Node

/// Rules 18 to 21: what a store keeps, and how it opens.
@Suite("A store's file") struct StoreFileTests {
    let folder: StoreFolder

    init() throws { folder = try StoreFolder() }

    @Test("Holds what the model of a store holds, over many commits and openings")
    func model() throws {
        for seed: UInt64 in 1...4 {
            let path = folder.file("seed \(seed)")
            var life = StoreLife(seed: seed)
            for _ in 0..<6 {
                let file = try StoreFile(path)
                for _ in 0..<25 {
                    let group = life.group()
                    for commit in group { life.keep(commit) }
                    #expect(file.commit(group) == group.map { _ in nil })
                }
                #expect(try file.everything().inOrder == life.model.inOrder)
            }
            // The life had everything in it that a store must keep.
            let topics = life.model.values
            #expect(topics.contains { $0.checkpoint?.events.isEmpty == false })
            #expect(topics.contains { $0.checkpoint?.document.entries.isEmpty == false })
            #expect(topics.contains { !$0.deadLetters.isEmpty })
            #expect(topics.contains { !$0.names.isEmpty })
            var survey = try StoreSurvey(path)
            #expect(survey.check().problems == [])
        }
    }

    @Test("Knows nothing of a topic that was never stored")
    func absent() throws {
        let file = try StoreFile(folder.file)
        #expect(try file.load(TopicKey(tenant: "t", name: "nothing")) == nil)
    }

    @Test("One commit of a group that cannot be written fails alone")
    func failsAlone() throws {
        let file = try StoreFile(folder.file)
        func commit(_ id: UInt64, _ name: Text, _ version: UInt64) -> Commit {
            let record = Record(
                version: version, time: WallTime(seconds: 1),
                change: .patch(Patch(set: ["n": .unsigned(id)])))
            return Commit(
                id: id,
                writes: [
                    TopicWrite(
                        key: TopicKey(tenant: "t", name: name), epoch: "e", records: [record])
                ])
        }
        // Version 1 of `a` comes twice: the second is refused, and `b` and `c` know nothing of it.
        let outcomes = file.commit([
            commit(1, "a", 1), commit(2, "b", 1), commit(3, "a", 1), commit(4, "c", 1),
        ])
        #expect(outcomes.map { $0 == nil } == [true, true, false, true])
        for (name, id): (Text, UInt64) in [("a", 1), ("b", 2), ("c", 4)] {
            let stored = try file.load(TopicKey(tenant: "t", name: name))
            let change = Publish.Change.patch(Patch(set: ["n": .unsigned(id)]))
            #expect(stored?.records.map(\.change) == [change])
        }
    }

    @Test("The log of a hot topic is cut behind its checkpoints, and the file stays small")
    func bounded() throws {
        let file = try StoreFile(folder.file)
        let key = TopicKey(tenant: "t", name: "hot")
        var document = Document()
        var longest = 0
        for round in 1...400 {
            var write = TopicWrite(key: key, epoch: "e")
            for i in 0..<10 {
                let patch = Patch(set: ["n": .integer(Int64(round * 10 + i))])
                document.replay(patch)
                write.records.append(
                    Record(
                        version: document.version, time: WallTime(seconds: 1),
                        change: .patch(patch)))
            }
            if round % 10 == 0 {
                write.checkpoint = TopicCheckpoint(document: document.checkpoint)
            }
            #expect(file.commit([Commit(id: UInt64(round), writes: [write])]) == [nil])
            longest = max(longest, try file.load(key)?.records.count ?? 0)
        }
        #expect(longest == 90)
        #expect(try Schema.number(file.database, "PRAGMA page_count") < 60)
    }

    @Test("The write-ahead log is moved into the file while it is used, and begins anew")
    func settles() throws {
        var options = StoreFile.Options()
        options.logPages = 50
        let file = try StoreFile(folder.file, options)
        var life = StoreLife(seed: 9)
        var settlings = 0
        var most = 0
        for _ in 0..<200 {
            let commit = life.commit()
            life.keep(commit)
            #expect(file.commit([commit]) == [nil])
            most = max(most, file.database.logPages)
            if try file.settle() { settlings += 1 }
        }
        #expect(settlings > 5)
        #expect(most < 150)
        #expect(try file.everything().inOrder == life.model.inOrder)
    }

    // MARK: Opening

    @Test("Is open in one node at a time")
    func lock() throws {
        let first = try StoreFile(folder.file)
        #expect(throws: StoreError.held(folder.file)) { _ = try StoreFile(folder.file) }
        withExtendedLifetime(first) {}
    }

    @Test("Can be opened again when the one before is gone")
    func lockFreed() throws {
        _ = try StoreFile(folder.file)
        _ = try StoreFile(folder.file)
    }

    /// A step as a later version will have one: it adds a column and fills it.
    private static let next = """
        ALTER TABLE topics ADD COLUMN label TEXT NOT NULL DEFAULT '';
        UPDATE topics SET label = tenant || ' ' || name;
        """
    private static let longer = Schema(steps: Schema.current.steps + [next])

    @Test("Of an older version is migrated, and keeps what it held")
    func migration() throws {
        var life = StoreLife(seed: 5)
        do {
            let old = try StoreFile(folder.file)
            for _ in 0..<30 {
                let commit = life.commit()
                life.keep(commit)
                #expect(old.commit([commit]) == [nil])
            }
        }
        var options = StoreFile.Options()
        options.schema = StoreFileTests.longer
        for _ in 1...2 {
            let file = try StoreFile(folder.file, options)
            let version = try Schema.number(file.database, "PRAGMA user_version")
            #expect(version == Schema.current.version + 1)
            let labelled = "SELECT count(*) FROM topics WHERE label = tenant || ' ' || name"
            #expect(try Schema.number(file.database, labelled) == Int64(life.model.count))
            #expect(try file.everything().inOrder == life.model.inOrder)
        }
    }

    /// As the first release wrote it.
    private static let first = Schema(steps: [Schema.current.steps[0]])

    @Test("Of the first version is migrated; a topic of before counts as used at that moment")
    func migrationOfTheFirst() throws {
        do {
            let database = try Database(folder.file, .make, vfs: "unix")
            try StoreFileTests.first.migrate(database, from: 0)
            try database.run("INSERT INTO topics VALUES (7, 't', 'a', '0123456789abcdef')")
        }
        let old = StoreError.older(folder.file, found: 1, known: Schema.current.version)
        #expect(throws: old) { _ = try StoreSurvey(folder.file) }
        let file = try StoreFile(folder.file)
        let entry = try #require(try file.list(after: 0).topics.first)
        #expect(entry.key == TopicKey(tenant: "t", name: "a") && entry.used.seconds > 1_700_000_000)
        #expect(try file.load(entry.key)?.epoch == "0123456789abcdef")
        _ = try StoreSurvey(folder.file)
    }

    @Test("A topic's last write takes everything of it, and no other's")
    func lastWrite() throws {
        var life = StoreLife(seed: 9)
        let file = try StoreFile(folder.file)
        for _ in 0..<40 {
            let commit = life.commit()
            life.keep(commit)
            #expect(file.commit([commit]) == [nil])
        }
        let keys = life.model.keys.sorted { ($0.tenant, $0.name) < ($1.tenant, $1.name) }
        for (i, key) in keys.enumerated() {
            let write = TopicWrite(
                key: key, epoch: life.model[key]?.epoch ?? Text(), isLast: true)
            let commit = Commit(id: UInt64(1_000 + i), writes: [write])
            life.keep(commit)
            #expect(file.commit([commit]) == [nil])
            #expect(try file.load(key) == nil)
            #expect(try file.everything().inOrder == life.model.inOrder)
        }
        #expect(try file.list(after: 0) == TopicList(topics: [], last: nil))
        for table in ["log", "checkpoints", "names", "dead_letters"] {
            #expect(try Schema.number(file.database, "SELECT count(*) FROM \(table)") == 0)
        }
    }

    @Test("Lists its topics page by page, with the hour of their last change")
    func list() throws {
        let file = try StoreFile(folder.file)
        func publish(_ number: Int, at seconds: Int64) -> Commit {
            let key = TopicKey(tenant: "t", name: Text("topic/\(number)"))
            let change = Publish.Change.patch(Patch(set: ["a": 1]))
            let record = Record(
                version: UInt64(seconds), time: WallTime(seconds: seconds), change: change)
            return Commit(
                id: 1, writes: [TopicWrite(key: key, epoch: "e", records: [record])])
        }
        for number in 0..<300 { #expect(file.commit([publish(number, at: 10_000)]) == [nil]) }
        // Within the hour the row is let be; after it, it is written again.
        #expect(file.commit([publish(3, at: 13_599)]) == [nil])
        #expect(file.commit([publish(4, at: 13_600)]) == [nil])
        let page = try file.list(after: 0)
        #expect(page.topics.count == 256)
        #expect(page.topics[3].used.seconds == 10_000 && page.topics[4].used.seconds == 13_600)
        let rest = try file.list(after: try #require(page.last))
        #expect(rest.topics.count == 44 && rest.last == nil)
        #expect(rest.topics.last?.key.name == "topic/299")
    }

    @Test("A migration that fails has not happened")
    func failedMigration() throws {
        _ = try StoreFile(folder.file)
        var options = StoreFile.Options()
        options.schema = Schema(
            steps: Schema.current.steps + [
                StoreFileTests.next + "INSERT INTO nowhere VALUES (1);"
            ])
        #expect(throws: StoreError.self) { _ = try StoreFile(folder.file, options) }
        let file = try StoreFile(folder.file)
        #expect(try Schema.number(file.database, "PRAGMA user_version") == Schema.current.version)
    }

    @Test("Of a newer version is refused, with what to do")
    func newer() throws {
        var options = StoreFile.Options()
        options.schema = StoreFileTests.longer
        _ = try StoreFile(folder.file, options)
        let known = Schema.current.version
        let refusal = StoreError.newer(folder.file, found: known + 1, known: known)
        #expect(throws: refusal) { _ = try StoreFile(folder.file) }
        #expect(refusal.text.contains("newer"))
    }

    @Test("Of another program is refused, and not changed")
    func foreign() throws {
        do {
            let other = try Database(folder.file, .make)
            try other.run("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
        }
        let before = try Data(contentsOf: URL(filePath: folder.file))
        #expect(throws: StoreError.foreign(folder.file)) { _ = try StoreFile(folder.file) }
        #expect(try Data(contentsOf: URL(filePath: folder.file)) == before)
        try Data("no database at all, but long enough to have a header ...".utf8)
            .write(to: URL(filePath: folder.file("text")))
        #expect(throws: StoreError.self) { _ = try StoreFile(folder.file("text")) }
    }

    @Test("In a folder that is not there is refused, with what to do")
    func nowhere() throws {
        let path = folder.file("no/such/folder/live.store")
        let refusal = try #require(throws: StoreError.self) { _ = try StoreFile(path) }
        #expect(refusal.text.contains("folder exists"))
    }

    @Test("Remembers who is revoked until the last token has expired")
    func revocations() throws {
        let user = Revocation(
            tenant: "t", kind: .user, name: "eve", at: WallTime(seconds: 5),
            until: WallTime(seconds: 200))
        let token = Revocation(
            tenant: "t", kind: .token, name: "id-1", at: WallTime(seconds: 5),
            until: WallTime(seconds: 100))
        do {
            let file = try StoreFile(folder.file)
            try file.add(token, now: WallTime(seconds: 50))
            try file.add(user, now: WallTime(seconds: 60))
            #expect(try file.revocations() == [user, token])
        }
        let file = try StoreFile(folder.file)
        #expect(try file.revocations() == [user, token])
        let later = Revocation(
            tenant: "t", kind: .user, name: "eve", at: WallTime(seconds: 5),
            until: WallTime(seconds: 300))
        try file.add(later, now: WallTime(seconds: 150))
        #expect(try file.revocations() == [later])
    }
}
