/// Bytes as `content-encoding: gzip` wants them (RFC 1952): what is served again and again as it is
/// is compressed once, as hard as zlib can.
public enum Gzip {
    /// Nil when that would not be smaller.
    public static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var options = DeflateOptions()
        options.level = 9
        options.memoryLevel = 9
        guard let body = Compressor(options)?.compress(bytes.span) else { return nil }
        // Deflate, no flags, no time, the slowest level, an unknown system.
        var packed: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]
        packed += body
        // A message ends with a flush whose last four bytes are left out; then the last block.
        packed += [0x00, 0x00, 0xff, 0xff, 0x03, 0x00]
        packed += littleEndian(checksum(bytes))
        packed += littleEndian(UInt32(truncatingIfNeeded: bytes.count))
        return packed.count < bytes.count ? packed : nil
    }

    private static func littleEndian(_ word: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
    }

    /// CRC-32 as RFC 1952 section 8 has it.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        let table = (UInt32(0)..<256).map { n in
            (0..<8).reduce(n) { c, _ in c & 1 == 1 ? 0xedb8_8320 ^ (c >> 1) : c >> 1 }
        }
        var c = UInt32.max
        for byte in bytes { c = table[Int((c ^ UInt32(byte)) & 0xff)] ^ (c >> 8) }
        return ~c
    }
}
