import Testing
import Transport
import Wire

@testable import Probe

/// The check of clients against Wire's own session, right and with mistakes planted.
@Suite("Checking a client", .serialized) struct ClientCheckTests {
    /// Plays scenarios on a thread of their own to a client here.
    private func check(
        _ encoding: Encoding, only: Set<String> = [], planting fault: Fault? = nil,
        habit: SloppyClient.Habit? = nil
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
        if let habit {
            try SloppyClient(address, habit).run()
            let report = try #require(told.wait())
            thread.join()
            return report
        }
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

    /// Bad habits, and the rules under which each must be found.
    private static let habits: [(name: String, rule: String, habit: SloppyClient.Habit)] = [
        (
            "answers no ping", "S5",
            { message in
                if case .pong = message { [] } else { [message] }
            }
        ),
        (
            "answers pings with another nonce", "S5",
            { message in
                guard case .pong(var pong) = message else { return [message] }
                pong.nonce += 1
                return [.pong(pong)]
            }
        ),
        (
            "forgets its cursor", "S8",
            { message in
                guard case .subscribe(var request) = message else { return [message] }
                request.cursor = nil
                return [.subscribe(request)]
            }
        ),
        (
            "is somebody else each time", "S2",
            { message in
                guard case .open(var open) = message else { return [message] }
                open.instance = Text(String(System.randomSeed(), radix: 16))
                return [.open(open)]
            }
        ),
        (
            "says nothing of what it wants", "S1",
            { message in
                if case .subscribe = message { [] } else { [message] }
            }
        ),
        (
            "confirms nothing", "L9",
            { message in
                switch message {
                case .seen: []
                case .pong(let pong): [.pong(Pong(nonce: pong.nonce))]
                default: [message]
                }
            }
        ),
        (
            "does not say that its hash differs", "L13",
            { message in
                if case .hash(let report) = message, report.hash != nil { [] } else { [message] }
            }
        ),
    ]

    @Test("A bad habit is caught, under the rule that it breaks", arguments: habits.indices)
    func habit(_ place: Int) throws {
        let (name, rule, habit) = ClientCheckTests.habits[place]
        let report = try check(.messagePack, only: [rule], habit: habit)
        #expect(report.verdict(of: rule)?.isFailure == true, "\(name)\n\(report.text)")
        #expect(report.outcome == .missed)
    }

    @Test("Without a bad habit the same client keeps the same rules")
    func noHabit() throws {
        let rules = Set(ClientCheckTests.habits.map { $0.rule })
        let report = try check(.messagePack, only: rules, habit: { [$0] })
        for rule in rules { #expect(report.verdict(of: rule) == .pass, "\(report.text)") }
    }
}
