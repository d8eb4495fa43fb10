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
    /// Bytes handed over for the client and not read by it yet.
    var outstanding = 0
    var largest = 0

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
