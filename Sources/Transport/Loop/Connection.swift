internal import Wire

/// One socket and everything the loop knows of it. Small, because there are many and most are
/// silent: what only a phase needs lives in objects that go with the phase.
final class Connection {
    /// Where it stands. Each goes only to later ones, in this order, except that `finishing` and
    /// `lingering` may be reached from any, and `http` may be skipped by clients.
    enum Phase: UInt8 {
        /// Outgoing: the system is connecting.
        case connecting
        /// Outgoing: our upgrade is on its way, the answer is awaited.
        case opening
        /// A framed stream before its first message: incoming, its beginning is awaited; outgoing,
        /// the end of the TLS handshake.
        case greeting
        /// Incoming: requests and answers.
        case http
        /// Outgoing: calls and their answers.
        case calling
        /// Incoming: an answer that goes out piece by piece.
        case streaming
        /// A WebSocket, or a framed stream.
        case open
        /// Our close frame is sent, the peer's is awaited; messages are dropped.
        case closing
        /// What is queued goes out, nothing is read into meaning.
        case finishing
        /// All is out and our side is shut; reading on, so that the last bytes are not lost to a
        /// reset (RFC 9112 section 9.6).
        case lingering
    }

    let id: ConnectionID
    let descriptor: Int32
    var peer: SocketAddress
    let role: WebSocketRole
    /// The listener that it came in by; -1 for outgoing ones.
    let listener: Int32

    var phase: Phase
    var queue = SendQueue()
    /// Under TLS: what waits is plain in `queue`, and sealed here.
    var sealed = SendQueue()
    var tls: TLSSession?
    /// Our goodbye is said: nothing may be sealed after it.
    var saidGoodbye = false
    var interest: Interest
    /// In the list of connections to flush this turn.
    var isDirty = false
    /// The kernel took less than was offered: writable is awaited.
    var isBacklogged = false
    /// A `send` was answered `.queued`, so `drained` is owed.
    var owesDrained = false
    /// Bytes come in, but nobody wants them now.
    var isPaused = false
    /// The end of the stream came during a pause: what was read before it goes first.
    var isEndedWhilePaused = false
    /// Bytes of it are being handed on: a resume from inside only clears the way.
    var isConsuming = false
    var isDoomed = false
    /// The service knows of it, so it is owed `closed`.
    var isAnnounced = true
    /// After the last byte: listen on a while, or close at once.
    var lingers = true
    /// Heartbeats without a sign of life since.
    var missedBeats: UInt8 = 0

    /// When its phase must have ended; and when a stalled queue is given up.
    var deadline = Instant.never
    var stallDeadline = Instant.never
    /// The entry for it in `Deadlines`.
    var armed = Instant.never
    var heard: Instant

    var end: ConnectionEnd?
    var http: HTTPExchange?
    var upgrade: ClientUpgrade?
    var calls: CallExchange?
    var inbox: WebSocketInbox?
    /// In its place where the connection is a framed stream.
    var framed: FramedStream?
    var deflate: DeflateAgreement?
    /// The latest ping of a peer that does not read, to be answered when it does.
    var owedPong: [UInt8]?
    /// Of its own, where the peer's messages refer to earlier ones.
    var decompressor: Decompressor?
    /// What was read before a pause and not yet looked at, from `unreadStart` on: who is paused at
    /// every message must not have the rest moved up each time.
    var unread: [UInt8] = []
    var unreadStart = 0

    init(
        id: ConnectionID, descriptor: Int32, peer: SocketAddress, role: WebSocketRole,
        listener: Int32, phase: Phase, interest: Interest, now: Instant
    ) {
        self.id = id
        self.descriptor = descriptor
        self.peer = peer
        self.role = role
        self.listener = listener
        self.phase = phase
        self.interest = interest
        heard = now
    }

    /// Nothing waits to go out.
    var isFlushed: Bool { queue.isEmpty && sealed.isEmpty }
    var takesFrames: Bool { phase == .open || phase == .streaming }
    var token: Token { Token(id) }
    var due: Instant { min(deadline, stallDeadline) }
}

/// The server's side of one exchange, from the first byte of a head to the end of the answer.
final class HTTPExchange {
    enum State {
        /// Before the first head, where a balancer is to say who connected.
        case proxyHeader(ProxyHeader)
        case head
        case body(HTTPRequest, BodyReader)
        /// The service has the request; it holds the answer, or streams it.
        case held(HTTPMethod, minor: UInt8, keepsAlive: Bool)
    }

    var state = State.head
    var scanner = HTTPHeadScanner()
    var head: [UInt8] = []
    /// Behind the balancer's header stands a framed stream, not HTTP.
    var turnsToFrames = false

    /// The balancer's header comes before everything, TLS included.
    var awaitsProxyHeader: Bool {
        if case .proxyHeader = state { true } else { false }
    }
}

/// The client's side of an upgrade.
final class ClientUpgrade {
    let wish: WebSocketWish
    let nonce: [UInt8]
    var scanner = HTTPHeadScanner()
    var head: [UInt8] = []

    init(_ wish: WebSocketWish, nonce: [UInt8]) {
        self.wish = wish
        self.nonce = nonce
    }
}

extension Instant {
    static let never = Instant(nanoseconds: .max)
}
