import Testing
import Wire

@testable import Transport

/// A network on which connections break: what may be lost, and what must hold all the same.
@Suite(.endsFixtures) struct BreakingTests {
    @Test(
        "Resets: one end for each connection, what arrived is a beginning of what was sent",
        arguments: 1...60 as ClosedRange<UInt64>)
    func resets(seed: UInt64) throws {
        var faults = SimulatedNetwork.Faults.rough
        faults.resets = 10
        faults.failedConnects = 200
        let footing = Footing(.simulated(seed: seed), faults: faults)
        let network = try #require(footing.network)
        let f = try Fixture(LoopLimits(), footing)
        f.onServerMessage = { id, message in
            _ = f.loop.send(message: message.span, binary: true, to: id)
        }
        for _ in 0..<20 { _ = try f.connect() }
        var sent: [ConnectionID: Int] = [:]
        f.onTurnEnded = {
            for id in f.openedClients where f.closedClients[id] == nil {
                let next = UInt8(truncatingIfNeeded: sent[id, default: 0])
                if f.send([UInt8](repeating: next, count: 50), from: id) != .refused {
                    sent[id, default: 0] += 1
                }
            }
        }
        let end = footing.now + .seconds(3)
        f.loop.wake(at: end)
        f.turn(until: { f.reachedCount == 1 })
        f.onTurnEnded = nil
        f.loop.stop(within: .seconds(30))
        f.turn(until: { f.loop.connectionCount == 0 })
        _ = f.loop.turn(atMostUntil: f.loop.now)
        // Connections, and nothing else, are counted: each client, and each accepted server side.
        #expect(f.closedClients.count == 20)
        #expect(f.closedServers.count == f.acceptedCount)
        #expect(f.closeCalls == 20 + f.acceptedCount)
        #expect(network.openSockets == 0)
        let isWhole = (f.heardByServers + f.heardByClients).allSatisfy { message in
            message.count == 50 && message.allSatisfy { $0 == message[0] }
        }
        #expect(isWhole)
    }

    @Test("One seed replays one history")
    func replay() throws {
        func history(_ seed: UInt64) throws -> [String] {
            var faults = SimulatedNetwork.Faults.rough
            faults.resets = 5
            let f = try Fixture(LoopLimits(), Footing(.simulated(seed: seed), faults: faults))
            for _ in 0..<5 { _ = try f.connect() }
            var lines: [String] = []
            f.onTurnEnded = {
                for id in f.openedClients { _ = f.send([1, 2, 3], from: id) }
                lines.append("\(f.loop.now.nanoseconds) \(f.heardByServers.count) \(f.closeCalls)")
            }
            f.loop.wake(at: f.loop.now + .seconds(1))
            f.turn(until: { f.reachedCount == 1 })
            return lines
        }
        let first = try history(7)
        let isSame = try history(7) == first
        #expect(isSame)
        let differs = try history(8) != first
        #expect(differs)
        #expect(first.count > 10)
    }
}
