import Foundation
import Hub
import Synchronization
import Testing
import Wire

@testable import Node

/// What a store does when its disk does not: it says what is wrong, fails what it cannot do, and
/// goes on with the rest.
@Suite("A store that cannot") struct StoreFailureTests {
    let folder: StoreFolder

    init() throws { folder = try StoreFolder() }

    private func commit(
        _ id: UInt64, _ name: Text, _ version: UInt64, bytes: Int = 10
    ) -> Commit {
        let value = Value.bytes([UInt8](repeating: UInt8(truncatingIfNeeded: id), count: bytes))
        let record = Record(
            version: version, time: WallTime(seconds: 1),
            change: .patch(Patch(set: ["x": value])))
        let key = TopicKey(tenant: "t", name: name)
        return Commit(id: id, writes: [TopicWrite(key: key, epoch: "e", records: [record])])
    }

    private func versions(_ file: StoreFile, _ name: Text) throws -> [UInt64] {
        try file.load(TopicKey(tenant: "t", name: name))?.records.map(\.version) ?? []
    }

    @Test("With a full disk fails what finds no room, reads on, and stores what is small")
    func full() throws {
        var options = StoreFile.Options()
        options.pageLimit = 30
        let file = try StoreFile(folder.file, options)
        #expect(file.commit([commit(1, "a", 1)]) == [nil])
        let outcomes = file.commit([
            commit(2, "a", 2), commit(3, "b", 1, bytes: 500_000), commit(4, "c", 1),
        ])
        #expect(outcomes.map { $0?.kind } == [nil, .full, nil])
        #expect(outcomes[1]?.advice.contains("make room") == true)
        #expect(try versions(file, "a") == [1, 2])
        #expect(try versions(file, "b") == [])
        #expect(try versions(file, "c") == [1])
        // With room again all goes on.
        try file.database.run("PRAGMA max_page_count=1000")
        #expect(file.commit([commit(5, "b", 1, bytes: 500_000)]) == [nil])
        #expect(try versions(file, "b") == [1])
    }

    @Test(
        "On a file system without room left fails what is published, and reads on",
        .enabled(if: SmallFileSystem.isPossible, "only the system's administrator can mount"))
    func fullFileSystem() throws {
        let mounted = try SmallFileSystem(kilobytes: 400)
        let file = try StoreFile(mounted.folder + "/live.store")
        #expect(file.commit([commit(1, "a", 1)]) == [nil])
        var failure: DatabaseError?
        var version: UInt64 = 1
        while failure == nil, version < 100 {
            failure = file.commit([commit(version + 1, "a", version + 1, bytes: 20_000)])[0]
            if failure == nil { version += 1 }
        }
        #expect(failure?.kind == .full || failure?.kind == .device)
        #expect(try versions(file, "a") == Array(1...version))
    }

    @Test("Held by another program fails after a while, and goes on when that has ended")
    func busy() throws {
        let file = try StoreFile(folder.file)
        let other = try Database(folder.file, .write)
        try other.run("BEGIN IMMEDIATE")
        #expect(file.commit([commit(1, "a", 1)])[0]?.kind == .busy)
        try other.run("ROLLBACK")
        #expect(file.commit([commit(2, "a", 1)]) == [nil])
    }

    @Test("Whose file may only be read fails what is published, and reads on")
    func readOnly() throws {
        let file = try StoreFile(folder.file)
        #expect(file.commit([commit(1, "a", 1)]) == [nil])
        try file.database.run("PRAGMA query_only=ON")
        #expect(file.commit([commit(2, "a", 2)])[0]?.kind == .readOnly)
        #expect(try versions(file, "a") == [1])
    }

    @Test("Whose folder may not be written in is not opened, and says so")
    func unwritableFolder() throws {
        // The system's administrator may write everywhere but where nothing can be written.
        let mounted = try? SmallFileSystem(kilobytes: 64)
        let path = mounted?.folder ?? folder.url.path
        try mounted?.turnReadOnly()
        try? FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: path)
        let refusal = try #require(throws: StoreError.self) {
            _ = try StoreFile(path + "/live.store")
        }
        #expect(refusal.text.contains("may write there"))
    }

    // MARK: Damage

    /// A store with three topics, closed, so that all is in the one file.
    private func made(_ names: [Text] = ["a", "b", "c"]) throws {
        let file = try StoreFile(folder.file)
        for (i, name) in names.enumerated() {
            for version: UInt64 in 1...3 {
                let id = UInt64(i) * 10 + version
                #expect(file.commit([commit(id, name, version, bytes: 5_000)]) == [nil])
            }
        }
    }

    @Test("A topic whose bytes were changed is found, named, and stops no other")
    func changedBytes() throws {
        try made()
        var bytes = try Data(contentsOf: URL(filePath: folder.file))
        // In the middle of the value of the second topic's second version.
        let value = Data([UInt8](repeating: 12, count: 1_000))
        let place = try #require(bytes.range(of: value))
        bytes[place.lowerBound + 500] ^= 0x10
        try bytes.write(to: URL(filePath: folder.file))

        var survey = try StoreSurvey(folder.file)
        let found = survey.check()
        #expect(found.problems.count == 1)
        #expect(found.problems[0].contains("topic b"))
        #expect(found.topics == 3)
        let file = try StoreFile(folder.file)
        #expect(try versions(file, "a") == [1, 2, 3])
        let failure = #expect(throws: DatabaseError.self) { try versions(file, "b") }
        #expect(failure?.kind == .damaged)
        #expect(try versions(file, "c") == [1, 2, 3])
        #expect(file.commit([commit(40, "c", 4)]) == [nil])
    }

    @Test("Each page, overwritten, is found; the node never holds what was not written")
    func damagedPages() throws {
        try made()
        let whole = try Data(contentsOf: URL(filePath: folder.file))
        let pages = whole.count / 4_096
        #expect(pages > 15)
        var chance = SeededGenerator(seed: 5)
        var readable = 0
        for page in 0..<pages {
            var bytes = whole
            for i in page * 4_096..<(page + 1) * 4_096 {
                bytes[i] = UInt8.random(in: 0...255, using: &chance)
            }
            let path = folder.file("page \(page)")
            try bytes.write(to: URL(filePath: path))
            var isFound = true
            do {
                var survey = try StoreSurvey(path)
                isFound = !survey.check().problems.isEmpty
            } catch {}
            // A page that is free holds nothing.
            let isFree = !isFound
            guard let file = try? StoreFile(path) else { continue }
            for name: Text in ["a", "b", "c"] {
                guard let read = try? versions(file, name) else { continue }
                readable += 1
                #expect(read == [1, 2, 3] || (read == [] && isFound))
            }
            #expect(isFound || isFree)
        }
        // Most of a file can still be read when one page is gone.
        #expect(readable > pages)
    }

    @Test("A row that is gone leaves a gap that is found")
    func gap() throws {
        try made()
        do {
            let other = try Database(folder.file, .write)
            try other.run("DELETE FROM log WHERE topic = 2 AND last = 2")
        }
        let file = try StoreFile(folder.file)
        #expect(throws: DatabaseError.self) { try versions(file, "b") }
        #expect(try versions(file, "a") == [1, 2, 3])
        var survey = try StoreSurvey(folder.file)
        #expect(survey.check().problems.first?.contains("gap at version 2") == true)
    }

    @Test("A row in another's place is found")
    func exchanged() throws {
        try made()
        do {
            let other = try Database(folder.file, .write)
            try other.run(
                "DELETE FROM log WHERE topic = 3; UPDATE log SET topic = 3 WHERE topic = 2")
        }
        let file = try StoreFile(folder.file)
        #expect(throws: DatabaseError.self) { try versions(file, "c") }
    }

    // MARK: Words

    @Test("The same failure is told once in ten seconds, with how often it came, and its end")
    func complaints() {
        let said = Mutex<[String]>([])
        var complaints = StoreComplaints { text in said.withLock { $0.append(text) } }
        let error = DatabaseError(code: 13, message: "database or disk is full")
        func at(_ seconds: UInt64) -> Instant {
            Instant(nanoseconds: 0) + .seconds(seconds)
        }
        for second: UInt64 in 1...25 { complaints.complain("f", "no", error, now: at(second)) }
        complaints.isWell("f", now: at(26))
        complaints.isWell("f", now: at(27))
        let lines = said.withLock { $0 }
        #expect(lines.count == 4)
        #expect(lines[0].contains("store f: no: database or disk is full"))
        #expect(lines[0].contains("make room"))
        #expect(lines[1].contains("9 times since"))
        #expect(lines[3].contains("stored again"))
    }
}
