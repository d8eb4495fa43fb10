public import Wire

/// Every limit and time of a loop, in one place.
public struct LoopLimits: Equatable, Sendable {
    /// At this many connections the listeners wait.
    public var connections = 100_000
    public var messageBytes = 1024 * 1024
    /// Of one connection's send queue; a frame that would exceed it is refused.
    public var queueBytes = 1024 * 1024
    public var http = HTTPLimits()
    /// Whose `X-Forwarded-For` is believed.
    public var trustedProxies = TrustedProxies()

    /// From connect (or the last answer's first following byte) to a whole request head.
    public var headTime = Interval.seconds(10)
    /// For a body: this long, plus a second for every `bodyBytesPerSecond` received.
    public var bodyTime = Interval.seconds(10)
    public var bodyBytesPerSecond = 4096
    /// Outgoing calls: from the request to the head of the answer.
    public var answerTime = Interval.seconds(30)
    /// How long a kept-alive connection may say nothing.
    public var idleTime = Interval.seconds(75)
    /// Outgoing: from `connect` to the open WebSocket.
    public var connectTime = Interval.seconds(10)
    /// From our close frame to the peer's.
    public var closeTime = Interval.seconds(5)
    /// How long we listen after our last byte, so that it is not lost to a reset.
    public var lingerTime = Interval.seconds(2)
    /// How long a socket may take nothing while bytes wait for it.
    public var stallTime = Interval.seconds(60)
    /// A silent WebSocket is pinged after this long, and given up after a second silent period.
    /// Nil: the service has a heartbeat of its own.
    public var heartbeat: Interval?

    /// permessage-deflate, offered as a client and agreed to as a server; nil: never.
    public var deflate: DeflateOptions?

    public var sockets = SocketOptions()
    public var backlog = 4096

    public init() {}
}

/// Which kernel a loop runs on.
public enum KernelChoice: String, Sendable, CaseIterable {
    /// io_uring where the system allows it, else epoll.
    case auto
    case epoll
    case uring = "io_uring"
}
