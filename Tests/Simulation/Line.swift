import Wire

/// A connection between a client and a loop: bytes in order, both ways, until it is cut. What a
/// cut loses is a suffix of what was under way.
final class Line {
    enum Up {
        case open
        case message([UInt8])
    }

    enum Down {
        case message([UInt8])
        case close(Code)
    }

    let number: Int
    let client: Int
    let loop: Int
    /// Which life of the node it reached.
    let life: Int
    let encoding: Encoding
    /// Something between the ends loses, repeats and turns around single diffs.
    var isLossy: Bool

    var up = Queue<Up>()
    var down = Queue<Down>()
    var lastUp: UInt64 = 0
    var lastDown: UInt64 = 0
    /// Nothing travels any more; the ends may not know.
    var isCut = false

    // The server's end.
    var station: UInt32?
    var serverIsGone = false
    /// The token that the server accepted last.
    var token: Int?
    var isPaused = false
    /// What came while it was not read.
    var held: [[UInt8]] = []
    /// Bytes handed over for the client and not read by it yet, of what it did not ask for there
    /// and then.
    var outstanding = 0
    /// The longest of those messages.
    var largest = 0
    /// Subscriptions on it that read under a name.
    var named = 0
    /// What the server has taken of it: its last wills, the topics at which it says to be, and
    /// whether it said goodbye.
    var wills: [Will] = []
    var presences: [Text] = []
    var saidGoodbye = false
    /// The server has ended it and hears nothing more.
    var isEnded = false

    // The client's end.
    var clientIsGone = false
    /// What a slow reader has not read yet.
    var unread = Queue<Down>()
    /// Tokens that were said and not answered.
    var awaitedTokens: [Int] = []
    /// The token that the server has said to have accepted.
    var acceptedToken: Int?
    /// Events refused for good on this connection, by subscription.
    var refused: [(id: UInt64, sequence: UInt64)] = []
    /// The signals that came.
    var signals: Set<Int64> = []
    /// A diff that is to come behind the next one.
    var overtaken: [UInt8]?

    init(
        number: Int, client: Int, loop: Int, life: Int, encoding: Encoding, isLossy: Bool
    ) {
        self.number = number
        self.client = client
        self.loop = loop
        self.life = life
        self.encoding = encoding
        self.isLossy = isLossy
    }
}

extension Line {
    /// What the server says of its own accord, and not as the answer to something.
    static func isPushed(_ bytes: [UInt8], _ encoding: Encoding) -> Bool {
        switch kind(bytes, encoding) {
        case .diff, .snapshot, .event, .hash, .signal, .lag: true
        default: false
        }
    }

    static func event(_ bytes: [UInt8], _ encoding: Encoding) -> Event? {
        let message =
            try? encoding == .json
            ? Message(json: bytes.span) : Message(messagePack: bytes.span)
        if case .event(let event)? = message { return event }
        return nil
    }

    /// Which message it is.
    static func kind(_ bytes: [UInt8], _ encoding: Encoding) -> Message.Kind? {
        switch encoding {
        case .messagePack: bytes.count > 1 ? Message.Kind(rawValue: bytes[1]) : nil
        case .json:
            // As the server writes it: {"type":"…"
            kinds.first { bytes.count > 9 && bytes[9...].starts(with: $0.start) }?.kind
        }
    }

    private static let kinds = Message.Kind.allCases.map {
        (kind: $0, start: $0.name.utf8 + [UInt8(ascii: "\"")])
    }
}
