public import Wire

/// Somebody who proved who they are, and what they may do. Denied unless granted (rule 30).
public struct Principal: Equatable, Sendable {
    public let name: Text
    public let tenant: Text
    public let grants: [Grant]
    /// The commands that may be given, by pattern.
    public let commands: [TopicPattern]
    /// May use the operator's verbs.
    public let isAdministrator: Bool
    /// The id of the token that proved it, by which it can be revoked.
    public let token: Text?

    public init(
        name: Text, tenant: Text, grants: [Grant], commands: [TopicPattern] = [],
        isAdministrator: Bool = false, token: Text? = nil
    ) {
        self.name = name
        self.tenant = tenant
        self.grants = grants
        self.commands = commands
        self.isAdministrator = isAdministrator
        self.token = token
    }

    public func mayCommand(_ name: Text) -> Bool { commands.contains { $0.matches(name) } }

    /// What may be done with topics of a pattern.
    public struct Grant: Equatable, Sendable {
        public let topics: TopicPattern
        /// The fields that may be read; nil for none at all, not even that there are any.
        public let read: Mask?
        /// The fields that may be written, or, for events and signals, anything if not nil.
        public let write: Mask?

        public init(topics: TopicPattern, read: Mask?, write: Mask?) {
            self.topics = topics
            self.read = read
            self.write = write
        }
    }

    /// The fields of a topic that may be seen; nil when the topic may not be subscribed to.
    public func readable(_ topic: Text) -> Mask? { union(topic, \.read) }

    /// The fields of a topic that may be written; nil when it may not be published to.
    public func writable(_ topic: Text) -> Mask? { union(topic, \.write) }

    private func union(_ topic: Text, _ part: (Grant) -> Mask?) -> Mask? {
        var patterns: [Mask.Pattern]?
        for grant in grants where grant.topics.matches(topic) {
            if let mask = part(grant) { patterns = (patterns ?? []) + mask.patterns }
        }
        return patterns.map { Mask($0) }
    }
}
