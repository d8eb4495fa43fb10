import Testing
import Transport
import Wire

@testable import Probe

/// The check of clients against Wire's own session, right and with mistakes planted.
@Suite("Checking a client", .serialized) struct ClientCheckTests {
    /// Plays scenarios on a thread of their own to a client here.
    private func check(
        _ encoding: Encoding, only: Set<String> = [], planting fault: Fault? = nil
    ) throws -> CheckReport {
        let made = try Latch<SocketAddress?>()
        let told = try Latch<CheckReport?>()
        let thread = try LoopThread {
            var settings = ClientCheck.Settings()
            settings.arrival = .seconds(20)
            settings.patience = .seconds(10)
            guard let check = try? ClientCheck(settings) else {
                made.open(with: nil)
                return told.open(with: nil)
            }
            made.open(with: check.address)
            told.open(with: check.run(only: only))
        }
        let address = try #require(made.wait())
        try Fault.$planted.withValue(fault) {
            let ears = SoloClient.Ears(
                notice: { _, _, _ in },
                // When the check is over nobody is there any more.
                cut: { why, _ in !why.hasPrefix("cannot connect") })
            let client = try SoloClient(
                try Target("ws://\(address)"), encoding: encoding, token: "check-client-token",
                tick: .milliseconds(50), ears: ears)
            _ = client.session.subscribe("check/topic", hash: true)
            client.run()
        }
        let report = try #require(told.wait())
        thread.join()
        return report
    }

    @Test("Wire's session keeps every rule that can be tried", arguments: Encoding.allCases)
    func right(_ encoding: Encoding) throws {
        let report = try check(encoding)
        #expect(report.sessions.filter { $0.verdict.isFailure } == [], "\(report.text)")
        #expect(report.sessions.count > ClientCheck.scenarios.count)
    }

    @Test(
        "A planted mistake is caught, under the rule that it breaks",
        arguments: [
            (Fault.staleDiffApplied, "D15"), (.diffNotApplied, "D15"), (.gapNotNoticed, "D15"),
        ])
    func planted(_ fault: Fault, _ rule: String) throws {
        let report = try check(.messagePack, only: ["D15"], planting: fault)
        #expect(report.verdict(of: rule)?.isFailure == true, "\(fault)\n\(report.text)")
        #expect(report.outcome == .missed)
    }
}
