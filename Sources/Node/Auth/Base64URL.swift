/// Base64 with the alphabet for addresses and without padding (RFC 4648, section 5; RFC 7515,
/// section 2), one form only: what decodes encodes to the same.
enum Base64URL {
    static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var waiting = 0
        for i in bytes.indices {
            bits = bits << 8 | UInt32(bytes[i])
            waiting += 8
            while waiting >= 6 {
                waiting -= 6
                text.append(symbol(for: bits >> UInt32(waiting) & 63))
            }
        }
        if waiting > 0 { text.append(symbol(for: bits << UInt32(6 - waiting) & 63)) }
        return text
    }

    /// Nil for anything that `encode` would not have written: padding, white space, bits left over
    /// that are not zero.
    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var waiting = 0
        for i in text.indices {
            guard let value = value(of: text[i]) else { return nil }
            bits = bits << 6 | value
            waiting += 6
            if waiting >= 8 {
                waiting -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(waiting)))
            }
        }
        return bits & (1 << UInt32(waiting) - 1) == 0 ? bytes : nil
    }

    private static func symbol(for value: UInt32) -> UInt8 {
        switch UInt8(truncatingIfNeeded: value) {
        case let v where v < 26: UInt8(ascii: "A") + v
        case let v where v < 52: UInt8(ascii: "a") + v - 26
        case let v where v < 62: UInt8(ascii: "0") + v - 52
        case 62: UInt8(ascii: "-")
        case _: UInt8(ascii: "_")
        }
    }

    private static func value(of symbol: UInt8) -> UInt32? {
        switch symbol {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(symbol - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(symbol - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(symbol - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        case _: nil
        }
    }
}
