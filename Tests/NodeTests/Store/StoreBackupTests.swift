import Foundation
import Hub
import Testing
import Wire

@testable import Node

/// Copies of a store, and looks into it, while a node uses it.
@Suite("A backup of a store") struct StoreBackupTests {
    let folder: StoreFolder

    init() throws { folder = try StoreFolder() }

    @Test("Holds all of one moment while the store goes on, and opens as a store")
    func backup() throws {
        let file = try StoreFile(folder.file)
        var life = StoreLife(seed: 21)
        func go(_ count: Int) {
            for _ in 0..<count {
                let group = life.group()
                #expect(file.commit(group) == group.map { _ in nil })
                for commit in group { life.keep(commit) }
            }
        }
        go(40)
        let then = life.model
        try StoreBackup.copy(folder.file, to: folder.file("copy"))
        go(40)
        #expect(then != life.model)
        do {
            var survey = try StoreSurvey(folder.file("copy"))
            #expect(survey.check().problems == [])
        }
        let copy = try StoreFile(folder.file("copy")).everything().inOrder
        #expect(copy.mapValues(\.withoutEpoch) == then.inOrder.mapValues(\.withoutEpoch))
        // Its versions will come again, so they are of another epoch.
        #expect(copy.allSatisfy { $0.value.epoch != then[$0.key]?.epoch })
        #expect(Set(copy.values.map(\.epoch)).count == copy.count)
        #expect(try file.everything().inOrder == life.model.inOrder)
        // The store itself can be looked through meanwhile.
        var live = try StoreSurvey(folder.file)
        let found = live.check()
        #expect(found.problems == [])
        #expect(found.topics == life.model.count)
    }

    @Test("Takes an older backup's place at once, and leaves nothing else behind")
    func replaces() throws {
        _ = try StoreFile(folder.file)
        try Data("an older backup".utf8).write(to: URL(filePath: folder.file("copy")))
        try StoreBackup.copy(folder.file, to: folder.file("copy"))
        _ = try StoreSurvey(folder.file("copy"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(!names.contains { $0.hasPrefix("copy.") || $0.hasPrefix("copy-") })
    }

    @Test("Is not put where the store is, nor where another node's is")
    func refusals() throws {
        let file = try StoreFile(folder.file)
        let other = try StoreFile(folder.file("other"))
        #expect(throws: StoreError.self) {
            try StoreBackup.copy(folder.file, to: folder.file)
        }
        #expect(throws: StoreError.held(folder.file("other"))) {
            try StoreBackup.copy(folder.file, to: folder.file("other"))
        }
        withExtendedLifetime((file, other)) {}
    }

    @Test("Of what is no store is none, and an older backup stays")
    func noStore() throws {
        let older = Data("an older backup".utf8)
        try older.write(to: URL(filePath: folder.file("copy")))
        try Data("text".utf8).write(to: URL(filePath: folder.file("text")))
        for source in ["text", "nothing"] {
            #expect(throws: StoreError.self) {
                try StoreBackup.copy(folder.file(source), to: folder.file("copy"))
            }
            #expect(try Data(contentsOf: URL(filePath: folder.file("copy"))) == older)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(names.sorted() == ["copy", "text"])
    }
}

extension StoredTopic {
    fileprivate var withoutEpoch: StoredTopic {
        var topic = self
        topic.epoch = Text()
        return topic
    }
}
