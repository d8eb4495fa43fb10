import Testing

@testable import Wire

/// A publisher's books (rules 21 and 22): said again until it is answered, always under one id.
@Suite struct OutboxTests {
    private let now = Instant(nanoseconds: 1_000)
    private let change = Publish.Change.patch(Patch(set: ["x": 1]))

    private func ids(_ outbox: inout Outbox, at time: Instant) -> [UInt64] {
        var ids: [UInt64] = []
        while let message = outbox.next(now: time) {
            if case .publish(let publish) = message { ids.append(publish.id) }
        }
        return ids
    }

    @Test func eachIsSaidOnceAndAgainAfterACut() {
        var outbox = Outbox()
        for _ in 0..<3 { _ = outbox.publish("t", change) }
        #expect(ids(&outbox, at: now) == [1, 2, 3])
        #expect(ids(&outbox, at: now) == [])
        #expect(outbox.received(Ack(id: 2, version: 7)) == .acknowledged(version: 7))
        outbox.disconnected()
        #expect(ids(&outbox, at: now) == [1, 3])
    }

    @Test func noMoreAreUnderWayThanTheServerTakes() {
        var outbox = Outbox()
        outbox.inFlightLimit = 2
        for _ in 0..<3 { _ = outbox.publish("t", change) }
        #expect(ids(&outbox, at: now) == [1, 2])
        _ = outbox.received(Ack(id: 1, version: 1))
        #expect(ids(&outbox, at: now) == [3])
    }

    @Test func retryLaterWaitsForTheTimeGiven() {
        var outbox = Outbox()
        var generator = SeededGenerator(seed: 1)
        _ = outbox.publish("t", change)
        _ = ids(&outbox, at: now)
        let nack = Nack(id: 1, code: .storeFailed, after: 500)
        #expect(
            outbox.received(nack, now: now, using: &generator) == .postponed(.storeFailed))
        #expect(outbox.deadline == now + .milliseconds(500))
        #expect(ids(&outbox, at: now + .milliseconds(499)) == [])
        #expect(ids(&outbox, at: now + .milliseconds(500)) == [1])
    }

    @Test func whatIsRefusedForGoodIsNotSaidAgain() {
        var outbox = Outbox()
        var generator = SeededGenerator(seed: 1)
        _ = outbox.publish("t", change)
        _ = ids(&outbox, at: now)
        let nack = Nack(id: 1, code: .conflict, version: 4)
        #expect(outbox.received(nack, now: now, using: &generator) == .refused(nack))
        outbox.disconnected()
        #expect(ids(&outbox, at: now) == [])
        #expect(outbox.received(Ack(id: 1, version: 4)) == .unknown)
    }
}
