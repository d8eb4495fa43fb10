/// One numbered rule of the specification, and what a check can make of it.
struct Rule: Equatable, Sendable {
    /// What a peer can do that keeps the rules up to a level.
    enum Level: String, CaseIterable, Sendable {
        /// It shows a topic and keeps it in step.
        case view
        /// It survives cuts, slow readers and lost answers.
        case recover
        /// Events, presence, signals, last wills.
        case full
    }

    let id: String
    let level: Level
    /// Whether the rule says MUST.
    let isMust: Bool
    /// What it says, in a few words.
    let words: String
    /// Why a server cannot be tried on it from outside; nil where it is.
    let serverReason: String?
    /// The same for a client.
    let clientReason: String?

    init(
        _ id: String, _ level: Level, must: Bool = false, _ words: String,
        server: String? = nil, client: String? = nil
    ) {
        (self.id, self.level, isMust, self.words) = (id, level, must, words)
        (serverReason, clientReason) = (server, client)
    }

    static let all =
        versions + encodings + messages + codes + documents + transports + requests + sessions
        + delivery + security

    static func named(_ id: String) -> Rule? { all.first { $0.id == id } }

    static let unplayed = "no session plays it"
    static let forClients = "it is for clients"
    static let forServers = "it is for servers"
    /// Of what a client need not do at all.
    static let optional = "a client need not use it, and this one was not asked to"
}
