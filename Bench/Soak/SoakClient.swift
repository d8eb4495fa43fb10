import Hub
import Node
import Transport
import Wire

/// One client of the soak: a session, and where it is.
struct SoakClient {
    enum Place {
        case away(until: Instant)
        case connecting
        case here
        /// It reads nothing until then.
        case stalled(until: Instant)
    }

    let number: Int
    /// The token of its principal, and a newer one.
    let tokens: [Text]
    var session: ClientSession
    var place = Place.away(until: Instant(nanoseconds: 0))
    var connection: ConnectionID?
    var backoff = Backoff()
    /// Publishes without an answer.
    var unanswered = 0
    /// It is about to go for good and to come back as another run.
    var isLeaving = false
    /// Subscriptions that agreed with the server's hash since the end.
    var proven: Set<UInt64> = []

    init(_ number: Int, _ minting: Tokens, life: Int64) {
        self.number = number
        let principal = Principal(
            name: Text("user \(number % 50)"), tenant: "soak",
            grants: [
                Principal.Grant(
                    topics: TopicPattern("desk/*"), read: .everything, write: .everything)
            ])
        tokens = [life, life + 60].compactMap {
            minting.token(for: principal, at: Transport.Process.wall, seconds: $0)
        }
        session = SoakClient.session(number, tokens[0])
    }

    /// A run of its own, with one to three topics, whole or in part.
    private static func session(_ number: Int, _ token: Text) -> ClientSession {
        var session = ClientSession(
            ClientSession.Settings(
                encoding: number % 3 == 0 ? .json : .messagePack, token: token,
                instance: Text("\(number)-\(UInt64.random(in: .min ... .max))")))
        for _ in 0..<Int.random(in: 1...3) {
            let fields: Mask? =
                Bool.random()
                ? nil : Mask(paths: [Path([SoakDesk.group]), Path([SoakDesk.group])])
            _ = session.subscribe(SoakDesk.topic, fields: fields)
        }
        return session
    }

    mutating func beginAnew() {
        session = SoakClient.session(number, session.settings.token)
        unanswered = 0
        isLeaving = false
    }

    var isHere: Bool {
        if case .here = place { return session.isReady }
        return false
    }

    /// Everything asked for is answered.
    var isSettled: Bool {
        isHere && session.outbox.isEmpty && session.subscriptions.allSatisfy { $0.view != nil }
    }
}

/// What there is to watch and to change: topics of ten groups of twenty fields.
enum SoakDesk {
    static var topic: Text { Text("desk/\(Int.random(in: 0..<8))") }
    static var group: Text { Text("group \(Int.random(in: 0..<10))") }
    private static var field: Text { Text("field \(Int.random(in: 0..<20))") }

    /// Mostly a field or two are set; now and then one goes, a whole group goes, or a sum grows.
    static var patch: Patch {
        switch Int.random(in: 0..<20) {
        case 0: return Patch(unset: [Path([group])])
        case 1, 2: return Patch(unset: [Path([group, field])])
        case 3, 4:
            return Patch(increments: [
                Patch.Increment(path: Path([group, "sum"]), amount: Number(Int64(1)))
            ])
        default:
            var fields = Map()
            for _ in 0..<Int.random(in: 1...3) { fields[field] = value }
            var set = Map()
            set[group] = .map(fields)
            return Patch(set: set)
        }
    }

    private static var value: Value {
        switch Int.random(in: 0..<4) {
        case 0: .integer(Int64.random(in: 0..<1_000_000))
        case 1: .boolean(Bool.random())
        case 2: Number(Double.random(in: 0..<1)).map { .number($0) } ?? .null
        default: .text(Text(String(repeating: "x", count: Int.random(in: 0..<40))))
        }
    }
}
