// The door for reading words out of bytes.
//
// Why unsafe: `Span<UInt8>` has no safe load wider than a byte, and eight indexed reads cost eight
// bounds checks; short texts, which are most keys and most values, are made of two such words.
// The bound: every function checks the whole word against the span's count once, and traps on our
// own mistake before it reads.

extension Span<UInt8> {
    /// Eight bytes at `offset`, the first of them most significant.
    @inlinable @inline(__always)
    func bigEndian64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= count &- 8 && count >= 8)
        return unsafe UInt64(
            bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Four bytes at `offset`, the first of them most significant.
    @inlinable @inline(__always)
    func bigEndian32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= count &- 4 && count >= 4)
        return unsafe UInt32(
            bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Two bytes at `offset`, the first of them most significant.
    @inlinable @inline(__always)
    func bigEndian16(at offset: Int) -> UInt16 {
        precondition(offset >= 0 && offset <= count &- 2 && count >= 2)
        return unsafe UInt16(
            bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The one byte at `offset`, where the caller has just checked it.
    @inlinable @inline(__always)
    func byte(at offset: Int) -> UInt8 { self[offset] }

    /// A copy of the bytes of `range`.
    func copied(_ range: Range<Int>) -> [UInt8] {
        // Twice as fast as an array that is made uninitialised and filled: that one looks up the
        // type of its storage at run time, each time.
        unsafe extracting(range).withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}
