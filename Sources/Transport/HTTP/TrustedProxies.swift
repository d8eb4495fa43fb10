/// Whose word about the true address of a client is taken, and what that address then is.
public struct TrustedProxies: Equatable, Sendable {
    /// A range of addresses, as `10.0.0.0/8`.
    public struct Range: Equatable, Sendable {
        let network: SocketAddress
        let bits: Int

        /// Nil for anything that is not an address, or an address and a prefix length.
        public init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let address = SocketAddress(String(parts[0]), port: 0) else {
                return nil
            }
            let most = address.family == 4 ? 32 : 128
            // A v4 range written as v6: the 96 bits before it are said too.
            let before = address.family == 4 && parts[0].contains(":") ? 96 : 0
            guard let bits = parts.count == 2 ? Int(parts[1]) : most + before,
                (before...most + before).contains(bits)
            else { return nil }
            network = address
            self.bits = bits - before
        }

        func contains(_ address: SocketAddress) -> Bool {
            guard address.family == network.family else { return false }
            for bit in 0..<bits where address.bit(bit) != network.bit(bit) { return false }
            return true
        }
    }

    public var ranges: [Range]

    public init(_ ranges: [Range] = []) { self.ranges = ranges }

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
