import Wire

/// One client: a session, what it wants to watch, and the connection it has.
final class Client {
    /// A subscription that the client wants to have.
    struct Wanted {
        let topic: Int
        let asked: Int
        let rate: Number?
        let hash: Bool
        /// The session's id for it; nil while it was refused.
        var id: UInt64?
        /// The last id it had.
        var lastID: UInt64 = 0
        /// The newest version it showed, in which epoch.
        var epoch = Text()
        var version: UInt64 = 0
        /// Another reader took its name.
        var isReplaced = false
        /// An older snapshot came, and a diff behind it has to lead back to `version`.
        var isBehind = false
    }

    /// Pages of the past are asked for under ids from here on, publishes under lower ones.
    static let firstHistory: UInt64 = 1_000_000

    let number: Int
    var session: ClientSession
    var line: Line?
    var backoff = Backoff()
    var wanted: [Wanted] = []
    /// A client's clock runs ahead of the world's by so much.
    var clockAhead: UInt64 = 0
    var isReading = true
    var isConnecting = false
    var wakePlanned: UInt64?
    var runs = 0
    /// How often it began to read events with an inbox that knows nothing.
    var readings = 0
    /// Publishes said lately, to be said again out of turn.
    var recent: [[UInt8]] = []
    /// Pages of the past that were asked for.
    var histories: [UInt64: History] = [:]
    /// Events taken and not finished yet, by subscription.
    var unfinished: [(id: UInt64, sequence: UInt64)] = []

    init(number: Int, session: ClientSession) {
        self.number = number
        self.session = session
    }

    func now(_ world: UInt64) -> Instant { Instant(nanoseconds: world + clockAhead) }
}
