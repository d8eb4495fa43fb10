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
        guard let bits = parts.count == 2 ? Int(parts[1]) : most, (0...most).contains(bits)
        else { return nil }
        network = address
        self.bits = bits
        description = text
    }

    public func contains(_ address: SocketAddress) -> Bool {
        guard address.family == network.family else { return false }
        for bit in 0..<bits where address.bit(bit) != network.bit(bit) { return false }
        return true
    }
}
