/// Whether bytes that arrive in pieces are UTF-8, refused at the first byte that cannot be.
///
/// A text message is checked as it comes, across fragments and reads (RFC 6455 section 8.1), so a
/// long wrong message is cut off early. The state is what the next byte may be: how many
/// continuation bytes are owed and, for the first of them, between which bounds (overlong forms,
/// surrogates and code points above U+10FFFF fail there).
struct UTF8Check: Equatable {
    private var owed: UInt8 = 0
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xbf

    /// True between characters: only here may a message end.
    var isComplete: Bool { owed == 0 }

    /// Takes the next bytes; false as soon as they cannot be part of UTF-8.
    mutating func accept(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        var i = range.lowerBound
        let end = range.upperBound
        while i < end {
            let byte = bytes[i]
            if owed == 0 {
                if byte < 0x80 {
                    i += 1
                    continue
                }
                switch byte {
                case 0xc2...0xdf: owed = 1
                case 0xe0: (owed, low) = (2, 0xa0)
                case 0xed: (owed, high) = (2, 0x9f)
                case 0xe1...0xef: owed = 2
                case 0xf0: (owed, low) = (3, 0x90)
                case 0xf1...0xf3: owed = 3
                case 0xf4: (owed, high) = (3, 0x8f)
                default: return false
                }
            } else {
                guard byte >= low, byte <= high else { return false }
                owed -= 1
                (low, high) = (0x80, 0xbf)
            }
            i += 1
        }
        return true
    }
}
