/// A range of addresses, as `10.0.0.0/8`, or one address.
public struct AddressRange: Equatable, Sendable, CustomStringConvertible {
    let network: SocketAddress
    let bits: Int
    /// As it was written.
    public let description: String

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
        description = text
    }

    public static func == (a: AddressRange, b: AddressRange) -> Bool {
        a.network == b.network && a.bits == b.bits
    }

    public func contains(_ address: SocketAddress) -> Bool {
        guard address.family == network.family else { return false }
        for bit in 0..<bits where address.bit(bit) != network.bit(bit) { return false }
        return true
    }
}
