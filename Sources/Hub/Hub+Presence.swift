import Wire

/// Who is there (rule 29): a roster for each topic, kept as the document of the topic
/// `$presence/<name>`, so that watching it is a subscription like any other.
///
///     {"count": 2, "users": {"ada": {"0-17": {"typing": true}}, "grace": {"1-4": {}}}}
///
/// It is volatile, has one entry for each connection beneath its user, and forgets a connection
/// only a while after it went, so that a reload of a page is not a leaving and a coming.
extension Hub {
    /// How long a connection that is gone stays in the roster.
    static let linger = Interval.seconds(5)

    mutating func receive(_ presence: Request.Presence, _ now: Instant) {
        guard let topic = topic(presence.roster) else { return }
        guard let state = presence.state else {
            // Gone for good when the linger is over and it has not come back.
            topic.roster.leave(presence.connection, at: now + Hub.linger)
            if topic.roster.deadline != nil { linger(at: topic) }
            return
        }
        let until = presence.lease.map { now + $0 }
        let patch = topic.roster.enter(presence.connection, presence.user, state, until: until)
        if until != nil { linger(at: topic) }
        change(topic, patch, now)
    }

    private mutating func linger(at topic: Topic) {
        if !lingering.contains(topic.place) { lingering.append(topic.place) }
    }

    /// Takes out those whose linger or lease is over; all of a turn in one patch.
    mutating func forgetLeavers(now: Instant) {
        guard !lingering.isEmpty else { return }
        for place in lingering {
            guard let topic = topics[place], let patch = topic.roster.forget(now: now) else {
                continue
            }
            change(topic, patch, now)
        }
        lingering.removeAll { topics[$0]?.roster.deadline == nil }
    }

    private mutating func change(_ topic: Topic, _ patch: Patch, _ now: Instant) {
        receive(
            .publish(
                Request.Publication(
                    origin: .nobody, topic: topic.key, principal: "presence", instance: nil,
                    fingerprint: 0, change: .patch(patch), expiries: [])), now: now)
    }

    // MARK: History

    /// A page of an event topic's log: the last, or from a start; of a roster, its entries.
    mutating func receive(_ wish: Request.PastWish) {
        guard let topic = topic(wish.topic) else {
            return answer(
                wish.origin,
                .refused(.tooMany, version: nil, reason: "there are too many topics"))
        }
        defer { dropIfUnused(topic) }
        if wish.topic.name.isRoster { return sendRoster(topic, wish) }
        guard topic.settings.kind == .event else {
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

    private mutating func sendRoster(_ topic: Topic, _ wish: Request.PastWish) {
        var start: UInt64 = 1
        if case .sequence(let sequence)? = wish.start { start = sequence }
        let limit = Int(clamping: min(max(wish.limit, 1), 1_000))
        let (entries, next) = topic.roster.page(from: start, limit: limit)
        let page = Page(
            id: wish.origin.id,
            events: entries.map { Page.Entry(sequence: $0.0, data: $0.1, time: wall) }, next: next)
        letters.append((Int(wish.origin.desk), .page(wish.origin, page)))
    }
}
