import Wire

/// Topics that nobody needs any more go, and events that are too old (rule 30).
///
/// A few of the topics are looked at each second. One that is stored, and that nobody has asked for
/// since the start, is found in a list of the store's, which is read a page at a time.
struct Tending: Sendable {
    /// How many topics there are of which something may go.
    var count = 0
    /// Where the next look begins.
    var place = 0
    var due = Instant(nanoseconds: 0)
    /// When the next page of the store's list is asked for, and behind which number it begins.
    var listDue: Instant?
    var listed: Int64 = 0

    static let interval = Interval.seconds(1)
    /// Whoever comes back after a start has so long before what is stored is looked through.
    static let patience = Interval.seconds(300)
    /// Between two readings of the whole list.
    static let pause = Interval.seconds(3_600)

    func deadline(_ rules: TopicRules) -> Instant? {
        let looked = count > 0 ? due : nil
        guard let listDue else { return looked }
        return min(looked ?? listDue, listDue)
    }
}

extension Hub {
    mutating func tend(now: Instant) {
        if tending.count > 0 && tending.due <= now {
            tending.due = now + Tending.interval
            for _ in 0..<min(topics.count, 64 + topics.count / 16) {
                tending.place = tending.place + 1 < topics.count ? tending.place + 1 : 0
                if let topic = topics[tending.place] { tend(topic, now) }
            }
        }
        readList(now)
    }

    private mutating func tend(_ topic: Topic, _ now: Instant) {
        guard topic.epoch != nil, topic.isReady, topic.batch.isEmpty, topic.held.isEmpty else {
            return
        }
        if let keep = topic.settings.keep, topic.used.map({ now.since($0) >= keep }) ?? true,
            !topic.isWatched, topic.expiries.isEmpty, topic.roster.entries.isEmpty
        {
            reclaim(topic)
        } else if let age = topic.settings.eventAge, topic.log.forget(olderThan: age, at: wall),
            topic.settings.isDurable
        {
            topic.batch.isTrimmed = true
            touch(topic, 0, version: topic.version)
        }
    }

    /// The topic's epoch ends. A stored one goes when the store has forgotten it.
    private mutating func reclaim(_ topic: Topic) {
        if topic.settings.isDurable {
            topic.isGoing = true
            topic.batch.isLast = true
            touch(topic, 0, version: topic.version)
        } else {
            gone(topic)
            dropIfUnused(topic)
        }
    }

    mutating func gone(_ topic: Topic) {
        counts.reclaimed += 1
        topic.isGoing = false
        empty(topic)
    }

    // MARK: What is stored

    private mutating func readList(_ now: Instant) {
        guard settings.rules.letStoredTopicsGo else { return }
        guard let due = tending.listDue else {
            tending.listDue = now + Tending.patience
            return
        }
        guard due <= now else { return }
        storeRequests.append(.list(after: tending.listed))
        // Should the answer fail to come, the page is asked for again.
        tending.listDue = now + Tending.pause
    }

    /// Loads those of this hub's that have outlived their time: then they go as others do.
    mutating func receive(_ list: TopicList) {
        for entry in list.topics
        where entry.key.shard(of: shards) == shard && places[entry.key] == nil {
            let keep = settings.rules.settings(for: entry.key.name).keep
            if let keep, entry.used + keep < wall { _ = topic(entry.key) }
        }
        tending.listed = list.last ?? 0
        if list.last != nil { tending.listDue = flushed + Tending.interval }
    }
}
