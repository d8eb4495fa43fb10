internal import Transport
internal import Wire

/// Where the server is, and how it is spoken to: `ws://host:port/path`, or any shorter form of it;
/// `tcp://host:port` for framed streams, `poll://` for polling and `stream://` for event streams.
/// Under TLS these are `wss://`, `tls://`, `polls://` and `streams://`.
struct Target: Equatable, Sendable {
    let host: String
    let port: UInt16
    let path: String
    /// Whether it is spoken to under TLS.
    let isSecure: Bool
    let speech: Speech
    /// Whose certificates are taken; needed where it is secure.
    private var context: TLSContext?

    static func == (a: Target, b: Target) -> Bool {
        a.url == b.url
    }

    enum Speech: Equatable, Sendable { case webSocket, framed, polling, eventStream }

    /// Whether it is a listener for framed streams, and no WebSocket.
    var isFramed: Bool { speech == .framed }
    /// Whether each answer belongs to a request, and nothing can be said meanwhile.
    var isHTTP: Bool { speech == .polling || speech == .eventStream }

    static let options = [
        Option("authority", "FILE", "with TLS: the certificates to trust (the system's)")
    ]

    /// What its connections need for TLS; nil for those in the clear.
    var tls: TLSWish? { context.map { TLSWish($0, serverName: host) } }

    /// Reads whom to trust; to be called before connections are made.
    mutating func trust(_ arguments: Arguments) throws(UsageError) {
        let path = arguments.text("authority")
        guard isSecure else {
            if path != nil { throw UsageError("--authority is for wss:// and tls://") }
            return
        }
        var authorities: [UInt8]?
        if let path { authorities = try Machine.read(path) }
        do throws(TLSContext.Fault) {
            context = try TLSContext(authorities: authorities)
        } catch {
            throw UsageError("\(path ?? "the system"): no certificates to trust: \(error)")
        }
    }

    /// Where a node's WebSocket is.
    static let usualPath = "/v1/ws"

    init(_ text: String, path usual: String = Target.usualPath) throws(UsageError) {
        var rest = text[...]
        var scheme = "ws"
        if let end = text.firstRange(of: "://") {
            scheme = text[..<end.lowerBound].lowercased()
            rest = text[end.upperBound...]
        }
        switch scheme {
        case "ws", "http": (isSecure, speech) = (false, .webSocket)
        case "wss", "https": (isSecure, speech) = (true, .webSocket)
        case "tcp", "fieldcast": (isSecure, speech) = (false, .framed)
        case "tls", "fieldcasts": (isSecure, speech) = (true, .framed)
        case "poll": (isSecure, speech) = (false, .polling)
        case "polls": (isSecure, speech) = (true, .polling)
        case "stream": (isSecure, speech) = (false, .eventStream)
        case "streams": (isSecure, speech) = (true, .eventStream)
        default: throw UsageError("\(text): \(scheme):// is not spoken", hint: "use ws://")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let path = rest[slash...]
        let authority = rest[..<slash]
        self.path = path.isEmpty || path == "/" ? usual : String(path)
        var host = authority
        var digits: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw Target.bad(text) }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let behind = authority[authority.index(after: end)...]
            if !behind.isEmpty {
                guard behind.hasPrefix(":") else { throw Target.bad(text) }
                digits = behind.dropFirst()
            }
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            digits = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { throw Target.bad(text) }
        self.host = String(host)
        if let digits {
            guard let port = UInt16(digits), port > 0 else {
                throw UsageError("\(text): \(digits) is no port")
            }
            self.port = port
        } else {
            if speech == .framed { throw UsageError("\(text): a port is missing") }
            port = isSecure ? 443 : 80
        }
    }

    private static func bad(_ text: String) -> UsageError {
        UsageError("\(text) is no address", hint: "write it as ws://127.0.0.1:8080")
    }

    /// As it stands in a request's `host` field.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var url: String {
        switch speech {
        case .webSocket: "\(isSecure ? "wss" : "ws")://\(authority)\(path)"
        case .framed: "\(isSecure ? "tls" : "tcp")://\(authority)"
        case .polling: "\(isSecure ? "polls" : "poll")://\(authority)"
        case .eventStream: "\(isSecure ? "streams" : "stream")://\(authority)"
        }
    }

    /// Asks the resolver where the address is not written in numbers.
    func address() throws(UsageError) -> SocketAddress {
        if let address = SocketAddress(host, port: port) { return address }
        do throws(Errno) {
            return try SocketAddress.resolve(host, port: port)
        } catch {
            throw UsageError("nobody knows where \(host) is (\(error))")
        }
    }
}

extension Loop {
    /// Begins to connect to a server of the protocol, in the way that its address says.
    func connect(
        to address: SocketAddress, _ target: Target, _ encoding: Encoding
    ) throws(Errno) -> ConnectionID {
        if target.isFramed { return try connect(to: address, tls: target.tls, framed: encoding) }
        let wish = WebSocketWish(
            host: target.authority, target: target.path,
            subprotocols: [encoding.subprotocol.string])
        return try connect(to: address, tls: target.tls, wish)
    }
}
