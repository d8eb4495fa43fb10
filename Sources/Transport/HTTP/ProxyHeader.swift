/// The PROXY protocol, versions 1 and 2: a load balancer in front says who really connected.
///
/// It is read only on listeners that were told to expect it; there it must come first, and whoever
/// does not send it is hung up on: otherwise anybody could claim any address.
struct ProxyHeader: Equatable {
    enum Outcome: Equatable {
        case more
        /// Whole. Nil: the balancer speaks for itself (a health check).
        case source(SocketAddress?)
        case malformed
    }

    private static let signature: [UInt8] = [
        0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
    ]
    private var bytes: [UInt8] = []

    mutating func read(_ input: Span<UInt8>, _ position: inout Int) -> Outcome {
        while position < input.count {
            bytes.append(input[position])
            position += 1
            switch bytes[0] {
            case UInt8(ascii: "P"):
                if bytes.last == 0x0a { return Self.text(bytes) }
                if bytes.count >= 107 { return .malformed }
            case 0x0d:
                if bytes.count <= 12, !Self.signature.starts(with: bytes) {
                    return .malformed
                }
                guard bytes.count >= 16 else { continue }
                let length = Int(bytes[14]) << 8 | Int(bytes[15])
                // Room for addresses and the extensions that are in use; more is not a header.
                if length > 536 { return .malformed }
                if bytes.count == 16 + length { return Self.binary(bytes) }
            default: return .malformed
            }
        }
        return .more
    }

    /// `PROXY TCP4 source destination sourceport destinationport CRLF`, or `PROXY UNKNOWN …`.
    private static func text(_ bytes: [UInt8]) -> Outcome {
        guard bytes.count >= 2, bytes[bytes.count - 2] == 0x0d else { return .malformed }
        let line = String(decoding: bytes.dropLast(2), as: UTF8.self)
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0] == "PROXY" else { return .malformed }
        if parts[1] == "UNKNOWN" { return .source(nil) }
        guard parts.count == 6, let port = UInt16(parts[4]), UInt16(parts[5]) != nil,
            let address = SocketAddress(String(parts[2]), port: port),
            SocketAddress(String(parts[3]), port: 0)?.family == address.family,
            parts[1] == (address.family == 4 ? "TCP4" : "TCP6")
        else { return .malformed }
        return .source(address)
    }

    private static func binary(_ bytes: [UInt8]) -> Outcome {
        guard bytes[12] >> 4 == 2 else { return .malformed }
        switch bytes[12] & 0x0f {
        case 0: return .source(nil)
        case 1: break
        default: return .malformed
        }
        switch (bytes[13], bytes.count - 16) {
        case (0x11, 12...):
            let port = UInt16(bytes[24]) << 8 | UInt16(bytes[25])
            return .source(SocketAddress(family: 4, bytes: bytes[16..<20], port: port))
        case (0x21, 36...):
            let port = UInt16(bytes[48]) << 8 | UInt16(bytes[49])
            return .source(SocketAddress(family: 6, bytes: bytes[16..<32], port: port))
        case (0x00, _): return .source(nil)
        default: return .malformed
        }
    }
}
