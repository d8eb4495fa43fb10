/// Sixty-four bits over a row's bytes and its place, so that a bit that a disk changed, or a row in
/// another's place, is found when it is read. It finds faults, not attackers.
enum Checksum {
    static func of(_ bytes: Span<UInt8>, topic: Int64, place: UInt64) -> UInt64 {
        var state = mixed(UInt64(bitPattern: topic), place ^ UInt64(bytes.count))
        var i = 0
        while i + 8 <= bytes.count {
            var word: UInt64 = 0
            for j in 0..<8 { word = word << 8 | UInt64(bytes[i + j]) }
            state = mixed(state, word)
            i += 8
        }
        var rest: UInt64 = 1
        while i < bytes.count {
            rest = rest << 8 | UInt64(bytes[i])
            i += 1
        }
        return mixed(state, rest)
    }

    /// The halves of the product of two words depend on every bit of both.
    private static func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = (a ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(
            by: b ^ 0xbf58_476d_1ce4_e5b9)
        // Added, because a factor of zero would forget the other.
        return (high ^ low) &+ a &* 0x94d0_49bb_1331_11eb &+ b
    }
}
