public import Wire

/// What holds for topics of a pattern.
public struct TopicSettings: Equatable, Sendable {
    public var kind: Subscribed.TopicKind
    public var bounds: Document.Bounds
    /// Snapshots larger than this go in parts.
    public var partBytes: Int

    public init(
        kind: Subscribed.TopicKind = .state, bounds: Document.Bounds = Document.Bounds(),
        partBytes: Int = 32_768
    ) {
        self.kind = kind
        self.bounds = bounds
        self.partBytes = partBytes
    }
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

    public func settings(for topic: Text) -> TopicSettings {
        rules.first { $0.pattern.matches(topic) }?.settings ?? otherwise
    }
}
