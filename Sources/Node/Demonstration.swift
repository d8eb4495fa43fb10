import Hub
import Wire

/// A support desk that lives: customers come with their questions, agents take them up and close
/// them, and the numbers follow from that. Published like everybody's patches, by a publisher
/// inside the node.
struct Demonstration {
    private var generator: SeededGenerator
    private(set) var deadline: Instant
    private var floor: DeskFloor
    private var isFirst = true
    private var steps = 0

    static let tenant: Text = "demo"
    static let topics: [Text] = [
        "desk/metrics", "desk/queue", "desk/agents", "desk/sessions", "desk/board", "desk/log",
    ]

    static func rules(isDurable: Bool) -> [TopicRules.Rule] {
        let table = TopicSettings(kind: .collection, isDurable: isDurable)
        let document = TopicSettings(isDurable: isDurable)
        let log = TopicSettings(kind: .event, isDurable: isDurable, eventLimit: 1_000)
        return [
            TopicRules.Rule(pattern: TopicPattern("desk/sessions"), settings: table),
            TopicRules.Rule(pattern: TopicPattern("desk/agents"), settings: table),
            TopicRules.Rule(pattern: TopicPattern("desk/log"), settings: log),
            TopicRules.Rule(pattern: TopicPattern("desk/*"), settings: document),
        ]
    }

    private static let step = Interval.milliseconds(250)

    init(seed: UInt64, now: Instant) {
        generator = SeededGenerator(seed: seed)
        deadline = now
        floor = DeskFloor()
    }

    /// What happens in the next quarter of a second.
    mutating func publications(now: Instant, wall: WallTime) -> [Request.Publication] {
        deadline = now + Demonstration.step
        var story = DeskFloor.Story()
        if isFirst {
            isFirst = false
            floor.open(&story, wall, using: &generator)
        }
        steps += 1
        if steps % 3 == 0 { floor.move(&story, wall, using: &generator) }
        if steps % 2 == 0 { floor.measure(&story, wall, using: &generator) }
        return story.changes.map { topic, change in
            Request.Publication(
                origin: .nobody, topic: TopicKey(tenant: Demonstration.tenant, name: topic),
                principal: "demonstration", instance: nil, fingerprint: 0, change: change,
                expiries: [])
        }
    }
}
