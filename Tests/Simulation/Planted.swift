import Wire

/// Planting faults, to see that the simulator finds them.
package enum Planted {
    /// The faults there are, by name.
    package static var names: [String] { Fault.allCases.map { $0.rawValue } }

    /// Whether this build can plant any.
    package static var isPossible: Bool {
        #if PLANTED
            true
        #else
            false
        #endif
    }

    /// Runs seeds with a fault planted until one finds it; nil when none does.
    package static func firstFinding(
        of name: String, among seeds: ClosedRange<UInt64>, keepsNotes: Bool = false
    ) -> Simulation.Report? {
        guard let fault = Fault(rawValue: name) else { return nil }
        for seed in seeds {
            let report = plant(fault) { Simulation.run(seed: seed, keepsNotes: keepsNotes) }
            if report.violation != nil { return report }
        }
        return nil
    }

    private static func plant<Result>(_ fault: Fault, _ body: () -> Result) -> Result {
        #if PLANTED
            Fault.$planted.withValue(fault) { body() }
        #else
            body()
        #endif
    }
}
