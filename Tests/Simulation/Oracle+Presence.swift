import Hub
import Wire

/// Who is where, as anybody would write it down: the roster of a topic, who is about to be taken
/// out of it, and when.
struct Roster {
    var present: [Text: (user: Text, state: Value)] = [:]
    var leaving: [Text: Instant] = [:]

    var document: Map {
        var users = Map()
        for (connection, entry) in present.sorted(by: { $0.key < $1.key }) {
            var own = Map()
            if case .map(let map)? = users[entry.user] { own = map }
            own[connection] = entry.state
            users[entry.user] = .map(own)
        }
        var document: Map = ["count": .integer(Int64(present.count))]
        if !users.isEmpty { document["users"] = .map(users) }
        return document
    }
}

/// What must hold for last wills (rule 11), presence (rule 29) and signals (rule 23).
extension Oracle {
    private static let linger = Interval.seconds(5)

    /// The server is about to take a message of a connection.
    func taking(_ bytes: [UInt8], _ line: Line, _ tokens: Tokens) {
        guard !line.isEnded, let token = line.token else { return }
        let kind = Line.kind(bytes, line.encoding)
        guard kind == .will || kind == .presence || kind == .close else { return }
        let message =
            try? line.encoding == .json
            ? Message(json: bytes.span) : Message(messagePack: bytes.span)
        switch message {
        case .close?:
            line.saidGoodbye = true
            line.isEnded = true
        case .will(let will)?:
            let patterns = Tokens.writable(tokens[token].allowed)?.patterns ?? []
            let isAllowed = will.patch.writes.allSatisfy { Lens.matches(patterns, $0.segments) }
            if !isAllowed { return }
            line.wills.removeAll { $0.topic == will.topic }
            if will.patch != Patch() { line.wills.append(will) }
        case .presence(let presence)?:
            if Scenario.allowed[tokens[token].allowed].isNothing { return }
            line.presences.removeAll { $0 == presence.topic }
            if presence.state != nil { line.presences.append(presence.topic) }
        default: break
        }
    }

    /// A connection is gone, and this is what its desk says in its name.
    func bequeathed(_ requests: [Request]?, _ line: Line, isDraining: Bool) {
        var wills: [Will] = []
        var presences: [Text] = []
        for request in requests ?? [] {
            switch request {
            case .publish(let publication):
                guard case .patch(let patch) = publication.change else { break }
                wills.append(Will(topic: publication.topic.name, patch: patch))
                let topic = topic(publication.topic.name)
                if scenario.isDurable(topic) {
                    bequests[topic, default: []].append(publication.change)
                }
            case .presence(let presence):
                if presence.state != nil { fail("somebody who is gone was said to be there") }
                presences.append(Text(String(presence.roster.name.string.dropFirst(10))))
            case .join, .leave, .catchUp, .signal, .acknowledge, .past, .operate: break
            }
        }
        if wills != (line.saidGoodbye ? [] : line.wills) {
            fail(
                "line \(line.number) left \(wills.count) wills, and had said \(line.wills.count)"
                    + (line.saidGoodbye ? " and goodbye" : ""))
        }
        if presences != (isDraining ? [] : line.presences) {
            fail(
                "line \(line.number) was said to have left \(presences)"
                    + (isDraining ? " by a node that goes" : ", and was at \(line.presences)"))
        }
    }

    /// What became of a will.
    func inherited(
        _ publication: Request.Publication, _ outcome: Notice.Outcome, _ wall: WallTime
    ) {
        let topic = topic(publication.topic.name)
        switch outcome {
        case .done(let version):
            if !scenario.isDurable(topic) { apply(publication.change, nil, topic, version, wall) }
        case .refused(.storeFailed, _, _): break
        case .refused(.tooLarge, _, _) where scenario.isCramped: break
        case .refused(let code, _, _): fail("a last will was refused with \(code.rawValue)")
        }
    }

    // MARK: Rosters

    func present(_ presence: Request.Presence, _ now: Instant) {
        guard let topic = scenario.topics.firstIndex(of: presence.roster.name) else { return }
        var roster = rosters[topic] ?? Roster()
        if let state = presence.state {
            roster.leaving[presence.connection] = nil
            roster.present[presence.connection] = (presence.user, state)
            models[life - 1][topic].put(roster.document)
        } else if roster.present[presence.connection] != nil {
            roster.leaving[presence.connection] = now + Oracle.linger
        }
        rosters[topic] = roster
    }

    func forgetLeavers(_ topic: Int, _ now: Instant) {
        guard var roster = rosters[topic] else { return }
        let gone = roster.leaving.filter { $0.value <= now }.map { $0.key }
        if gone.isEmpty { return }
        for connection in gone {
            roster.leaving[connection] = nil
            roster.present[connection] = nil
        }
        rosters[topic] = roster
        models[life - 1][topic].put(roster.document)
    }

    /// Who is said to be at a topic and is not, or is and is not said to be.
    func misplaced(_ topic: Int, _ lines: [Line]) -> String? {
        let watched = Text(String(scenario.topics[topic].string.dropFirst(10)))
        var there: [Text: Int] = [:]
        for line in lines
        where line.life == life && line.station != nil && line.presences.contains(watched) {
            there[Text("client " + String(line.client)), default: 0] += 1
        }
        var said: [Text: Int] = [:]
        for entry in rosters[topic]?.present.values ?? [:].values {
            said[entry.user, default: 0] += 1
        }
        return there == said ? nil : "\(said) are said to be at \(watched), and \(there) are"
    }

    // MARK: Signals

    func signalled(_ signal: Signal, _ client: Client, _ line: Line) {
        let who = "client \(client.number)"
        guard case .number(let number) = signal.data, let data = number.int64,
            let said = signals[data]
        else {
            fail("\(who) was sent a signal that nobody said")
            return
        }
        comparisons += 1
        if said.topic != signal.topic || said.from != signal.from {
            fail("\(who) was sent another signal \(data) than was said")
        }
        if !line.signals.insert(data).inserted { fail("\(who) was sent signal \(data) twice") }
    }
}
