public import Hub
public import Transport
public import Wire

/// Everything a node is told when it starts.
public struct NodeSettings: Sendable {
    /// Where it listens, in this order; there is at least one.
    public var listeners = [Listener()]
    /// How many loops, each on a thread of its own with its share of connections and topics.
    public var loops = 1
    public var kernel = KernelChoice.auto
    /// Whose tokens are taken.
    public var access = AccessSettings()
    /// Pages of these origins may speak to it, as `https://example.org`; empty for any.
    public var origins: Set<String> = []
    /// Whose word about the true address of a client is taken.
    public var trustedProxies = TrustedProxies()
    public var limits = NodeLimits()
    public var hub = Hub.Settings()
    public var desk = Desk.Settings()
    /// permessage-deflate for those who ask for it.
    public var compresses = true
    /// Where the operator's verbs are served; nil for nowhere.
    public var admin: AdminSettings?
    /// How long a stop waits for what is under way, and over which time clients come back.
    public var drainTime = Interval.seconds(5)
    /// Where durable topics are kept; without it no topic may be durable.
    public var store: StoreSettings?
    /// Where it says what happens; silent unless given one that writes.
    public var log = Log()
    /// What stands beside the hub.
    public var applications: [ApplicationSettings] = []
    /// Publishes live demonstration data.
    public var isDemonstration = false
    /// Serves the page that shows it, at `/`.
    public var hasPage = false
    /// The page's files, from the start on.
    var pages: PageShelf?

    public init() {}

    public struct Listener: Sendable {
        public var name: String
        /// Port 0 takes one that the system gives.
        public var address: SocketAddress
        public var speech: ListenerSpeech
        public var tls: TLSContext?
        /// A socket that listens already, in place of the address.
        public var inherited: Supervisor.Socket?
        /// Every connection begins with a PROXY protocol header.
        public var expectsProxyHeader: Bool

        public init(
            name: String = "web", address: SocketAddress = .loopback(port: 8080),
            speech: ListenerSpeech = .http, tls: TLSContext? = nil,
            expectsProxyHeader: Bool = false
        ) {
            self.name = name
            self.address = address
            self.speech = speech
            self.tls = tls
            self.expectsProxyHeader = expectsProxyHeader
        }
    }

    func loopLimits() -> LoopLimits {
        var limits = LoopLimits()
        limits.connections = max(self.limits.connections / loops, 1)
        limits.messageBytes = Int(clamping: desk.terms.messageBytes)
        limits.http.bodyBytes = limits.messageBytes
        limits.trustedProxies = trustedProxies
        limits.deflate = compresses ? DeflateOptions() : nil
        // What is unconfirmed is bounded by the desk; the queue need only hold that, one part of a
        // snapshot, and the small change of answers.
        limits.queueBytes = Int(clamping: desk.terms.unconfirmedBytes) * 4 + (8 << 20)
        return limits
    }
}

/// Whose tokens are taken, and what they may do.
public struct AccessSettings: Sendable {
    /// Any of these may have signed a token. During an exchange of keys there are the old and the
    /// new.
    public var keys = TokenKeys()
    /// Who must have issued it; nil for anybody who has a key.
    public var issuer: Text?
    /// For whom it must be; while this is nil, tokens for an audience are refused.
    public var audience: Text?
    /// How far the issuer's clock may be from ours.
    public var leeway = Interval.seconds(30)
    /// What the roles that tokens name may do.
    public var roles: [Text: Access.Role] = [:]

    public init() {}
}

/// The operator's listener.
public struct AdminSettings: Sendable {
    public var address: SocketAddress
    /// Tokens with the claim `admin` are asked for; not where only this machine can connect.
    public var wantsToken: Bool

    public init(address: SocketAddress = .loopback(port: 8081), wantsToken: Bool = false) {
        self.address = address
        self.wantsToken = wantsToken
    }
}
