public import Hub
public import Transport
public import Wire

/// Everything a node is told when it starts.
public struct NodeSettings: Sendable {
    /// Where it listens; port 0 takes one that the system gives.
    public var listen = SocketAddress.loopback(port: 8080)
    /// How many loops, each on a thread of its own with its share of connections and topics.
    public var loops = 1
    public var kernel = KernelChoice.auto
    /// The secret with which tokens are signed (HS256), at least 32 bytes.
    public var secret: [UInt8] = []
    public var issuer: Text?
    public var audience: Text?
    /// Pages of these origins may speak to it, as `https://example.org`; empty for any.
    public var origins: Set<String> = []
    public var hub = Hub.Settings()
    public var desk = Desk.Settings()
    /// Publishes live demonstration data.
    public var isDemonstration = false
    /// Serves the page that shows it, at `/`.
    public var hasPage = false
    /// The page's files, from the start on.
    var pages: PageShelf?

    public init() {}

    func loopLimits() -> LoopLimits {
        var limits = LoopLimits()
        limits.messageBytes = Int(clamping: desk.terms.messageBytes)
        limits.http.bodyBytes = limits.messageBytes
        // What is unconfirmed is bounded by the desk; the queue need only hold that, one part of a
        // snapshot, and the small change of answers.
        limits.queueBytes = Int(clamping: desk.terms.unconfirmedBytes) * 4 + (8 << 20)
        return limits
    }
}
