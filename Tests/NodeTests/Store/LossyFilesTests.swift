import CLossyFiles
import Hub
import Testing
import Wire

@testable import Node

/// A store over files that lose, when power goes, what was not synced: nothing, a beginning or any
/// part of it reaches the disk. It goes at any step: in a commit, while the write-ahead log moves
/// into the file, while the file is made.
///
/// What must hold: whatever was committed is there; of the group under way either all is there or
/// nothing; and nothing else is.
@Suite("A store over files that lose power", .serialized) struct LossyFilesTests {
    init() { #expect(fc_lossy_register() == 0) }

    /// What the store may hold: the last state that it promised, or that with a group that it did
    /// not promise and that got to the disk before the power went.
    private struct Expected {
        var life: StoreLife
        /// Groups since the last one that was promised.
        var unsure: [[Commit]] = []

        /// After a life that went on to a group, and what became of that.
        mutating func go(_ later: StoreLife, _ group: [Commit], _ outcomes: [DatabaseError?]) {
            life = later
            if outcomes.contains(where: { $0 != nil }) { unsure.append(group) }
            for (commit, outcome) in zip(group, outcomes) {
                if outcome == nil {
                    // What had failed before stood where this stands now.
                    life.keep(commit)
                    unsure = []
                } else {
                    life.takeBack(commit)
                    unsure.append([commit])
                }
            }
        }

        func explains(_ found: [TopicKey: StoredTopic]) -> StoreLife? {
            if found == life.model.inOrder { return life }
            for group in unsure {
                var other = life
                for commit in group { other.keep(commit) }
                if found == other.model.inOrder { return other }
            }
            return nil
        }
    }

    @Test("Nothing committed is lost and nothing else is there, whenever power goes")
    func power() throws {
        let folder = try StoreFolder()
        var chance = SeededGenerator(seed: 77)
        var options = StoreFile.Options()
        options.vfs = "lossy"
        // Small, so that the log moves into the file every few commits.
        options.logPages = 20
        var inCommits = 0
        var inSettling = 0
        var expected = Expected(life: StoreLife(seed: 3))
        for life: UInt64 in 1...400 {
            fc_lossy_begin(life, Int64.random(in: 1...300, using: &chance))
            var isSettling = false
            run(folder.file, options, &expected, &chance, &isSettling)
            #expect(fc_lossy_crashed())
            if isSettling { inSettling += 1 } else { inCommits += 1 }
            // The next life sees what is on the disk, and only that.
            fc_lossy_begin(life, -1)
            let found = try StoreFile(folder.file, options).everything().inOrder
            guard let explained = expected.explains(found) else {
                Issue.record("life \(life): the store holds what was never promised, or less")
                return
            }
            expected = Expected(life: explained)
            expected.life.forgetHeads()
        }
        #expect(inCommits > 50)
        #expect(inSettling > 50)
    }

    @Test("Power that goes while the file is made leaves one that can be opened")
    func making() throws {
        let folder = try StoreFolder()
        var options = StoreFile.Options()
        options.vfs = "lossy"
        fc_lossy_begin(0, -1)
        do { _ = try StoreFile(folder.file("whole"), options) }
        let steps = fc_lossy_steps()
        #expect(steps > 5)
        for step in 1...steps {
            for seed: UInt64 in 0..<8 {
                let path = folder.file("\(step) \(seed)")
                fc_lossy_begin(seed, step)
                // It goes while the file is opened or, later, while it is closed.
                _ = try? StoreFile(path, options)
                #expect(fc_lossy_crashed())
                fc_lossy_begin(seed, -1)
                #expect(try StoreFile(path, options).everything().isEmpty)
            }
        }
    }

    /// Commits until power goes.
    private func run(
        _ path: String, _ options: StoreFile.Options, _ expected: inout Expected,
        _ chance: inout SeededGenerator, _ isSettling: inout Bool
    ) {
        guard let file = try? StoreFile(path, options) else {
            // Opening may have been done before.
            fc_lossy_crash()
            return
        }
        while !fc_lossy_crashed() {
            var life = expected.life
            let group = life.group()
            // Now and then a write or a sync fails, and the power does not.
            if Int.random(in: 0..<20, using: &chance) == 0 {
                let codes: [Int32] = [13, 778, 1_034]
                fc_lossy_fail(
                    Int64.random(in: 1...4, using: &chance),
                    codes.randomElement(using: &chance) ?? 13)
            }
            expected.go(life, group, file.commit(group))
            if fc_lossy_crashed() { break }
            isSettling = true
            _ = try? file.settle()
            if !fc_lossy_crashed() { isSettling = false }
        }
    }
}
