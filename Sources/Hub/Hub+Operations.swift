public import Wire

/// What an operator asks of a topic. It waits, as any request, while the topic is read or stored.
public struct Operation: Sendable {
    public enum Verb: Equatable, Sendable {
        /// What it holds.
        case read
        /// Begin anew: a new epoch, nothing in it, nobody's answers remembered.
        case reset
        case deadLetters
        /// Append the oldest dead letters again, so many at most.
        case replay(limit: Int)
    }

    public let topic: TopicKey
    public let verb: Verb
    /// By which the answer is known.
    public let number: UInt64

    public init(topic: TopicKey, verb: Verb, number: UInt64) {
        self.topic = topic
        self.verb = verb
        self.number = number
    }

    public enum Outcome: Equatable, Sendable {
        case topic(TopicReport, document: Map)
        case letters([DeadLetter])
        /// So many were done.
        case done(Int)
        case absent
        case refused(Code)
    }
}

/// A topic at a glance.
public struct TopicReport: Equatable, Sendable {
    public let key: TopicKey
    public let kind: Subscribed.TopicKind
    public let isDurable: Bool
    /// Nil while it is absent, or not read from the store yet.
    public let epoch: Text?
    public let version: UInt64
    /// Fields of a document, or events kept.
    public let size: Int
    public let readers: Int
    public let names: [Name]
    public let deadLetters: Int

    public struct Name: Equatable, Sendable {
        public let name: Text
        public let done: UInt64
        public let isHeld: Bool
    }
}

extension Hub {
    /// How many dead letters a topic keeps; the oldest go first.
    static let deadLetterLimit = 1_000

    /// What became of operations since the last call.
    public mutating func takeOperated() -> [(number: UInt64, outcome: Operation.Outcome)] {
        defer { operated = [] }
        return operated
    }

    public var topicCount: Int { places.count }

    /// The topics of a tenant, or of all, whose names begin so, in order.
    public func reports(tenant: Text?, prefix: Text, limit: Int) -> [TopicReport] {
        let keys = places.keys.filter { key in
            (tenant.map { $0 == key.tenant } ?? true) && key.name.utf8.starts(with: prefix.utf8)
        }
        return keys.sorted { ($0.tenant, $0.name) < ($1.tenant, $1.name) }.prefix(limit)
            .compactMap { key in
                places[key].flatMap { topics[$0] }.map { report($0) }
            }
    }

    private func report(_ topic: Topic) -> TopicReport {
        var readers = 0
        for view in topic.views {
            for id in view?.audiences ?? [] {
                readers += audiences[Int(id.index)]?.members.reduce(0) { $0 + Int($1) } ?? 0
            }
        }
        return TopicReport(
            key: topic.key, kind: topic.settings.kind, isDurable: topic.settings.isDurable,
            epoch: topic.epoch, version: topic.version,
            size: topic.settings.kind == .event ? topic.log.all.count : topic.document.fieldCount,
            readers: readers,
            names: topic.names.map {
                TopicReport.Name(name: $0.state.name, done: $0.state.done, isHeld: $0.holder != nil)
            }, deadLetters: topic.deadLetters.count)
    }

    mutating func receive(_ operation: Operation) {
        guard let topic = topic(operation.topic) else {
            return operated.append((operation.number, .refused(.tooMany)))
        }
        defer { dropIfUnused(topic) }
        guard topic.epoch != nil else { return operated.append((operation.number, .absent)) }
        let outcome: Operation.Outcome
        switch operation.verb {
        case .read: outcome = .topic(report(topic), document: content(of: topic))
        case .reset:
            reset(topic)
            outcome = .done(1)
        case .deadLetters: outcome = .letters(topic.deadLetters)
        case .replay(let limit): outcome = .done(replay(topic, limit))
        }
        operated.append((operation.number, outcome))
    }

    /// The document; of an event topic, the last of its log.
    private func content(of topic: Topic) -> Map {
        if topic.settings.kind == .event {
            return [
                "events": .array(
                    topic.log.last(100).map {
                        .map([
                            "sequence": .unsigned($0.sequence), "time": .time($0.time),
                            "data": $0.data,
                        ])
                    })
            ]
        }
        guard case .map(let map)? = topic.document.value(at: Path([])) else { return Map() }
        return map
    }

    private mutating func reset(_ topic: Topic) {
        topic.restore(StoredTopic(epoch: nextEpoch()), ledgerWindow: settings.dedupWindow)
        topic.batch.isAnew = topic.settings.isDurable
        touch(topic, 0, version: 0)
        // Versions begin again, so nothing that desks know of theirs holds any more.
        for view in topic.views {
            for id in view?.audiences ?? [] {
                let members = audiences[Int(id.index)]?.members ?? []
                for desk in members.indices where members[desk] > 0 {
                    letters.append((desk, .anew(id)))
                }
            }
        }
    }

    /// The oldest dead letters become events again, for the names that would not take them: to
    /// other durable names they are done, for those had them. Readers without a name see them as
    /// what they are, new events.
    private mutating func replay(_ topic: Topic, _ limit: Int) -> Int {
        let letters = topic.deadLetters.prefix(max(limit, 0))
        for letter in letters {
            counts.events += 1
            let sequence = topic.append(letter.data, at: wall)
            for i in topic.names.indices where topic.names[i].state.name != letter.name {
                topic.names[i].skip(sequence)
            }
            if topic.settings.isDurable {
                topic.batch.records.append(
                    Record(version: sequence, time: wall, change: .event(letter.data)))
            }
            touch(topic, .max, version: sequence)
        }
        settleLetters(topic, letters.count)
        return letters.count
    }

    /// The oldest dead letters are gone.
    mutating func settleLetters(_ topic: Topic, _ count: Int) {
        topic.deadLetters.removeFirst(count)
        guard topic.settings.isDurable else { return }
        // Those of this turn are not stored yet: they need not be taken out again.
        let stored = max(0, topic.deadLetters.count + count - topic.batch.deadLetters.count)
        let fresh = max(0, count - stored)
        topic.batch.deadLetters.removeFirst(min(fresh, topic.batch.deadLetters.count))
        topic.batch.settledLetters += count - fresh
    }
}
