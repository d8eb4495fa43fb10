import Hub
import Transport
import Wire

/// A request under way: a guest at the desk, and what is made of what the guest is told.
final class Exchange {
    enum Work {
        case reading(Reading)
        case posting(Posting)
        case streaming(Streaming)

        /// What the desk speaks to it, where that is not what the client is answered in.
        var spoken: Encoding? {
            if case .reading(let reading) = self { reading.spoken } else { nil }
        }

        /// See `Route.lasts`.
        var lasts: Bool {
            switch self {
            case .reading(let reading): reading.waits
            case .posting: false
            case .streaming: true
            }
        }
    }

    let connection: ConnectionID
    let encoding: Encoding
    let station: UInt32
    let work: Work
    let principal: Principal
    /// It was counted in as a connection of its principal: those that stay a while are.
    let isCounted: Bool
    /// From then on the client is not kept waiting.
    let deadline: Instant
    /// The origin of the page that asks, where its browser is to be told that it may.
    let origin: String?
    /// Something was said to it in this turn.
    var isStirred = false

    init(
        _ connection: ConnectionID, _ encoding: Encoding, station: UInt32, _ work: Work,
        _ principal: Principal, isCounted: Bool, deadline: Instant, origin: String?
    ) {
        self.connection = connection
        self.encoding = encoding
        self.station = station
        self.work = work
        self.principal = principal
        self.isCounted = isCounted
        self.deadline = deadline
        self.origin = origin
    }

    var streaming: Streaming? {
        if case .streaming(let streaming) = work { streaming } else { nil }
    }

    /// What the guest is told.
    func take(_ message: Message, _ bytes: [UInt8]) {
        isStirred = true
        switch work {
        case .reading(let reading): reading.take(message, bytes)
        case .posting(let posting): posting.take(message)
        case .streaming(let streaming): streaming.take(message)
        }
    }
}
