// A door. Why unsafe: a short text is two words, and there is no safe view of words as bytes. The
// bound: sixteen bytes of the words on the stack, cut to the text's length, which is below sixteen.

extension Text {
    /// Its bytes where they stand, without a copy on the heap; a short text is laid out on the
    /// stack.
    @inlinable public func withUTF8<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch storage {
        case .long(let bytes): return try body(bytes.span)
        case .short(let first, let second):
            let words: InlineArray<2, UInt64> = [first.bigEndian, second.bigEndian]
            let bytes = Span<UInt8>(_bytes: unsafe words.span.bytes)
            return try body(bytes.extracting(first: Int(second & 0xff)))
        }
    }
}
