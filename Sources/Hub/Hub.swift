public import Wire

/// The owner of a shard of the topics: applies their patches in one order, and makes the frames.
///
/// Requests come in from desks, `flush` ends a turn, and notices go out. It does no I/O and reads
/// no clock. There is nothing in it for a single subscriber: a reader who is behind brings its own
/// cursor along.
public struct Hub: ~Copyable {
    public struct Settings: Sendable {
        public var rules: TopicRules
        public var topicLimit: Int
        /// How many answers to publishes are kept for each publisher and topic.
        public var dedupWindow: Int

        public init(
            rules: TopicRules = TopicRules(), topicLimit: Int = 100_000, dedupWindow: Int = 1_024
        ) {
            self.rules = rules
            self.topicLimit = topicLimit
            self.dedupWindow = dedupWindow
        }
    }

    public let settings: Settings
    /// The wall's time, for the timestamps of messages in JSON; set by the host once a turn.
    public var wall = WallTime(seconds: 0)

    let shard: Int
    let shards: Int
    let desks: Int
    var topics: [Topic?] = []
    var freeTopics: [Int] = []
    var places: [TopicKey: Int] = [:]
    var audiences: [Audience?] = []
    var freeAudiences: [Int] = []
    /// Audiences with something to send, in the order in which they came to have it.
    var dirty: [AudienceID] = []
    var touched: [Int] = []
    var letters: [(desk: Int, notice: Notice)] = []
    var writer = Writer(capacity: 4_096)
    private var views: UInt64 = 0
    private var generator: SeededGenerator

    /// What happened so far, for the metrics.
    public internal(set) var counts = Counts()

    public struct Counts: Equatable, Sendable {
        public var patches: UInt64 = 0
        public var refusals: UInt64 = 0
        public var repeats: UInt64 = 0
        public var frames: UInt64 = 0
        public var snapshots: UInt64 = 0
        public var catchUps: UInt64 = 0
    }

    public init(_ settings: Settings, shard: Int, shards: Int, desks: Int, seed: UInt64) {
        self.settings = settings
        self.shard = shard
        self.shards = shards
        self.desks = desks
        generator = SeededGenerator(seed: seed)
    }

    public mutating func receive(_ request: Request, now: Instant) {
        switch request {
        case .join(let join): receive(join)
        case .leave(let audience, let desk): leave(audience, Int(desk))
        case .catchUp(let catchUp): receive(catchUp)
        case .publish(let publication): receive(publication)
        }
    }

    /// The notices made since the last call, in order; each desk's come in one queue.
    public mutating func takeLetters() -> [(desk: Int, notice: Notice)] {
        defer { letters = [] }
        return letters
    }

    // MARK: Topics

    /// The topic; it is made, absent, when there is none and room for one.
    mutating func topic(_ key: TopicKey) -> Topic? {
        if let place = places[key] { return topics[place] }
        guard places.count < settings.topicLimit else { return nil }
        let place = freeTopics.popLast() ?? topics.count
        let topic = Topic(
            key, place: place, settings.rules.settings(for: key.name),
            ledgerWindow: settings.dedupWindow, seed: generator.next())
        if place < topics.count { topics[place] = topic } else { topics.append(topic) }
        places[key] = place
        return topic
    }

    /// A topic that is absent and watched by nobody leaves nothing behind.
    mutating func dropIfUnused(_ topic: Topic) {
        guard topic.epoch == nil, !topic.isWatched, places[topic.key] != nil else { return }
        places[topic.key] = nil
        topics[topic.place] = nil
        freeTopics.append(topic.place)
    }

    /// View numbers are the shard's own and never come again, so that a frame on its way to
    /// somebody who left cannot be taken for another's.
    mutating func nextViewNumber() -> UInt64 {
        views += 1
        return views * UInt64(shards) + UInt64(shard)
    }

    /// Sixty-four random bits (rule 19).
    private mutating func nextEpoch() -> Text { ViewHash(generator.next()).hex }

    // MARK: Publishing

    private mutating func receive(_ publication: Request.Publication) {
        let outcome = publish(publication)
        letters.append((Int(publication.origin.desk), .outcome(publication.origin, outcome)))
    }

    private mutating func publish(_ publication: Request.Publication) -> Notice.Outcome {
        guard let topic = topic(publication.topic) else {
            return .refused(.tooMany, version: nil, reason: "there are too many topics")
        }
        defer { dropIfUnused(topic) }
        guard let instance = publication.instance else { return apply(publication, to: topic) }
        switch topic.ledger.verdict(
            publication.principal, instance, publication.origin.id, publication.fingerprint)
        {
        case .fresh: break
        case .repeated(let outcome):
            counts.repeats += 1
            return outcome
        case .reused:
            return .refused(.idReused, version: nil, reason: "the id stands for another change")
        case .tooOld:
            return .refused(
                .idTooOld, version: nil, reason: "whether it was done is not known any more")
        }
        let outcome = apply(publication, to: topic)
        topic.ledger.record(
            publication.principal, instance, publication.origin.id, publication.fingerprint,
            outcome)
        return outcome
    }

    private mutating func apply(
        _ publication: Request.Publication, to topic: Topic
    ) -> Notice.Outcome {
        guard case .patch(let patch) = publication.change else {
            return .refused(.wrongKind, version: nil, reason: "the topic holds a document")
        }
        do throws(PatchRefusal) {
            let applied = try topic.document.apply(patch)
            counts.patches += 1
            if topic.epoch == nil { begin(topic) }
            touch(topic, applied.views, version: applied.version)
            return .done(version: applied.version)
        } catch {
            counts.refusals += 1
            return Hub.answer(to: error)
        }
    }

    private static func answer(to refusal: PatchRefusal) -> Notice.Outcome {
        switch refusal {
        case .conflict(let path, let version):
            .refused(.conflict, version: version, reason: Text("\(path) has changed since"))
        case .notANumber(let path):
            .refused(
                .invalidPatch, version: nil, reason: Text("\(path) cannot be increased by that"))
        case .tooManyFields:
            .refused(.tooLarge, version: nil, reason: "the document would have too many fields")
        case .pathTooLong(let path):
            .refused(.invalidPatch, version: nil, reason: Text("\(path) is too long a path"))
        case .rootNotAField:
            .refused(.invalidPatch, version: nil, reason: "the empty path is no field")
        }
    }

    /// The topic comes into being: whoever watched it absent gets a snapshot with its epoch.
    private mutating func begin(_ topic: Topic) {
        topic.beginEpoch(nextEpoch())
        for view in topic.views {
            for id in view?.audiences ?? [] {
                audiences[Int(id.index)]?.needsSnapshot = true
                markDirty(id, unchangedUpTo: 0)
            }
        }
    }

    /// Marks the audiences of the views that a patch changed; no other is looked at.
    private mutating func touch(_ topic: Topic, _ bits: UInt64, version: UInt64) {
        if !topic.isTouched {
            topic.isTouched = true
            touched.append(topic.place)
        }
        guard bits != 0 else { return }
        for view in topic.views {
            guard let view, view.id.mask & bits != 0 else { continue }
            for id in view.audiences { markDirty(id, unchangedUpTo: version - 1) }
        }
    }

    private mutating func markDirty(_ id: AudienceID, unchangedUpTo version: UInt64) {
        let place = Int(id.index)
        guard audiences[place]?.isDirty == false else { return }
        audiences[place]?.isDirty = true
        audiences[place]?.unchangedUpTo = version
        dirty.append(id)
    }
}
