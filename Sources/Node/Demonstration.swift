import Hub
import Wire

/// A support desk that lives: sessions come and go, the queue grows and shrinks, agents change
/// status, metrics move. Published like everybody's patches, by a publisher inside the node.
struct Demonstration {
    private var generator: SeededGenerator
    private(set) var deadline: Instant
    private var sessions: [Text] = []
    private var waiting = 4
    private var solved = 120
    private var isFirst = true

    static let tenant: Text = "demo"
    static func rules(isDurable: Bool) -> [TopicRules.Rule] {
        let table = TopicSettings(kind: .collection, isDurable: isDurable)
        let document = TopicSettings(isDurable: isDurable)
        return [
            TopicRules.Rule(pattern: TopicPattern("desk/sessions"), settings: table),
            TopicRules.Rule(pattern: TopicPattern("desk/agents"), settings: table),
            TopicRules.Rule(pattern: TopicPattern("desk/*"), settings: document),
        ]
    }

    private static let step = Interval.milliseconds(250)
    private static let agents: [Text] = ["ada", "grace", "linus", "margaret", "dennis"]
    private static let statuses: [Text] = ["active", "idle", "in_call", "offline"]
    private static let subjects: [Text] = [
        "Invoice shows twice", "Cannot log in", "Where is my parcel?", "Change of address",
        "Cancel my plan", "App is slow",
    ]

    init(seed: UInt64, now: Instant) {
        generator = SeededGenerator(seed: seed)
        deadline = now
    }

    /// What happens in the next quarter of a second.
    mutating func publications(now: Instant, wall: WallTime) -> [Request.Publication] {
        deadline = now + Demonstration.step
        var patches: [(Text, Patch)] = []
        if isFirst {
            isFirst = false
            // Of a store, what an earlier run left: nobody would close those sessions.
            patches.append(("desk/sessions", Patch(unset: [[]])))
            for agent in Demonstration.agents { patches.append(("desk/agents", hire(agent))) }
        }
        patches.append(("desk/metrics", metrics(wall)))
        if chance(1, in: 3) { patches.append(("desk/queue", queue())) }
        if chance(1, in: 4) { patches.append(("desk/agents", status())) }
        if chance(1, in: 2) { patches.append(("desk/sessions", session())) }
        return patches.map { topic, patch in publication(topic, patch) }
    }

    private func publication(_ topic: Text, _ patch: Patch) -> Request.Publication {
        return Request.Publication(
            origin: .nobody,
            topic: TopicKey(tenant: Demonstration.tenant, name: topic),
            principal: "demonstration", instance: nil, fingerprint: 0, change: .patch(patch),
            expiries: [])
    }

    private mutating func chance(_ n: Int, in m: Int) -> Bool {
        Int.random(in: 0..<m, using: &generator) < n
    }

    private mutating func pick(_ texts: [Text]) -> Text {
        texts.randomElement(using: &generator) ?? Text()
    }

    private mutating func metrics(_ wall: WallTime) -> Patch {
        if chance(1, in: 6) { solved += 1 }
        let messages = Int64.random(in: 80...140, using: &generator)
        let load = Double.random(in: 0.2...0.9, using: &generator)
        let satisfaction = Double.random(in: 4.2...4.8, using: &generator)
        return Patch(set: [
            "active": .integer(Int64(sessions.count)), "messagesPerMinute": .integer(messages),
            "satisfaction": .hundredths(satisfaction), "load": .hundredths(load),
            "solvedToday": .integer(Int64(solved)),
            "updated": .time(WallTime(seconds: wall.seconds)),
        ])
    }

    private mutating func queue() -> Patch {
        waiting = max(0, waiting + Int.random(in: -2...2, using: &generator))
        return Patch(set: [
            "depth": .integer(Int64(waiting)), "longestWaitSeconds": .integer(Int64(waiting) * 17),
        ])
    }

    private func hire(_ agent: Text) -> Patch {
        Patch(set: [agent: ["status": "active", "solved": 0]])
    }

    private mutating func status() -> Patch {
        let agent = pick(Demonstration.agents)
        let status = pick(Demonstration.statuses)
        let solved = Patch.Increment(path: Path([agent, "solved"]), amount: Number(Int64(1)))
        return Patch(
            set: [agent: ["status": .text(status)]],
            increments: chance(1, in: 2) ? [solved] : [])
    }

    /// A session opens, changes, or closes.
    private mutating func session() -> Patch {
        if sessions.count > 12 || (sessions.count > 3 && chance(1, in: 4)) {
            return Patch(unset: [Path([sessions.removeFirst()])])
        }
        if sessions.count > 3 && chance(1, in: 2) {
            let unread = Int64.random(in: 0...5, using: &generator)
            return Patch(set: [pick(sessions): ["unread": .integer(unread)]])
        }
        let id = Text("s-\(Int.random(in: 10_000...99_999, using: &generator))")
        if !sessions.contains(id) { sessions.append(id) }
        let agent = pick(Demonstration.agents)
        let subject = pick(Demonstration.subjects)
        return Patch(set: [id: ["agent": .text(agent), "subject": .text(subject), "unread": 0]])
    }
}

extension Value {
    /// A number with two decimals.
    fileprivate static func hundredths(_ d: Double) -> Value {
        .double((d * 100).rounded() / 100) ?? .null
    }
}
