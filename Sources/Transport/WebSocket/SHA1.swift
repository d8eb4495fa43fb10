/// SHA-1, for the one place where RFC 6455 section 1.3 wants it: proving that a server has read
/// the handshake. It protects nothing, so this plain form is enough and keeps the folder pure.
enum SHA1 {
    static func digest(_ message: [UInt8]) -> [UInt8] {
        var padded = message
        padded.append(0x80)
        while padded.count % 64 != 56 { padded.append(0) }
        let bits = UInt64(message.count) * 8
        for shift in stride(from: 56, through: 0, by: -8) {
            padded.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }

        var h: [5 of UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        var block = 0
        while block < padded.count {
            absorb(padded, at: block, into: &h)
            block += 64
        }

        var digest: [UInt8] = []
        digest.reserveCapacity(20)
        for i in h.indices {
            for shift in stride(from: 24, through: 0, by: -8) {
                digest.append(UInt8(truncatingIfNeeded: h[i] >> UInt32(shift)))
            }
        }
        return digest
    }

    private static func absorb(_ bytes: [UInt8], at start: Int, into h: inout [5 of UInt32]) {
        var w = [80 of UInt32](repeating: 0)
        for i in 0..<16 {
            let at = start + i * 4
            w[i] =
                UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16
                | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
        }
        for i in 16..<80 { w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1) }

        var (a, b, c, d, e) = (h[0], h[1], h[2], h[3], h[4])
        for i in 0..<80 {
            let mix: UInt32
            let constant: UInt32
            switch i {
            case 0..<20: (mix, constant) = (b & c | ~b & d, 0x5a82_7999)
            case 20..<40: (mix, constant) = (b ^ c ^ d, 0x6ed9_eba1)
            case 40..<60: (mix, constant) = (b & c | b & d | c & d, 0x8f1b_bcdc)
            default: (mix, constant) = (b ^ c ^ d, 0xca62_c1d6)
            }
            let next = rotate(a, 5) &+ mix &+ e &+ constant &+ w[i]
            (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
        }
        h[0] &+= a
        h[1] &+= b
        h[2] &+= c
        h[3] &+= d
        h[4] &+= e
    }

    private static func rotate(_ x: UInt32, _ by: UInt32) -> UInt32 { x << by | x >> (32 - by) }
}
