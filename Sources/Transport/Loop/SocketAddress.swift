internal import CLinux

/// An IP address and a port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 6.
    public let family: UInt8
    /// In network order; a v4 address fills the first four bytes.
    private let high: UInt64
    private let low: UInt64
    private let scope: UInt32
    public var port: UInt16

    /// An address written in numbers, as `127.0.0.1` or `::1`; nil for anything else.
    public init?(_ host: String, port: UInt16) {
        let text = [UInt8](host.utf8)
        var found = fc_address()
        let result = unsafe fc_parse_address(text.span, &found)
        guard result == 0 else { return nil }
        found.port = port
        self.init(found)
    }

    /// Asks the system's resolver, which blocks: never on a loop's thread.
    public static func resolve(_ host: String, port: UInt16) throws(Errno) -> SocketAddress {
        let name = [UInt8](host.utf8)
        var found = fc_address()
        _ = try Errno.check(unsafe fc_resolve(name.span, &found))
        found.port = port
        return SocketAddress(found)
    }

    public static func loopback(port: UInt16) -> SocketAddress {
        var a = fc_address()
        a.family = 4
        a.bytes.0 = 127
        a.bytes.3 = 1
        a.port = port
        return SocketAddress(a)
    }

    /// Every v4 address of this machine.
    public static func any(port: UInt16) -> SocketAddress {
        var a = fc_address()
        a.family = 4
        a.port = port
        return SocketAddress(a)
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool {
        family == 4 ? high >> 56 == 127 : high == 0 && low == 1
    }

    /// From its bytes in network order: four or sixteen.
    init(family: UInt8, bytes: ArraySlice<UInt8>, port: UInt16) {
        var words: (UInt64, UInt64) = (0, 0)
        for (i, byte) in bytes.enumerated() {
            let shift = UInt64(56 - (i & 7) * 8)
            if i < 8 { words.0 |= UInt64(byte) << shift } else { words.1 |= UInt64(byte) << shift }
        }
        self.init(family, words.0, words.1, scope: 0, port: port)
    }

    /// A v4 address as a socket for both families has it (`::ffff:192.0.2.1`) is that v4 address:
    /// whoever trusts or limits by address must not see two.
    private init(_ family: UInt8, _ high: UInt64, _ low: UInt64, scope: UInt32, port: UInt16) {
        let isMapped = family == 6 && high == 0 && low >> 32 == 0xffff
        self.family = isMapped ? 4 : family
        self.high = isMapped ? low << 32 : high
        self.low = isMapped ? 0 : low
        self.scope = isMapped ? 0 : scope
        self.port = port
    }

    /// A bit of the address, counted from its most significant.
    func bit(_ i: Int) -> Bool { byte(i / 8) >> UInt8(7 - i % 8) & 1 == 1 }

    init(_ a: fc_address) {
        let b = a.bytes
        self.init(
            a.family, Self.word([b.0, b.1, b.2, b.3, b.4, b.5, b.6, b.7]),
            Self.word([b.8, b.9, b.10, b.11, b.12, b.13, b.14, b.15]), scope: a.scope, port: a.port)
    }

    private static func word(_ bytes: [8 of UInt8]) -> UInt64 {
        var word: UInt64 = 0
        for i in bytes.indices { word = word << 8 | UInt64(bytes[i]) }
        return word
    }

    private func byte(_ i: Int) -> UInt8 {
        let word = i < 8 ? high : low
        return UInt8(truncatingIfNeeded: word >> UInt64(56 - (i & 7) * 8))
    }

    var system: fc_address {
        var a = fc_address()
        a.family = family
        a.scope = scope
        a.port = port
        a.bytes = (
            byte(0), byte(1), byte(2), byte(3), byte(4), byte(5), byte(6), byte(7),
            byte(8), byte(9), byte(10), byte(11), byte(12), byte(13), byte(14), byte(15)
        )
        return a
    }

    /// The address without the port, as text.
    public var host: String {
        if family == 4 {
            return "\(byte(0)).\(byte(1)).\(byte(2)).\(byte(3))"
        }
        var groups: [UInt16] = []
        for i in stride(from: 0, to: 16, by: 2) {
            groups.append(UInt16(byte(i)) << 8 | UInt16(byte(i + 1)))
        }
        return Self.shortened(groups)
    }

    public var description: String { family == 4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

    /// RFC 5952: the longest run of two or more zero groups becomes `::`.
    private static func shortened(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var i = 0
        while i < groups.count {
            var end = i
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - i > best.count, end - i > 1 { best = i..<end }
            i = max(end, i + 1)
        }
        func joined(_ part: ArraySlice<UInt16>) -> String {
            var text = ""
            for group in part { text += (text.isEmpty ? "" : ":") + String(group, radix: 16) }
            return text
        }
        if best.isEmpty { return joined(groups[...]) }
        return joined(groups[..<best.lowerBound]) + "::" + joined(groups[best.upperBound...])
    }
}
