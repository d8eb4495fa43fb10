/// Whose word about the true address of a client is taken, and what that address then is.
public struct TrustedProxies: Equatable, Sendable {
    public var ranges: [AddressRange]

    public init(_ ranges: [AddressRange] = []) { self.ranges = ranges }

    public func trusts(_ address: SocketAddress) -> Bool {
        ranges.contains { $0.contains(address) }
    }

    /// The nearest address that no trusted proxy has: `X-Forwarded-For` is read from its end, and
    /// only as far as trusted proxies wrote it. What a client wrote itself lies beyond that.
    func client(of fields: HTTPFields, from peer: SocketAddress) -> SocketAddress {
        guard trusts(peer) else { return peer }
        var nearest = peer
        for text in fields.list("x-forwarded-for").reversed() {
            guard let address = Self.address(text) else { return nearest }
            nearest = address
            if !trusts(address) { return nearest }
        }
        return nearest
    }

    /// An address as proxies write it: bare, `v4:port`, or `[v6]:port`.
    static func address(_ text: String) -> SocketAddress? {
        if let bare = SocketAddress(text, port: 0) { return bare }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return SocketAddress(String(text[text.index(after: text.startIndex)..<end]), port: 0)
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        return SocketAddress(String(text[..<colon]), port: 0)
    }
}
