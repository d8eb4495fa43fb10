import FakeNode
import Testing
import Transport
import Wire

@testable import Probe

/// Whole runs against a small server of the tests' own, right or with a fault planted.
@Suite("A load run", .serialized) struct LoadRunTests {
    private func plan(_ change: (inout LoadPlan) -> Void = { _ in }) -> LoadPlan {
        var plan = LoadPlan()
        plan.connections = 20
        plan.ramp = .milliseconds(20)
        plan.rate = 200
        plan.length = .milliseconds(500)
        plan.proofEvery = .milliseconds(200)
        plan.patience = .seconds(10)
        change(&plan)
        return plan
    }

    private func run(
        _ plan: LoadPlan, _ faults: FakeNode.Faults = FakeNode.Faults(), token: Text = "good"
    ) throws -> LoadResult {
        let node = try FakeNode.Running(faults)
        defer { node.stop() }
        let loop = try Loop(LoopLimits(), on: .auto)
        let target = try Target("ws://\(node.address)")
        return LoadRun(
            plan, on: loop, to: node.address, target: target, token: { _ in token }
        ).run()
    }

    private func summary(_ result: LoadResult) -> Summary { Summary(result: result, verdicts: []) }

    @Test("With a right server every client is proven and nothing is lost")
    func rightServer() throws {
        let result = try run(plan { $0.publishers = 3 })
        #expect(result.openProblem == nil)
        #expect(result.failures == [])
        #expect(result.ready == 20)
        #expect(result.audit.proven >= 20)
        #expect(result.account.published == 100)
        #expect(result.audit.receipts >= 20 * 100)
        #expect(result.stages.receipt.count == 20 * 100)
        #expect(result.stages.ack.count == 100)
        #expect(result.unattributed == 0)
        #expect(result.errors.kinds.map { $0.text } == [])
    }

    @Test("Masked views in both encodings come to what the script predicts")
    func maskedViews() throws {
        let result = try run(
            plan {
                $0.views = 5
                $0.publishers = 2
                $0.fields = 90
                $0.hashes = true
            })
        #expect(result.failures == [])
        #expect(result.audit.receipts > 0 && result.audit.receipts < 20 * 100)
        #expect(result.audit.merged == 0)
    }

    @Test("A lost diff is found and counted, though the session repairs it")
    func lostDiff() throws {
        let result = try run(
            plan { $0.rate = 1_000 }, FakeNode.Faults(losesOneIn: 997))
        #expect(result.audit.lost >= 9)
        #expect(result.audit.diverged == 0 && result.audit.repeated == 0)
        #expect(summary(result).outcome == .missed)
        #expect(summary(result).text.contains("lost"))
    }

    @Test("Of ten thousand diffs one is lost: it is found, counted once, and named")
    func oneInTenThousand() throws {
        let result = try run(plan { $0.rate = 1_200 }, FakeNode.Faults(losesOneIn: 10_000))
        #expect(result.audit.receipts >= 10_000)
        #expect(result.audit.gaps == 1 && result.audit.lost == 1)
        #expect(result.failures == ["1 lost"])
        #expect(summary(result).outcome == .missed)
    }

    @Test("A repeated diff is found and named")
    func repeatedDiff() throws {
        let result = try run(plan(), FakeNode.Faults(repeatsOneIn: 499))
        #expect(result.audit.repeated >= 3)
        #expect(result.audit.lost == 0 && result.audit.disordered == 0)
        #expect(summary(result).outcome == .missed)
    }

    @Test("Diffs in the wrong order are found and named")
    func swappedDiffs() throws {
        let result = try run(plan(), FakeNode.Faults(swapsOneIn: 499))
        #expect(result.audit.gaps >= 3)
        #expect(result.audit.disordered + result.audit.repeated >= 3)
        #expect(summary(result).outcome == .missed)
    }

    @Test("A wrong hash is one divergence, and is repaired")
    func wrongHash() throws {
        let result = try run(plan(), FakeNode.Faults(wrongHashAfter: 10))
        #expect(result.audit.diverged == 1)
        #expect(result.audit.mispredicted == 0)
        #expect(summary(result).outcome == .missed)
        #expect(summary(result).text.contains("1 diverged"))
    }

    @Test("One wrong value in one diff fails the run")
    func wrongValue() throws {
        let result = try run(
            plan { $0.hashes = true }, FakeNode.Faults(wrongValueAfter: 700))
        #expect(result.audit.diverged + result.audit.mispredicted >= 1)
        #expect(summary(result).outcome == .missed)
    }

    @Test("A stall shows in the latency that counts from the intended time")
    func stall() throws {
        let result = try run(
            plan { $0.length = .seconds(1) },
            FakeNode.Faults(stallsAfter: 100, stall: .milliseconds(300)))
        #expect(result.failures == [])
        #expect(result.stages.receipt.max >= .milliseconds(295))
        // The patches meant for these 300 ms of 1,000 waited, on average for half of it.
        let stalled = result.stages.receipt.count(above: .milliseconds(30))
        #expect(stalled >= result.stages.receipt.count / 5)
    }

    @Test("Receipts that come 300 ms late are in the p99 to within 2 % and a millisecond")
    func precision() throws {
        let result = try run(
            plan {
                // Slower than one in 300 ms, so that no late one holds up another.
                $0.connections = 300
                $0.rate = 3
                $0.length = .seconds(2)
            }, FakeNode.Faults(lateOfThousand: 25, late: .milliseconds(300)))
        let receipt = result.stages.receipt
        // So many are late that the p99 must be one of them.
        let late = receipt.count(above: .milliseconds(290))
        try #require(late * 1_000 >= receipt.count * 12)
        #expect(receipt.percentile(99) >= .milliseconds(293))
        // A machine that does not keep up makes all late; then the acknowledgements are as well.
        if result.stages.ack.percentile(97) <= .milliseconds(50) {
            #expect(receipt.percentile(97) <= .milliseconds(250))
        }
    }

    @Test("Everybody cut comes back, catches up, and the recovery is timed")
    func reconnect() throws {
        let result = try run(
            plan {
                $0.disturbance = .reconnect
                $0.length = .seconds(2)
            })
        #expect(result.failures == [])
        #expect(result.recovery != nil)
        #expect(result.audit.cuts == 0)
    }

    @Test("A server that refuses the topic makes the run invalid, and says why")
    func refused() throws {
        let result = try run(plan(), FakeNode.Faults(refuses: true))
        #expect(result.openProblem?.contains("504") == true)
        #expect(summary(result).outcome == .invalid)
    }

    @Test("A bad token ends the run at once, with the server's word for it")
    func badToken() throws {
        let result = try run(plan(), token: "bad")
        #expect(result.openProblem?.contains("3302") == true)
        #expect(result.audit.cuts <= 2)
        #expect(summary(result).outcome == .invalid)
    }

    @Test("Nobody at the address makes the run invalid, and says why")
    func nobodyThere() throws {
        let node = try FakeNode.Running()
        node.stop()
        let loop = try Loop(LoopLimits(), on: .auto)
        let result = LoadRun(
            plan { $0.patience = .milliseconds(300) }, on: loop, to: node.address,
            target: try Target("ws://\(node.address)"), token: { _ in "good" }
        ).run()
        #expect(summary(result).outcome == .invalid)
        #expect(summary(result).text.contains("refused"))
    }
}
