/// Base64 with padding (RFC 4648, section 4), one form only: what decodes encodes to the same.
public enum Base64 {
    private static let alphabet: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    public static func encode(_ bytes: [UInt8]) -> Text {
        let symbols = Text(stringLiteral: alphabet).utf8
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for i in stride(from: 0, to: bytes.count, by: 3) {
            let left = bytes.count - i
            let word =
                UInt32(bytes[i]) << 16 | (left > 1 ? UInt32(bytes[i + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[i + 2]) : 0)
            for k in 0..<4 {
                let symbol = symbols[Int(word >> UInt32(18 - k * 6)) & 63]
                text.append(k <= left ? symbol : UInt8(ascii: "="))
            }
        }
        return Text(validated: text.span, 0..<text.count)
    }

    /// Nil for anything that `encode` would not have written.
    public static func decode(_ text: Text) -> [UInt8]? {
        let symbols = text.utf8
        guard symbols.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(symbols.count / 4 * 3)
        for i in stride(from: 0, to: symbols.count, by: 4) {
            var word: UInt32 = 0
            var padding = 0
            for k in 0..<4 {
                let symbol = symbols[i + k]
                if symbol == UInt8(ascii: "=") && k >= 2 && i + 4 == symbols.count {
                    padding += 1
                    word <<= 6
                } else if padding == 0, let digit = value(of: symbol) {
                    word = word << 6 | digit
                } else {
                    return nil
                }
            }
            for k in 0..<3 - padding {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - k * 8)))
            }
        }
        // Bits that padding leaves over must be zero, or two texts would mean the same bytes.
        return encode(bytes) == text ? bytes : nil
    }

    private static func value(of symbol: UInt8) -> UInt32? {
        switch symbol {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(symbol - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(symbol - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(symbol - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
