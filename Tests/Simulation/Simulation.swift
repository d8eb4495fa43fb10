import Wire

/// A whole Fieldcast in one value: the hubs, desks and sessions that the programs ship, several
/// loops, clients that publish and subscribe, and a network, a clock and an operator that do their
/// worst. One seed decides everything, and replays it.
///
/// First comes a storm of at least two thousand events, with faults and at least one crash. Then
/// everybody is left in peace, and within a bounded time every client must show the head of all it
/// watches. `Oracle` says what must hold meanwhile.
package struct Simulation {
    package struct Report: Sendable {
        package let seed: UInt64
        /// What did not hold; nil when all did.
        package let violation: String?
        package let events: Int
        package let faults: Faults
        package let comparisons: Int
        /// Requests to the store that one loop had under way at a time, at most.
        package let mostStoring: Int
        /// Equal for equal runs.
        package let digest: UInt64
        /// Simulated time, in milliseconds.
        package let millis: UInt64
        package let notes: [String]
    }

    /// The longest that peace may take to settle everything, in simulated nanoseconds.
    private static let patience: UInt64 = 200_000_000_000

    /// No seed comes near so many events, unless somebody goes round in circles.
    private static let limit = 100_000

    package static func run(seed: UInt64, keepsNotes: Bool = false) -> Report {
        let trace = Trace(isKept: keepsNotes)
        let world = World(seed: seed, trace: trace)
        trace.note("\(world.scenario)")
        storm(world)
        if world.oracle.violation == nil { settle(world) }
        return Report(
            seed: seed, violation: world.oracle.violation, events: world.events,
            faults: world.faults, comparisons: world.oracle.comparisons,
            mostStoring: world.disk.mostUnderWay,
            digest: world.oracle.digest, millis: world.now / 1_000_000, notes: trace.notes)
    }

    private static func storm(_ world: World) {
        let half = world.scenario.events / 2
        while world.oracle.violation == nil {
            let isLong = world.events >= world.scenario.events && world.faults.total >= 3
            if isLong && world.faults.crashes > 0 && !world.stands.isEmpty { return }
            if world.events >= half && world.faults.crashes == 0 { world.crash() }
            world.trace.now = world.now
            guard world.step() else { return }
            if world.events > limit { world.oracle.fail("the node is busy with nothing") }
        }
    }

    private static func settle(_ world: World) {
        world.calm()
        var nextLook = world.now + 1_000_000_000
        let end = world.now + patience
        while world.oracle.violation == nil {
            world.trace.now = world.now
            guard world.step() else { break }
            if world.events > limit { world.oracle.fail("the node is busy with nothing") }
            guard world.now >= nextLook else { continue }
            nextLook = world.now + 1_000_000_000
            let late = world.clients.first { world.oracle.missing($0, world) != nil }
            guard let late else {
                if let rivals = world.oracle.rivals(world.clients) { world.oracle.fail(rivals) }
                return
            }
            if world.now > end {
                let what = world.oracle.missing(late, world) ?? ""
                world.oracle.fail("in peace client \(late.number) still \(what)")
            }
        }
    }
}

extension World {
    /// The storm is over: everybody has a good token, reads, and is left alone.
    func calm() {
        trace.note("calm")
        isCalm = true
        calmSince = now
        wallAhead = max(wallAhead, farthestWall)
        for client in clients {
            client.backoff.reset()
            // Whoever lost the very last diff of a view would learn of it with the next alone.
            if let line = client.line, line.isLossy { giveUp(line) }
            client.session.refresh(newToken(client.number, of: goodToken()))
            finishWork(client)
            flush(client)
            readAgain(client)
        }
    }
}
