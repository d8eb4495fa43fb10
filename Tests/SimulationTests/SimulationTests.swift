import Simulation
import Testing

@Suite("Simulated lives of a node hold their promises") struct SimulationTests {
    /// A few in every test run, and those that found something; `make sim` runs thousands.
    static let seeds: [UInt64] = Array(1...60) + [5326, 5452]

    @Test("Whatever fails, every view is right and nothing promised is lost", arguments: seeds)
    func seedHolds(_ seed: UInt64) {
        let report = Simulation.run(seed: seed)
        #expect(report.violation == nil, "make sim SEED=\(seed) shows how")
        #expect(report.events >= 2_000)
        #expect(report.faults.total >= 3)
        #expect(report.faults.crashes >= 1)
        #expect(report.comparisons > 0)
    }

    @Test("A seed is one life: run again it is the same to the last frame")
    func seedRepeats() {
        for seed: UInt64 in [3, 17, 40] {
            let first = Simulation.run(seed: seed)
            let second = Simulation.run(seed: seed)
            #expect(first.digest == second.digest)
            #expect(first.events == second.events)
            #expect(first.millis == second.millis)
        }
    }

    @Test("A planted fault is found", arguments: Planted.names)
    func faultIsFound(_ name: String) throws {
        try #require(Planted.isPossible, "tests are built with the condition PLANTED")
        let report = Planted.firstFinding(of: name, among: 1...2_000)
        #expect(report != nil, "\(name) was not found in 2,000 seeds")
    }
}
