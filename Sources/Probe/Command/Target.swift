internal import Transport

/// Where the server is: `ws://host:port/path`, or any shorter form of it.
struct Target: Equatable, Sendable {
    let host: String
    let port: UInt16
    let path: String

    /// Where a node's WebSocket is.
    static let usualPath = "/v1/ws"

    init(_ text: String, path usual: String = Target.usualPath) throws(UsageError) {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            switch text[..<scheme.lowerBound].lowercased() {
            case "ws", "http": break
            case "wss", "https":
                throw UsageError(
                    "\(text): TLS is not spoken yet", hint: "use ws:// to a plain listener")
            case let other:
                throw UsageError("\(text): \(other):// is not spoken", hint: "use ws://")
            }
            rest = text[scheme.upperBound...]
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
            port = 80
        }
    }

    private static func bad(_ text: String) -> UsageError {
        UsageError("\(text) is no address", hint: "write it as ws://127.0.0.1:8080")
    }

    /// As it stands in a request's `host` field.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var url: String { "ws://\(authority)\(path)" }

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
