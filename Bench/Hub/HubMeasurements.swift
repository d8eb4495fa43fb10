import Hub
import Wire

/// How many patches a second one core applies and diffs, one a turn, with the frames made for every
/// audience.
func hubMeasurements(_ fixture: Fixture) -> [Measurement] {
    [1, 100].map { audiences in
        let name = "hub.patch.\(audiences)"
        return Measurement(name: name) {
            let publisher = try Publisher(fixture, audiences: audiences)
            let seconds = try Contest.times(publisher.publish)
            return Row(name: name, values: seconds.map { 1 / $0 }, unit: "patches/s")
        }
    }
}

/// A hub with the fixture's metrics as its one topic, and a publisher who changes one number after
/// the other.
private final class Publisher {
    private struct AudienceMissing: Error {}

    private static let topic = TopicKey(tenant: "acme", name: "desk/metrics")

    private var hub = Hub(Hub.Settings(viewsPerTopic: 64), shard: 0, shards: 1, desks: 1, seed: 1)
    private let audiences: Int
    private let changes: [Request]
    private var next = 0
    private let now = Instant(nanoseconds: 1)

    init(_ fixture: Fixture, audiences: Int) throws {
        guard case .map(let fields) = fixture.metrics.value else { throw AudienceMissing() }
        self.audiences = audiences
        let numbers = fields.entries.filter {
            if case .number = $0.value { true } else { false }
        }
        // Each number in turn, then each back to what it was.
        changes = [0, 1].flatMap { round in
            numbers.map { entry in
                var set = Map()
                set[entry.key] = round == 0 ? .number(Number(77)) : entry.value
                return Publisher.publication(set)
            }
        }
        hub.receive(Publisher.publication(fields), now: now)
        for index in 0..<audiences { join(UInt32(index), fields) }
        hub.flush(now: now)
        _ = hub.takeLetters()
        for _ in changes { try publish() }
    }

    private static func publication(_ set: Map) -> Request {
        .publish(
            Request.Publication(
                origin: Origin(desk: 0, connection: SeatID(index: 0, generation: 0), id: 1),
                topic: topic, principal: "bench", instance: nil, fingerprint: 0,
                change: .patch(Patch(set: set)), expiries: []))
    }

    /// Audiences in pairs, one for each encoding; each pair is without another of the fields, so
    /// that it is an audience of its own, and misses a change of that field alone.
    private func join(_ index: UInt32, _ fields: Map) {
        let hidden = Int(index / 2)
        let mask = Mask(
            paths: fields.entries.enumerated().filter { $0.offset != hidden }.map {
                Path([$0.element.key])
            })
        hub.receive(
            .join(
                Request.Join(
                    desk: 0, seat: SeatID(index: index, generation: 0), topic: Publisher.topic,
                    mask: index == 0 ? .everything : mask, rate: .everyTurn,
                    encoding: index % 2 == 0 ? .messagePack : .json, hash: false, cursor: nil)),
            now: now)
    }

    func publish() throws {
        hub.receive(changes[next], now: now)
        hub.flush(now: now)
        next = next + 1 == changes.count ? 0 : next + 1
        var frames = 0
        for letter in hub.takeLetters() {
            if case .frame = letter.notice { frames += 1 }
        }
        guard frames >= audiences - 2, frames > 0 else { throw AudienceMissing() }
    }
}
