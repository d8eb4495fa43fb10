import Foundation
import Hub
import Node
import Testing
import Transport
import Wire

@testable import Probe

/// The same thread as in the node's own tests, seen from outside: a real node over real WebSockets,
/// two hundred clients in both encodings with several masks, some of which are cut and resume.
@Suite("A node under load", .serialized) struct NodeLoadTests {
    private func run(
        framed: Bool = false, also routes: [(Double, String, String)] = [],
        limits: LoopLimits = LoopLimits(), watched: Bool = false,
        _ change: (inout LoadPlan) -> Void
    ) throws -> (LoadResult, String) {
        var settings = NodeSettings()
        settings.listeners[0].address = .loopback(port: 0)
        settings.listeners[0].speech = framed ? .framed : .http
        settings.listeners.append(
            .init(name: "devices", address: .loopback(port: 0), speech: .framed))
        let certificate = try TLSContext(
            certificateChain: TestCertificate.chain, privateKey: TestCertificate.key)
        settings.listeners.append(
            .init(name: "tls", address: .loopback(port: 0), tls: certificate))
        settings.listeners.append(
            .init(
                name: "tls devices", address: .loopback(port: 0), speech: .framed,
                tls: certificate))
        settings.admin = AdminSettings(address: .loopback(port: 0))
        settings.hub.rules = TopicRules(rules: [
            .init(pattern: TopicPattern("jobs/**"), settings: TopicSettings(kind: .event))
        ])
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
        var others: [SocketAddress] = []
        let trusted = try Arguments(
            ["--authority", try TestCertificate.file()], knowing: Target.options)
        for (share, scheme, listener) in routes {
            let address = try #require(node.addresses[listener])
            others.append(address)
            let target = try Target("\(scheme)://\(address)")
            plan.routes.append(try Route(share: share, target: target).trusting(trusted))
        }
        let watch = try watched ? watch(node) : nil
        let result = LoadRun(
            plan, on: try Loop(limits, on: .auto), to: node.address,
            target: try Target("\(framed ? "tcp" : "ws")://\(node.address)"), others: others,
            watch: watch,
            token: { _ in token }
        ).run()
        return (result, Summary(result: result, verdicts: []).text)
    }

    private func watch(_ node: Node) throws -> ServerWatch {
        let address = try #require(node.adminAddress)
        return ServerWatch(
            metrics: Place(
                address: address, target: try Target("http://\(address)", path: "/metrics")),
            process: "self")
    }

    @Test("Every transport at once, with and without TLS and compression, holds the same")
    func mixed() throws {
        var limits = LoopLimits()
        limits.deflate = DeflateOptions()
        limits.http.bodyBytes = .max
        let ways = [
            (0.1, "tcp", "devices"), (0.1, "tls", "tls devices"), (0.2, "wss", "tls"),
            (0.1, "poll", "web"), (0.1, "polls", "tls"), (0.1, "stream", "web"),
            (0.1, "streams", "tls"),
        ]
        let (result, text) = try run(also: ways, limits: limits) { $0.connections = 120 }
        #expect(result.failures == [], "\(text)")
        #expect(result.ready == 120)
        // Every way was gone by somebody.
        let gone = Set((0..<120).compactMap { result.plan.route(of: $0) })
        #expect(gone.count == ways.count)
    }

    @Test("Workers under durable names are audited: credit, acknowledgements, deliveries again")
    func events() throws {
        let (result, text) = try run {
            $0.connections = 10
            $0.workers = 5
            $0.eventRate = 150
            $0.eventTopic = "jobs/probe"
            $0.length = .seconds(2)
            $0.disturbance = .reconnect
        }
        #expect(result.failures == [], "\(text)")
        let events = try #require(result.events)
        #expect(result.account.acknowledgedEvents == 300)
        #expect(events.done >= 5 * 300 && events.refused == 5 * 6)
        #expect(events.redelivered >= events.refused)
        #expect(result.stages.eventAck.count == 300 && result.stages.eventReceipt.count == 1_500)
    }

    @Test("A worker where no events are kept makes the run invalid, and says so")
    func noEvents() throws {
        let (result, text) = try run {
            $0.connections = 2
            $0.workers = 1
            $0.eventTopic = "state/probe"
            $0.patience = .seconds(2)
        }
        #expect(result.openProblem?.contains("no topic of events") == true, "\(text)")
    }

    @Test("A server that keeps its topics is restarted under load: all come back, nothing is lost")
    func restart() throws {
        let store = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).store")
        defer {
            for end in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: store.path + end)
            }
        }
        var settings = NodeSettings()
        settings.listeners[0].address = .loopback(port: 0)
        settings.drainTime = .milliseconds(100)
        settings.store = StoreSettings(file: store.path)
        settings.hub.rules = TopicRules(rules: [
            .init(
                pattern: TopicPattern("kept"),
                settings: TopicSettings(kind: .state, isDurable: true))
        ])
        let secret = System.random(32)
        settings.access.keys = try #require(TokenKeys(secret: secret))
        var claims = Map()
        claims["topics"] = [["pattern": "**", "read": true, "write": true]]
        let token = try #require(
            TokenMint(secret: secret).token(
                subject: "probe", tenant: "test", life: .seconds(600), now: Transport.Process.wall,
                others: claims))
        var node = try Node.start(settings)
        settings.listeners[0].address = node.address
        defer { node.stop() }
        var plan = LoadPlan()
        plan.connections = 40
        plan.ramp = .milliseconds(50)
        plan.rate = 20
        plan.length = .seconds(4)
        plan.patience = .seconds(30)
        plan.topic = "kept"
        plan.disturbance = .restart
        var restarts = 0
        let result = LoadRun(
            plan, on: try Loop(LoopLimits(), on: .auto), to: node.address,
            target: try Target("ws://\(node.address)"), token: { _ in token },
            progress: { progress in
                guard progress.moment.phase == .measuring, restarts == 0 else { return }
                #expect(progress.line.contains("restart the server now"))
                restarts += 1
                node.stop()
                do { node = try Node.start(settings) } catch { Issue.record("\(error)") }
            }
        ).run()
        let text = Summary(result: result, verdicts: []).text
        #expect(result.failures == [], "\(text)")
        #expect(restarts == 1 && result.recovery != nil && result.ready == 40)
    }

    @Test("What the server says of itself is asked for, and its process looked at")
    func watched() throws {
        let (result, text) = try run(watched: true) {
            $0.connections = 50
            $0.length = .seconds(2)
        }
        let server = try #require(result.server)
        #expect(server.answers >= 1 && server.last.contains { $0.name == "fieldcast_connections" })
        #expect((server.residentBytes ?? 0) > 1_000_000 && server.cpu != nil)
        #expect(server.metrics.first { $0.name == "fieldcast_connections" }?.value == 53)
        #expect(text.contains("the server") && text.contains("a connection"))
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
