import Node
import Testing
import Transport
import Wire

@testable import Probe

/// The same thread as in the node's own tests, seen from outside: a real node over real WebSockets,
/// two hundred clients in both encodings with several masks, some of which are cut and resume.
@Suite("A node under load", .serialized) struct NodeLoadTests {
    private func run(
        framed: Bool = false, _ change: (inout LoadPlan) -> Void
    ) throws -> (LoadResult, String) {
        var settings = NodeSettings()
        settings.listeners[0].address = .loopback(port: 0)
        settings.listeners[0].speech = framed ? .framed : .http
        let secret = System.random(32)
        settings.access.keys = try #require(TokenKeys(secret: secret))
        let node = try Node.start(settings)
        defer { node.stop() }
        var claims = Map()
        claims["topics"] = [["pattern": "**", "read": true, "write": true]]
        let token = try #require(
            TokenMint(secret: secret).token(
                subject: "probe", tenant: "test", life: .seconds(600), now: Transport.Process.wall,
                others: claims))
        var plan = LoadPlan()
        plan.connections = 200
        plan.ramp = .milliseconds(200)
        plan.publishers = 3
        plan.views = 4
        plan.rate = 50
        plan.length = .seconds(1)
        plan.patience = .seconds(20)
        plan.proofEvery = .milliseconds(500)
        change(&plan)
        let result = LoadRun(
            plan, on: try Loop(LoopLimits(), on: .auto), to: node.address,
            target: try Target("\(framed ? "tcp" : "ws")://\(node.address)"),
            token: { _ in token }
        ).run()
        return (result, Summary(result: result, verdicts: []).text)
    }

    @Test("Two hundred clients are timed, audited and proven")
    func twoHundred() throws {
        let (result, text) = try run { _ in }
        #expect(result.failures == [], "\(text)")
        #expect(result.ready == 200)
        #expect(result.audit.proven >= 200 && result.audit.seconded == 10)
        #expect(text.contains("0 diverged") && text.contains("a second"))
        #expect(text.contains("p99") && text.contains("receipt"))
    }

    @Test("Framed streams are audited like WebSockets, in both encodings")
    func framed() throws {
        let (result, text) = try run(framed: true) { $0.connections = 40 }
        #expect(result.failures == [], "\(text)")
        #expect(result.ready == 40 && result.audit.proven >= 40)
    }

    @Test("Hashes behind every diff agree as well")
    func hashes() throws {
        let (result, text) = try run {
            $0.connections = 50
            $0.hashes = true
        }
        #expect(result.failures == [], "\(text)")
    }

    @Test("All are cut, come back, resume by their cursors, and hold the same")
    func reconnect() throws {
        let (result, text) = try run {
            $0.connections = 60
            $0.length = .seconds(2)
            $0.disturbance = .reconnect
        }
        #expect(result.failures == [], "\(text)")
        #expect(result.recovery != nil)
    }
}
