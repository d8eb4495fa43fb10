public import Wire

/// Names one connection of one loop. An index alone would come back with another connection
/// behind it; with its generation it is never used twice.
public struct ConnectionID: Hashable, Sendable {
    public let generation: UInt32
    public let index: UInt32

    @inlinable public init(generation: UInt32, index: UInt32) {
        self.generation = generation
        self.index = index
    }
}

/// What stands on a loop: the node's sessions, the probe's virtual clients, an echo.
///
/// All calls come on the loop's thread, one after another, and may call back into the loop.
/// For each connection the order is: `accepted` (server side) or `Loop.connect` (client side);
/// any number of `answer`; then, if it becomes a WebSocket or is a framed stream, `opened` and
/// `received`; and exactly one
/// `closed` at the end, whatever happened, after which its id means nothing.
public protocol Service: AnyObject {
    /// Somebody has connected. False hangs up at once, and then `closed` does not follow.
    func accepted(_ id: ConnectionID, from peer: SocketAddress) -> Bool

    /// A request is whole. For `.hold`, give the answer later with `Loop.respond`.
    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer

    /// A call of ours is answered: the head, then any number of pieces of the body, then its end.
    func responded(_ head: HTTPResponseHead, on id: ConnectionID)
    func responseBytes(_ bytes: Span<UInt8>, on id: ConnectionID)
    func responseEnded(on id: ConnectionID)

    /// A WebSocket is open, on either side, with the subprotocol agreed; or a framed stream, with
    /// the subprotocol's name of its encoding.
    func opened(_ id: ConnectionID, subprotocol: String?)

    /// A whole message. The bytes are the loop's own: copy what must outlive the call.
    /// Text is valid UTF-8.
    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID)

    /// A pong came. Answers to pings are the loop's own business.
    func ponged(_ id: ConnectionID)

    /// The send queue is empty again, after a `send` was answered `.queued`.
    func drained(_ id: ConnectionID)

    /// It is over. Never called from inside one of the loop's own functions.
    func closed(_ id: ConnectionID, _ end: ConnectionEnd)

    /// Another thread woke the loop: look into the mailboxes.
    func woken()

    /// The time given to `Loop.wake(at:)` has come.
    func reached(_ now: Instant)

    /// All events of a turn are handled; the send queues are flushed right after this.
    func turnEnded(_ now: Instant)
}

extension Service {
    public func accepted(_ id: ConnectionID, from peer: SocketAddress) -> Bool { true }
    public func responded(_ head: HTTPResponseHead, on id: ConnectionID) {}
    public func responseBytes(_ bytes: Span<UInt8>, on id: ConnectionID) {}
    public func responseEnded(on id: ConnectionID) {}
    public func opened(_ id: ConnectionID, subprotocol: String?) {}
    public func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {}
    public func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        .respond(HTTPResponse(.notFound))
    }
    public func ponged(_ id: ConnectionID) {}
    public func drained(_ id: ConnectionID) {}
    public func woken() {}
    public func reached(_ now: Instant) {}
    public func turnEnded(_ now: Instant) {}
}

/// What a service makes of a request.
public enum HTTPAnswer: Sendable {
    case respond(HTTPResponse)
    /// Make it a WebSocket, with one of the subprotocols the client offered, or none. A request
    /// that is no valid upgrade is answered so by the loop.
    case upgrade(subprotocol: String?)
    /// The answer comes later, through `Loop.respond` or `Loop.stream`. The next request waits
    /// until then.
    case hold
    /// The head now, the body by `Loop.send` with frames made by `Frame.chunk`, its end by
    /// `Loop.endStream`. Meant for event streams: one chunk goes to thousands of them.
    case stream(HTTPStatus, fields: [(name: String, value: String)])
}

/// What became of bytes handed to `Loop.send`.
public enum Outflow: Equatable, Sendable {
    /// They leave with this turn's flush; nothing stands before them that the kernel refused.
    case sent
    /// They wait behind what the kernel would not take; `drained` follows.
    case queued
    /// They were not taken: the connection is gone or closing, or its queue is at its limit.
    case refused
}

/// How a connection ended.
public struct ConnectionEnd: Equatable, Sendable {
    public enum Cause: Equatable, Sendable {
        /// The other side closed, in good order.
        case byPeer
        /// This side closed: `Loop.close`, or the end of an HTTP exchange.
        case byUs
        /// The other side vanished: end of stream without a close frame, or a reset.
        case lost
        /// A time limit passed.
        case timedOut
        /// The peer broke the protocol and was told so.
        case violation
        /// An outgoing connection could not be made.
        case unreachable(Errno)
        /// The server answered our upgrade with this status (0: a response that is none).
        case upgradeRefused(UInt16)
        /// The loop stopped before the connection had finished.
        case stopped
    }

    public var cause: Cause
    /// The code of a WebSocket's end: the peer's if it sent one, else ours; 1006 for neither.
    public var code: CloseCode?
    public var reason: String

    public init(_ cause: Cause, code: CloseCode? = nil, reason: String = "") {
        self.cause = cause
        self.code = code
        self.reason = reason
    }
}
