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
        /// Of this hub's share of the topics, how many may be one tenant's; nil for all.
        public var topicsPerTenant: Int?
        /// How many answers to publishes are kept for each publisher and topic.
        public var dedupWindow: Int
        /// How many different views of one topic a principal may watch; a topic has 64 in all.
        public var viewsPerTopic: Int
        /// How many different views of all topics of this hub a principal may watch.
        public var viewsPerPrincipal: Int

        public init(
            rules: TopicRules = TopicRules(), topicLimit: Int = 100_000, dedupWindow: Int = 1_024,
            viewsPerTopic: Int = 16, viewsPerPrincipal: Int = 4_096
        ) {
            self.viewsPerTopic = viewsPerTopic
            self.viewsPerPrincipal = viewsPerPrincipal
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
    /// How many topics each tenant has here.
    var tenants: [Text: Int] = [:]
    var audiences: [Audience?] = []
    var freeAudiences: [Int] = []
    /// Audiences with something to send, in the order in which they came to have it.
    var dirty: [AudienceID] = []
    var touched: [Int] = []
    /// Topics whose durable readers may be owed something.
    var owing: [Int] = []
    /// Topics with fields that expire, and rosters with connections that are gone.
    var expiring: [Int] = []
    var lingering: [Int] = []
    /// Topics that the store could not give, and when it is asked again.
    var resting: [(place: Int, until: Instant)] = []
    /// Commits under way, and the topics in each.
    var committing: [(id: UInt64, places: [Int])] = []
    var tending = Tending()
    /// The time of the last flush.
    var flushed = Instant(nanoseconds: 0)
    var storeRequests: [StoreRequest] = []
    var operated: [(number: UInt64, outcome: Operation.Outcome)] = []
    var commits: UInt64 = 0
    var letters: [(desk: Int, notice: Notice)] = []
    var writer = Writer(capacity: 4_096)
    var viewBook = ViewBook()
    private var views: UInt64 = 0
    private var generator: SeededGenerator

    /// What happened so far, for the metrics.
    public internal(set) var counts = Counts()

    public struct Counts: Equatable, Sendable {
        public var patches: UInt64 = 0
        public var events: UInt64 = 0
        public var signals: UInt64 = 0
        public var expiries: UInt64 = 0
        /// Topics that went because nobody needed them.
        public var reclaimed: UInt64 = 0
        public var deadLetters: UInt64 = 0
        public var commits: UInt64 = 0
        public var failedCommits: UInt64 = 0
        public var refusals: UInt64 = 0
        public var repeats: UInt64 = 0
        public var frames: UInt64 = 0
        public var snapshots: UInt64 = 0
        public var catchUps: UInt64 = 0

        public init() {}

        /// Adds up what several have counted.
        public static func += (sum: inout Counts, other: Counts) {
            sum.patches += other.patches
            sum.events += other.events
            sum.signals += other.signals
            sum.expiries += other.expiries
            sum.reclaimed += other.reclaimed
            sum.deadLetters += other.deadLetters
            sum.commits += other.commits
            sum.failedCommits += other.failedCommits
            sum.refusals += other.refusals
            sum.repeats += other.repeats
            sum.frames += other.frames
            sum.snapshots += other.snapshots
            sum.catchUps += other.catchUps
        }
    }

    public init(_ settings: Settings, shard: Int, shards: Int, desks: Int, seed: UInt64) {
        self.settings = settings
        self.shard = shard
        self.shards = shards
        self.desks = desks
        generator = SeededGenerator(seed: seed)
    }

    public mutating func receive(_ request: Request, now: Instant) {
        if let topic = topic(of: request) {
            topic.used = now
            if topic.isResting && refuse(request) { return }
            if topic.postpones(request) { return }
        }
        switch request {
        case .join(let join): receive(join, now)
        case .leave(let audience, let desk, let principal):
            leave(audience, Int(desk), principal)
        case .catchUp(let catchUp): receive(catchUp)
        case .publish(let publication): receive(publication)
        case .signal(let key, let from, let data): signal(key, from, data)
        case .acknowledge(let word): receive(word, now)
        case .presence(let presence): receive(presence, now)
        case .past(let wish): receive(wish)
        case .operate(let operation): receive(operation)
        }
    }

    /// The topic that a request is about; nil where there is none and none is made for it.
    private mutating func topic(of request: Request) -> Topic? {
        switch request {
        case .join(let join): topic(join.topic)
        case .publish(let publication): topic(publication.topic)
        case .signal(let key, _, _): places[key].flatMap { topics[$0] }
        case .leave(let audience, _, _): topic(of: audience)
        case .catchUp(let catchUp): topic(of: catchUp.audience)
        case .acknowledge(let word): topic(ofNameIn: word)
        case .presence(let presence): topic(presence.roster)
        case .past(let wish): topic(wish.topic)
        case .operate(let operation): topic(operation.topic)
        }
    }

    /// A seat's word is about a topic that is there; a request may be the first to speak of it.
    mutating func topic(ofNameIn word: Request.Acknowledgement) -> Topic? {
        word.seat == nil ? topic(word.topic) : places[word.topic].flatMap { topics[$0] }
    }

    func topic(of audience: AudienceID) -> Topic? {
        audiences[Int(audience.index)].flatMap { topics[$0.topic] }
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
        guard places.count < settings.topicLimit,
            tenants[key.tenant, default: 0] < settings.topicsPerTenant ?? .max
        else { return nil }
        tenants[key.tenant, default: 0] += 1
        let place = freeTopics.popLast() ?? topics.count
        let topic = Topic(
            key, place: place, settings.rules.settings(for: key.name),
            ledgerWindow: settings.dedupWindow, seed: generator.next())
        if place < topics.count { topics[place] = topic } else { topics.append(topic) }
        places[key] = place
        if !topic.settings.lastsForEver { tending.count += 1 }
        if topic.settings.isDurable { storeRequests.append(.load(key)) }
        return topic
    }

    /// A topic that is absent and watched by nobody leaves nothing behind.
    mutating func dropIfUnused(_ topic: Topic) {
        guard topic.epoch == nil, !topic.isWatched, topic.isReady, topic.batch.isEmpty,
            topics[topic.place] === topic
        else { return }
        places[topic.key] = nil
        let others = tenants[topic.key.tenant, default: 1] - 1
        tenants[topic.key.tenant] = others > 0 ? others : nil
        topics[topic.place] = nil
        if !topic.settings.lastsForEver { tending.count -= 1 }
        freeTopics.append(topic.place)
    }

    /// View numbers are the shard's own and never come again, so that a frame on its way to
    /// somebody who left cannot be taken for another's.
    mutating func nextViewNumber() -> UInt64 {
        views += 1
        return views * UInt64(shards) + UInt64(shard)
    }

    /// Sixty-four random bits (rule 19).
    mutating func nextEpoch() -> Text {
        Fault.epochReused.isPlanted ? "0123456789abcdef" : ViewHash(generator.next()).hex
    }

    // MARK: Publishing

    private mutating func receive(_ publication: Request.Publication) {
        guard let topic = topic(publication.topic) else {
            let refusal = Notice.Outcome.refused(
                .tooMany, version: nil, reason: "there are too many topics")
            answer(publication.origin, refusal)
            return
        }
        defer { dropIfUnused(topic) }
        let records = topic.batch.records.count
        let outcome = publish(publication, to: topic)
        // A promise waits for the commit of what it promises. So does the answer to a repeat whose
        // first is in the same batch.
        if topic.settings.isDurable && (topic.batch.records.count > records || records > 0)
            && !Fault.ackBeforeCommit.isPlanted
        {
            topic.batch.answers.append((publication.origin, outcome))
        } else {
            answer(publication.origin, outcome)
        }
    }

    mutating func answer(_ origin: Origin, _ outcome: Notice.Outcome) {
        if origin == .nobody { return }
        letters.append((Int(origin.desk), .outcome(origin, outcome)))
    }

    private mutating func publish(
        _ publication: Request.Publication, to topic: Topic
    ) -> Notice.Outcome {
        guard let instance = publication.instance, !Fault.repeatApplied.isPlanted else {
            return apply(publication, to: topic)
        }
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
        switch (publication.change, topic.settings.kind) {
        case (.patch(let patch), .state), (.patch(let patch), .collection):
            do throws(PatchRefusal) {
                let applied = try topic.document.apply(patch)
                counts.patches += 1
                if topic.epoch == nil { begin(topic) }
                topic.expire(publication.expiries, wall)
                if !topic.expiries.isEmpty, !expiring.contains(topic.place) {
                    expiring.append(topic.place)
                }
                keep(publication, in: topic, version: applied.version)
                touch(topic, applied.views, version: applied.version)
                return .done(version: applied.version)
            } catch {
                counts.refusals += 1
                return Hub.answer(to: error)
            }
        case (.event(let data), .event):
            counts.events += 1
            if topic.epoch == nil { begin(topic) }
            let sequence = topic.append(data, at: wall)
            keep(publication, in: topic, version: sequence)
            touch(topic, .max, version: sequence)
            return .done(version: sequence)
        case (.patch, .event):
            return .refused(.wrongKind, version: nil, reason: "the topic takes events")
        case (.event, .state), (.event, .collection):
            return .refused(.wrongKind, version: nil, reason: "the topic holds a document")
        case (_, .signal):
            return .refused(.wrongKind, version: nil, reason: "the topic takes signals only")
        }
    }

    /// Notes what a durable topic must store.
    private func keep(_ publication: Request.Publication, in topic: Topic, version: UInt64) {
        guard topic.settings.isDurable else { return }
        let change: Publish.Change
        switch publication.change {
        case .patch(var patch):
            // They held; replaying must not ask again.
            patch.conditions = []
            change = .patch(patch)
        case .event: change = publication.change
        }
        let answer = publication.instance.map {
            Ledger.Answer(
                principal: publication.principal, instance: $0, id: publication.origin.id,
                fingerprint: publication.fingerprint, version: version)
        }
        topic.batch.records.append(
            Record(
                version: version, time: wall, change: change,
                expiries: publication.expiries.map {
                    Record.Expiry(path: $0.path, at: wall + .milliseconds($0.after))
                }, answer: answer))
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

    mutating func owe(_ topic: Topic) {
        if !owing.contains(topic.place) { owing.append(topic.place) }
    }

    /// The topic comes into being: whoever watched it absent gets a snapshot with its epoch.
    mutating func begin(_ topic: Topic) {
        topic.beginEpoch(nextEpoch())
        for view in topic.views {
            for id in view?.audiences ?? [] {
                audiences[Int(id.index)]?.needsSnapshot = true
                markDirty(id, unchangedUpTo: 0)
            }
        }
    }

    /// Marks the audiences of the views that a patch changed; no other is looked at.
    mutating func touch(_ topic: Topic, _ bits: UInt64, version: UInt64) {
        if !topic.isTouched {
            topic.isTouched = true
            touched.append(topic.place)
        }
        if !topic.names.isEmpty { owe(topic) }
        guard bits != 0 else { return }
        for place in topic.views.indices {
            guard let mask = topic.views[place]?.id.mask, mask & bits != 0,
                let audiences = topic.views[place]?.audiences
            else { continue }
            for id in audiences { markDirty(id, unchangedUpTo: version - 1) }
        }
    }

    mutating func markDirty(_ id: AudienceID, unchangedUpTo version: UInt64) {
        let place = Int(id.index)
        guard audiences[place]?.isDirty == false else { return }
        audiences[place]?.isDirty = true
        audiences[place]?.unchangedUpTo = version
        dirty.append(id)
    }
}
