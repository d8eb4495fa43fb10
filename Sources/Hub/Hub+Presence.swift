import Wire

/// Who is there (rule 29): a roster for each topic, kept as the document of the topic
/// `$presence/<name>`, so that watching it is a subscription like any other.
///
///     {"count": 2, "users": {"ada": {"0-17": {"typing": true}}, "grace": {"1-4": {}}}}
///
/// It is volatile, has one entry for each connection beneath its user, and forgets a connection
/// only a while after it went, so that a reload of a page is not a leaving and a coming.
extension Hub {
    /// Above so many connections the roster is a count.
    static let rosterLimit = 1_000
    /// How long a connection that is gone stays in the roster.
    static let linger = Interval.seconds(5)

    mutating func receive(_ presence: Request.Presence, _ now: Instant) {
        guard let topic = topic(presence.roster) else { return }
        if presence.state == nil {
            // Gone for good when the linger is over and it has not come back.
            guard topic.present[presence.connection] != nil,
                !topic.leaving.contains(where: { $0.connection == presence.connection })
            else {
                dropIfUnused(topic)
                return
            }
            topic.leaving.append((presence.user, presence.connection, now + Hub.linger))
            if !lingering.contains(topic.place) { lingering.append(topic.place) }
            return
        }
        topic.leaving.removeAll { $0.connection == presence.connection }
        topic.present[presence.connection] = presence.user
        var patch = Patch(set: ["count": .integer(Int64(topic.present.count))])
        if topic.present.count <= Hub.rosterLimit {
            let state = presence.state ?? .null
            // A state that is a map takes the place of the old one, whole.
            let path = Hub.path(presence)
            if topic.document.value(at: path) != state { patch.unset = [path] }
            patch.set["users"] = [presence.user: [presence.connection: state]]
        } else {
            patch.unset = [["users"]]
        }
        change(topic, patch, now)
    }

    private static func path(_ presence: Request.Presence) -> Path {
        ["users", presence.user, presence.connection]
    }

    /// Takes out those whose linger is over; all of a turn in one patch.
    mutating func forgetLeavers(now: Instant) {
        guard !lingering.isEmpty else { return }
        for place in lingering {
            guard let topic = topics[place] else { continue }
            let due = topic.leaving.filter { $0.until <= now }
            if due.isEmpty { continue }
            topic.leaving.removeAll { $0.until <= now }
            for leaver in due { topic.present[leaver.connection] = nil }
            let paths = due.map { Path(["users", $0.user, $0.connection]) }
            change(
                topic,
                Patch(unset: paths, set: ["count": .integer(Int64(topic.present.count))]), now)
        }
        lingering.removeAll { topics[$0]?.leaving.isEmpty ?? true }
    }

    private mutating func change(_ topic: Topic, _ patch: Patch, _ now: Instant) {
        receive(
            .publish(
                Request.Publication(
                    origin: .nobody, topic: topic.key, principal: "presence", instance: nil,
                    fingerprint: 0, change: .patch(patch), expiries: [])), now: now)
    }

    // MARK: History

    /// A page of an event topic's log: the last, or from a start.
    mutating func receive(_ wish: Request.PastWish) {
        guard let place = places[wish.topic], let topic = topics[place],
            topic.settings.kind == .event
        else {
            let refusal = Notice.Outcome.refused(
                .wrongKind, version: nil, reason: "the topic keeps no log")
            answer(wish.origin, refusal)
            return
        }
        let limit = Int(clamping: min(max(wish.limit, 1), 1_000))
        let entries: [EventLog.Entry]
        switch wish.start {
        case nil, .now?: entries = topic.log.last(limit)
        case .earliest?: entries = topic.log.entries(from: 0, limit: limit)
        case .sequence(let sequence)?: entries = topic.log.entries(from: sequence, limit: limit)
        case .time(let time)?:
            let sequence = topic.log.sequence(at: time) ?? topic.version + 1
            entries = topic.log.entries(from: sequence, limit: limit)
        }
        let isLast = wish.start == nil || wish.start == .now
        let fitting =
            isLast
            ? entries.suffix(fitting(entries.reversed(), topic.settings.partBytes))
            : entries.prefix(fitting(entries, topic.settings.partBytes))
        let last = fitting.last?.sequence ?? topic.version
        let page = Page(
            id: wish.origin.id,
            events: fitting.map {
                Page.Entry(sequence: $0.sequence, data: $0.data, time: $0.time)
            }, next: last < topic.version ? last + 1 : nil)
        letters.append((Int(wish.origin.desk), .page(wish.origin, page)))
    }

    /// How many events make a page of about so many bytes; one at least.
    private mutating func fitting(_ entries: [EventLog.Entry], _ limit: Int) -> Int {
        writer.clear()
        var count = 0
        for entry in entries where count == 0 || writer.count < limit {
            writer.pack(entry.data)
            count += 1
        }
        return count
    }
}
