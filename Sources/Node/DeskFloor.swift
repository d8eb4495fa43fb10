import Wire

/// The floor of the support desk: who waits, who is helped by whom, and what that comes to.
struct DeskFloor {
    /// What happened, as changes of topics.
    struct Story {
        var changes: [(topic: Text, change: Publish.Change)] = []

        mutating func patch(_ topic: Text, _ patch: Patch) {
            changes.append((topic, .patch(patch)))
        }

        mutating func log(_ what: Text, _ text: Text) {
            changes.append(("desk/log", .event(["what": .text(what), "text": .text(text)])))
        }
    }

    private struct Session {
        let id: Text
        let customer: Text
        let subject: Text
        let channel: Int
        var agent: Int?
        var unread: Int64 = 0
    }

    private struct Agent {
        let name: Text
        var status: Text = "free"
        var solved: Int64 = 0
    }

    private var agents = DeskFloor.names.map { Agent(name: $0) }
    private var sessions: [Session] = []
    private var nextTicket = Int64(4_711)
    private var solved = [Int64](repeating: 0, count: DeskFloor.channels.count)
    private var messages = 104.0
    private var satisfaction = 4.52
    private var answerSeconds = 38.0

    private static let channels: [Text] = ["chat", "mail", "phone"]
    private static let names: [Text] = ["Ada", "Grace", "Linus", "Margaret", "Dennis"]
    private static let customers: [Text] = [
        "Amina", "Bruno", "Carla", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas",
        "Keiko", "Lena", "Mateo", "Nadia", "Olga", "Pavel",
    ]
    private static let subjects: [Text] = [
        "Invoice shows twice", "Cannot log in", "Where is my parcel?", "Change of address",
        "Cancel my plan", "App is slow", "Refund for an order", "Wrong size delivered",
        "Forgot my PIN", "Price differs at checkout", "Voucher is not accepted",
    ]
    private static let sessionLimit = 11

    // MARK: What happens

    /// The desk opens in the morning, with people waiting at the door.
    mutating func open(
        _ story: inout Story, _ wall: WallTime, using generator: inout some RandomNumberGenerator
    ) {
        // Of a store, what an earlier run left: nobody would close those sessions.
        story.patch("desk/sessions", Patch(unset: [[]]))
        var staff = Map()
        for agent in agents {
            staff[agent.name] = ["status": .text(agent.status), "solved": 0, "since": .now(wall)]
        }
        story.patch("desk/agents", Patch(set: staff))
        story.patch(
            "desk/board",
            // What people wrote on it before stays.
            Patch(
                set: [
                    "note": "Parcels from the north are late today. Offer a voucher.",
                    "goal": 150, "author": "Ada",
                ], conditions: [Patch.Condition(path: ["note"], version: 0)]))
        for _ in 0..<5 { arrive(&story, wall, using: &generator) }
        for _ in 0..<3 { take(&story, wall, using: &generator) }
        measure(&story, wall, using: &generator)
    }

    /// The next thing that somebody does.
    mutating func move(
        _ story: inout Story, _ wall: WallTime, using generator: inout some RandomNumberGenerator
    ) {
        let waiting = sessions.count { $0.agent == nil }
        let helped = sessions.count - waiting
        let isAnybodyFree = agents.contains { $0.status == "free" }
        // Whoever is free takes up whoever waits, most often; closing follows the number of the
        // helped, so that the floor neither fills up nor empties.
        if waiting > 0, isAnybodyFree, chance(3, in: 5, using: &generator) {
            take(&story, wall, using: &generator)
        } else if sessions.count < DeskFloor.sessionLimit, chance(2, in: 7, using: &generator) {
            arrive(&story, wall, using: &generator)
        } else if helped > 0, chance(helped, in: 12, using: &generator) {
            close(&story, wall, using: &generator)
        } else if chance(1, in: 8, using: &generator) {
            pause(&story, wall, using: &generator)
        } else if helped > 0 {
            write(&story, using: &generator)
        }
    }

    private func chance(
        _ n: Int, in m: Int, using generator: inout some RandomNumberGenerator
    ) -> Bool {
        Int.random(in: 0..<m, using: &generator) < n
    }

    private mutating func arrive(
        _ story: inout Story, _ wall: WallTime, using generator: inout some RandomNumberGenerator
    ) {
        nextTicket += 1
        let session = Session(
            id: Text("T-\(nextTicket)"),
            customer: DeskFloor.customers.randomElement(using: &generator) ?? Text(),
            subject: DeskFloor.subjects.randomElement(using: &generator) ?? Text(),
            channel: [0, 0, 0, 1, 2].randomElement(using: &generator) ?? 0, agent: nil)
        sessions.append(session)
        let row: Value = [
            "customer": .text(session.customer), "subject": .text(session.subject),
            "channel": .text(DeskFloor.channels[session.channel]), "unread": 1,
            "since": .now(wall),
        ]
        story.patch("desk/sessions", Patch(set: [session.id: row]))
        story.log("came", Text("\(session.customer) asks: \(session.subject)"))
        tellQueue(&story)
    }

    /// A free agent takes up who has waited longest.
    private mutating func take(
        _ story: inout Story, _ wall: WallTime, using generator: inout some RandomNumberGenerator
    ) {
        guard let place = sessions.firstIndex(where: { $0.agent == nil }),
            let agent = agents.indices.filter({ agents[$0].status == "free" })
                .randomElement(using: &generator)
        else { return }
        sessions[place].agent = agent
        sessions[place].unread = 0
        agents[agent].status = sessions[place].channel == 2 ? "on the phone" : "busy"
        let session = sessions[place]
        story.patch(
            "desk/sessions",
            Patch(set: [session.id: ["agent": .text(agents[agent].name), "unread": 0]]))
        tellAgent(&story, agent, wall)
        story.log("taken", Text("\(agents[agent].name) helps \(session.customer)"))
        tellQueue(&story)
    }

    private mutating func close(
        _ story: inout Story, _ wall: WallTime, using generator: inout some RandomNumberGenerator
    ) {
        let helped = sessions.indices.filter { sessions[$0].agent != nil }
        guard let place = helped.randomElement(using: &generator) else { return }
        let session = sessions.remove(at: place)
        guard let agent = session.agent else { return }
        solved[session.channel] += 1
        agents[agent].solved += 1
        agents[agent].status = "free"
        satisfaction = min(max(satisfaction + .random(in: -0.04...0.045, using: &generator), 4), 5)
        story.patch("desk/sessions", Patch(unset: [Path([session.id])]))
        tellAgent(&story, agent, wall)
        story.log("solved", Text("\(agents[agent].name) solved \(session.subject)"))
    }

    /// An agent goes for a coffee, or comes back from one.
    private mutating func pause(
        _ story: inout Story, _ wall: WallTime, using generator: inout some RandomNumberGenerator
    ) {
        let agent = Int.random(in: agents.indices, using: &generator)
        switch agents[agent].status {
        case "free" where agents.filter({ $0.status == "away" }).isEmpty:
            agents[agent].status = "away"
        case "away": agents[agent].status = "free"
        default: return
        }
        tellAgent(&story, agent, wall)
    }

    private mutating func write(
        _ story: inout Story, using generator: inout some RandomNumberGenerator
    ) {
        let helped = sessions.indices.filter { sessions[$0].agent != nil }
        guard let place = helped.randomElement(using: &generator) else { return }
        let isAnswer = Bool.random(using: &generator)
        sessions[place].unread = isAnswer ? 0 : sessions[place].unread + 1
        story.patch(
            "desk/sessions",
            Patch(set: [sessions[place].id: ["unread": .integer(sessions[place].unread)]]))
    }

    // MARK: What it comes to

    private func tellAgent(_ story: inout Story, _ agent: Int, _ wall: WallTime) {
        let one = agents[agent]
        story.patch(
            "desk/agents",
            Patch(set: [
                one.name: [
                    "status": .text(one.status), "solved": .integer(one.solved),
                    "since": .now(wall),
                ]
            ]))
    }

    private func tellQueue(_ story: inout Story) {
        let waiting = sessions.filter { $0.agent == nil }
        var byChannel = Map()
        for (channel, name) in DeskFloor.channels.enumerated() {
            byChannel[name] = .integer(Int64(waiting.count { $0.channel == channel }))
        }
        story.patch(
            "desk/queue",
            Patch(set: [
                "depth": .integer(Int64(waiting.count)), "byChannel": .map(byChannel),
                "next": .text(waiting.first?.customer ?? "nobody"),
            ]))
    }

    /// The numbers on the wall. What did not change is set again all the same, and travels nowhere.
    mutating func measure(
        _ story: inout Story, _ wall: WallTime, using generator: inout some RandomNumberGenerator
    ) {
        messages = min(max(messages + .random(in: -7...7, using: &generator), 60), 160)
        answerSeconds = min(max(answerSeconds + .random(in: -2...2, using: &generator), 12), 90)
        var channels = Map()
        for (channel, name) in DeskFloor.channels.enumerated() {
            let open = sessions.count { $0.channel == channel }
            channels[name] = [
                "open": .integer(Int64(open)), "solved": .integer(solved[channel]),
            ]
        }
        let busy = agents.count { $0.status == "busy" || $0.status == "on the phone" }
        story.patch(
            "desk/metrics",
            Patch(set: [
                "active": .integer(Int64(sessions.count)),
                "waiting": .integer(Int64(sessions.count { $0.agent == nil })),
                "messagesPerMinute": .integer(Int64(messages)),
                "satisfaction": .hundredths(satisfaction),
                "answerSeconds": .integer(Int64(answerSeconds)),
                "load": .hundredths(Double(busy) / Double(agents.count)),
                "solvedToday": .integer(solved.reduce(0, +)),
                "channels": .map(channels), "desk": "Support, first floor",
                "hours": ["from": "08:00", "to": "20:00", "zone": "Europe/Berlin"],
                "updated": .now(wall),
            ]))
    }
}

extension Value {
    /// A number with two decimals.
    fileprivate static func hundredths(_ d: Double) -> Value {
        .double((d * 100).rounded() / 100) ?? .null
    }

    /// The time, to the second.
    fileprivate static func now(_ wall: WallTime) -> Value {
        .time(WallTime(seconds: wall.seconds))
    }
}
