public import Wire

// What a hub and a store say to each other. The store is a log of records for each topic with a
// checkpoint now and then; it answers a commit when all of it is as safe as its disk can make it,
// and then nothing of it is ever lost (rules 18 to 21).

/// From a hub to the store.
public enum StoreRequest: Sendable {
    case load(TopicKey)
    case commit(Commit)
    /// A page of the topics that are stored, those numbered above `after`.
    case list(after: Int64)
}

/// From the store to a hub.
public enum StoreAnswer: Sendable {
    /// Nil: the topic was never stored.
    case loaded(TopicKey, StoredTopic?)
    case loadFailed(TopicKey)
    case committed(UInt64)
    /// Nothing of it was stored.
    case failed(UInt64)
    case listed(TopicList)
}

/// A page of the topics that are stored.
public struct TopicList: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        public let key: TopicKey
        /// When it was last published to, to the hour.
        public let used: WallTime

        public init(key: TopicKey, used: WallTime) {
            self.key = key
            self.used = used
        }
    }

    public let topics: [Entry]
    /// The number of the last of them; nil when there are no more.
    public let last: Int64?

    public init(topics: [Entry], last: Int64?) {
        self.topics = topics
        self.last = last
    }
}

/// What is stored in one transaction: a turn's changes to any number of topics.
public struct Commit: Equatable, Sendable {
    public let id: UInt64
    public let writes: [TopicWrite]

    public init(id: UInt64, writes: [TopicWrite]) {
        self.id = id
        self.writes = writes
    }
}

public struct TopicWrite: Equatable, Sendable {
    public let key: TopicKey
    public let epoch: Text
    public var records: [Record]
    /// Durable names whose state has changed, whole.
    public var names: [DurableName.State]
    /// How many of the oldest dead letters are not there any more, before these come.
    public var settledLetters = 0
    public var deadLetters: [DeadLetter]
    /// Takes the place of everything before it.
    public var checkpoint: TopicCheckpoint?
    /// Nothing of the topic is kept.
    public let isLast: Bool

    public init(
        key: TopicKey, epoch: Text, records: [Record] = [], names: [DurableName.State] = [],
        deadLetters: [DeadLetter] = [], checkpoint: TopicCheckpoint? = nil, isLast: Bool = false
    ) {
        self.key = key
        self.epoch = epoch
        self.records = records
        self.names = names
        self.deadLetters = deadLetters
        self.checkpoint = checkpoint
        self.isLast = isLast
    }
}

/// One applied publish, with the answer that its repeats will get.
public struct Record: Equatable, Sendable {
    public let version: UInt64
    public let time: WallTime
    public let change: Publish.Change
    public let expiries: [Expiry]
    public let answer: Ledger.Answer?

    public init(
        version: UInt64, time: WallTime, change: Publish.Change, expiries: [Expiry] = [],
        answer: Ledger.Answer? = nil
    ) {
        self.version = version
        self.time = time
        self.change = change
        self.expiries = expiries
        self.answer = answer
    }

    public struct Expiry: Equatable, Sendable {
        public let path: Path
        public let at: WallTime

        public init(path: Path, at: WallTime) {
            self.path = path
            self.at = at
        }
    }
}

/// A topic at a version: what replaying its whole log would give.
public struct TopicCheckpoint: Equatable, Sendable {
    public let document: Document.Checkpoint
    public let events: [EventLog.Entry]
    public let expiries: [Record.Expiry]
    public let ledger: [Ledger.Chapter]

    public init(
        document: Document.Checkpoint, events: [EventLog.Entry] = [],
        expiries: [Record.Expiry] = [], ledger: [Ledger.Chapter] = []
    ) {
        self.document = document
        self.events = events
        self.expiries = expiries
        self.ledger = ledger
    }
}

public struct StoredTopic: Equatable, Sendable {
    public var epoch: Text
    public var checkpoint: TopicCheckpoint?
    public var records: [Record]
    public var names: [DurableName.State]
    public var deadLetters: [DeadLetter]

    public init(epoch: Text) {
        self.epoch = epoch
        checkpoint = nil
        records = []
        names = []
        deadLetters = []
    }

    /// What is stored of a topic after a write: what a store does, said once for all of them.
    public static func after(_ write: TopicWrite, _ stored: StoredTopic?) -> StoredTopic? {
        if write.isLast { return nil }
        var topic = stored ?? StoredTopic(epoch: write.epoch)
        topic.take(write)
        return topic
    }

    private mutating func take(_ write: TopicWrite) {
        if write.epoch != epoch { self = StoredTopic(epoch: write.epoch) }
        records += write.records
        for name in write.names {
            names.removeAll { $0.name == name.name }
            names.append(name)
        }
        deadLetters.removeFirst(min(write.settledLetters, deadLetters.count))
        deadLetters += write.deadLetters
        if let checkpoint = write.checkpoint {
            self.checkpoint = checkpoint
            records.removeAll { $0.version <= checkpoint.document.version }
        }
    }
}
