import Testing
import Wire

@testable import Probe

@Suite("The publishers' script") struct ScriptTests {
    private func plan(_ publishers: Int, _ views: Int, _ seed: UInt64) -> LoadPlan {
        var plan = LoadPlan()
        plan.publishers = publishers
        plan.views = views
        plan.fields = 50
        plan.changes = 4
        plan.seed = seed
        return plan
    }

    @Test(
        "predicts what a document holds, in every view, whatever order the publishers come in",
        arguments: [(1, 1, 1), (3, 4, 2), (7, 12, 3)] as [(Int, Int, UInt64)])
    func predicts(_ publishers: Int, _ views: Int, _ seed: UInt64) throws {
        var script = Script(plan(publishers, views, seed))
        var generator = SeededGenerator(seed: seed)
        var document = Document()
        var ids: [Document.ViewID] = []
        for view in 0..<views {
            let id = document.addView(script.mask(of: view) ?? .everything)
            ids.append(try #require(id))
        }
        var steps = [script.opening()]
        for _ in 0..<500 {
            steps.append(script.step(of: .random(in: 0..<publishers, using: &generator)))
        }
        steps.append(script.closing())
        for step in steps {
            let applied = try document.apply(step.patch)
            // A patch changes something in exactly the views that it says.
            var seen: UInt64 = 0
            for (number, id) in ids.enumerated() where applied.views & id.mask != 0 {
                seen |= 1 << UInt64(number)
            }
            #expect(seen == step.views)
        }
        for (number, id) in ids.enumerated() {
            #expect(document.snapshot(of: id) == script.predicted(number))
        }
    }

    @Test("is the same again for the same seed, and another for another")
    func repeats() {
        var (a, b, c) = (Script(plan(2, 1, 5)), Script(plan(2, 1, 5)), Script(plan(2, 1, 6)))
        let (x, y, z) = (
            (0..<50).map { _ in a.step(of: 1) }, (0..<50).map { _ in b.step(of: 1) },
            (0..<50).map { _ in c.step(of: 1) }
        )
        #expect(x == y)
        #expect(x != z)
    }

    @Test("A steady schedule is even; a spike is ten times as dense in its tenth")
    func schedules() {
        let steady = Schedule(rate: 100, length: .seconds(10), shape: .steady)
        #expect(steady.count == 1_000)
        #expect(steady.offset(of: 500) == .seconds(5))
        let spike = Schedule(rate: 100, length: .seconds(10), shape: .spike)
        #expect(spike.count == 450 + 1_000 + 450)
        #expect(spike.offset(of: 450) == .milliseconds(4_500))
        #expect(spike.offset(of: 1_450) == .milliseconds(5_500))
        #expect(spike.offset(of: 1_900) == .seconds(10))
        for n in 1..<1_900 { #expect(spike.offset(of: n) > spike.offset(of: n - 1)) }
    }

    @Test("JSON is spread evenly over the connections")
    func encodings() {
        var plan = LoadPlan()
        plan.jsonShare = 0.25
        #expect((0..<100).count { plan.encoding(of: $0) == .json } == 25)
        #expect((0..<8).count { plan.encoding(of: $0) == .json } == 2)
    }

    @Test("A receipt that comes before its acknowledgement is timed all the same")
    func earlyReceipt() {
        var table = VersionTable(base: 10)
        var found: [VersionTable.Sample] = []
        table.received(after: 10, to: 11, view: 0, at: Instant(nanoseconds: 900)) {
            found.append($0)
        }
        #expect(found.isEmpty)
        table.published(11, VersionTable.Entry(intended: 100, sent: 300, views: 1)) {
            found.append($0)
        }
        table.received(after: 10, to: 11, view: 0, at: Instant(nanoseconds: 1_000)) {
            found.append($0)
        }
        #expect(found.map { $0.corrected.nanoseconds } == [800, 900])
        #expect(found.map { $0.uncorrected.nanoseconds } == [600, 700])
    }

    @Test("A merged diff counts for each version in it that changed the view")
    func mergedReceipt() {
        var table = VersionTable(base: 0)
        for (version, views) in [(1, 0b01), (2, 0b10), (3, 0b11)] as [(UInt64, UInt64)] {
            table.published(version, VersionTable.Entry(intended: version, sent: 0, views: views)) {
                _ in
            }
        }
        var count = 0
        table.received(after: 0, to: 3, view: 1, at: Instant(nanoseconds: 9)) { _ in count += 1 }
        #expect(count == 2)
        #expect(table.touched(after: 0, to: 3, view: 0) == 2)
        table.received(after: 3, to: 5, view: 0, at: Instant(nanoseconds: 9)) { _ in }
        table.close()
        #expect(table.unattributed == 2)
    }
}
