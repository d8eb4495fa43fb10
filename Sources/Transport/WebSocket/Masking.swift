/// Masking (RFC 6455 section 5.3): byte *i* of a payload is combined with byte *i mod 4* of a key.
public enum Masking {
    /// Applies the key to `range` of `bytes`, where the first byte of the range is byte `phase` of
    /// its frame's payload. Applying it twice changes nothing, so this masks and unmasks.
    ///
    /// The one place in the pure folders where unsafe code pays: eight bytes at a time is six to
    /// eight times as fast as one. Bound: `range` is checked against the span before the loop, and
    /// the loop stays inside `range`.
    public static func apply(
        _ key: UInt32, phase: Int, to bytes: inout MutableSpan<UInt8>, in range: Range<Int>
    ) {
        guard key != 0, !range.isEmpty else { return }
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        // The key as it lies in memory, turned so that its first byte meets the range's first.
        let turn = UInt32(truncatingIfNeeded: phase & 3) * 8
        let turned = turn == 0 ? key : key << turn | key >> (32 - turn)
        let pattern = UInt64(turned) << 32 | UInt64(turned)
        let inMemoryOrder = pattern.bigEndian
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let start = unsafe UnsafeMutableRawPointer(base + range.lowerBound)
            let count = range.count
            var i = 0
            while i + 8 <= count {
                let word = unsafe start.loadUnaligned(fromByteOffset: i, as: UInt64.self)
                unsafe start.storeBytes(of: word ^ inMemoryOrder, toByteOffset: i, as: UInt64.self)
                i += 8
            }
            while i < count {
                let mask = UInt8(truncatingIfNeeded: turned >> UInt32(24 - (i & 3) * 8))
                let byte = unsafe start.load(fromByteOffset: i, as: UInt8.self)
                unsafe start.storeBytes(of: byte ^ mask, toByteOffset: i, as: UInt8.self)
                i += 1
            }
        }
    }
}
