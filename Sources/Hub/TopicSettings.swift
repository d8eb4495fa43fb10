public import Wire

/// What holds for topics of a pattern.
public struct TopicSettings: Equatable, Sendable {
    public var kind: Subscribed.TopicKind
    public var bounds: Document.Bounds
    /// Snapshots larger than this go in parts.
    public var partBytes: Int

    /// What is acknowledged survives the server.
    public var isDurable: Bool
    /// How many events are kept.
    public var eventLimit: Int
    /// How often an event is delivered before it becomes a dead letter.
    public var deliveryLimit: UInt64
    /// After so many records a checkpoint is stored, and the log behind it is cut.
    public var recordsPerCheckpoint: Int
    /// How long a topic is kept that nobody watches or publishes to; nil for ever.
    public var keep: Interval?
    /// How long an event is kept, where there are not too many before; nil for ever.
    public var eventAge: Interval?

    public init(
        kind: Subscribed.TopicKind = .state, bounds: Document.Bounds = Document.Bounds(),
        partBytes: Int = 32_768, isDurable: Bool = false, eventLimit: Int = 10_000,
        deliveryLimit: UInt64 = 16, recordsPerCheckpoint: Int = 1_000, keep: Interval? = nil,
        eventAge: Interval? = nil
    ) {
        self.kind = kind
        self.bounds = bounds
        self.partBytes = partBytes
        self.isDurable = isDurable
        self.eventLimit = eventLimit
        self.deliveryLimit = deliveryLimit
        self.recordsPerCheckpoint = recordsPerCheckpoint
        self.keep = keep
        self.eventAge = eventAge
    }

    /// Nothing of such a topic goes by itself.
    var lastsForEver: Bool { keep == nil && eventAge == nil }
}

/// The settings of every topic: the first pattern that matches decides.
public struct TopicRules: Equatable, Sendable {
    public struct Rule: Equatable, Sendable {
        public let pattern: TopicPattern
        public let settings: TopicSettings

        public init(pattern: TopicPattern, settings: TopicSettings) {
            self.pattern = pattern
            self.settings = settings
        }
    }

    public var rules: [Rule]
    public var otherwise: TopicSettings

    public init(rules: [Rule] = [], otherwise: TopicSettings = TopicSettings()) {
        self.rules = rules
        self.otherwise = otherwise
    }

    public var haveDurableTopics: Bool {
        otherwise.isDurable || rules.contains { $0.settings.isDurable }
    }

    /// Stored topics may have to go that nobody has asked for since the start.
    var letStoredTopicsGo: Bool {
        ([otherwise] + rules.map(\.settings)).contains { $0.isDurable && $0.keep != nil }
    }

    /// What the server itself writes is not meant by a pattern such as `**`, only by one that
    /// begins as its name does; and it is of this run alone (rule 29).
    public func settings(for topic: Text) -> TopicSettings {
        guard topic.isReserved else {
            return rules.first { $0.pattern.matches(topic) }?.settings ?? otherwise
        }
        let rule = rules.first { $0.pattern.text.isReserved && $0.pattern.matches(topic) }
        var settings = rule?.settings ?? TopicSettings()
        settings.isDurable = false
        if rule == nil { settings.keep = .seconds(60) }
        return settings
    }
}
