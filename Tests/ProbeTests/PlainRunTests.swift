import Testing
import Transport
import Wire

@testable import Probe

/// Sends to all what it hears from one; keeps back or repeats every so many messages.
private final class Broadcaster: Service {
    let loop: Loop
    let losesOneIn: Int
    let repeatsOneIn: Int
    var ids: [ConnectionID] = []
    var mailbox: Mailbox<Bool>?
    private var count = 0

    init(_ loop: Loop, losesOneIn: Int, repeatsOneIn: Int) {
        (self.loop, self.losesOneIn, self.repeatsOneIn) = (loop, losesOneIn, repeatsOneIn)
    }

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        request.path == "/" ? .upgrade(subprotocol: nil) : .respond(HTTPResponse(.notFound))
    }

    func opened(_ id: ConnectionID, subprotocol: String?) { ids.append(id) }
    func closed(_ id: ConnectionID, _ end: ConnectionEnd) { ids.removeAll { $0 == id } }
    func woken() { loop.stop(within: .milliseconds(100)) }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        let frame = Frame.server(message, binary: binary)
        for id in ids {
            count += 1
            if losesOneIn > 0, count % losesOneIn == 0 { continue }
            _ = loop.send(frame, to: id)
            if repeatsOneIn > 0, count % repeatsOneIn == 0 { _ = loop.send(frame, to: id) }
        }
    }
}

@Suite("A run against a plain broadcasting server", .serialized) struct PlainRunTests {
    private func run(
        loses: Int = 0, repeats: Int = 0, path: String = "/"
    ) throws -> LoadResult {
        let made = try Latch<(SocketAddress, Mailbox<Bool>)?>()
        let thread = try LoopThread {
            guard let loop = try? Loop(LoopLimits(), on: .auto),
                let address = try? loop.listen(at: .loopback(port: 0))
            else { return made.open(with: nil) }
            let server = Broadcaster(loop, losesOneIn: loses, repeatsOneIn: repeats)
            let mailbox = Mailbox<Bool>(limit: 1, waking: loop.waker)
            server.mailbox = mailbox
            made.open(with: (address, mailbox))
            loop.run(server)
        }
        let found = made.wait()
        let (address, mailbox) = try #require(found)
        defer {
            _ = mailbox.post(true)
            thread.join()
        }
        var plan = LoadPlan()
        plan.connections = 20
        plan.ramp = .milliseconds(10)
        plan.rate = 200
        plan.length = .milliseconds(500)
        plan.patience = .seconds(1)
        plan.plainBytes = 64
        return PlainRun(
            plan, on: try Loop(LoopLimits(), on: .auto), to: address,
            target: try Target("ws://\(address)\(path)", path: "/")
        ).run()
    }

    @Test("Every message is timed and none is missed")
    func right() throws {
        let result = try run()
        #expect(result.failures == [])
        #expect(result.receipts == 20 * 100)
        #expect(result.stages.receipt.count == 20 * 100)
        #expect(result.account.receivedBytes == 20 * 100 * 64)
    }

    @Test("Lost and repeated messages are counted")
    func faults() throws {
        let lossy = try run(loses: 100)
        #expect(lossy.audit.lost >= 20 && lossy.audit.lost <= 21)
        let chatty = try run(repeats: 100)
        #expect(chatty.audit.repeated >= 19 && chatty.audit.lost == 0)
    }

    @Test("A server without a WebSocket there makes the run invalid")
    func noSocket() throws {
        let result = try run(path: "/elsewhere")
        #expect(result.openProblem?.contains("404") == true)
        #expect(Summary(result: result, verdicts: []).outcome == .invalid)
    }
}
