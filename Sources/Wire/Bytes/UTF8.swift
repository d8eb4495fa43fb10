extension Span<UInt8> {
    /// Whether the bytes of `range` are valid UTF-8: no overlong forms, no surrogates, nothing
    /// above U+10FFFF.
    @inline(__always)
    func isUTF8(_ range: Range<Int>) -> Bool {
        firstInvalidUTF8(range) == nil
    }

    /// Where the first bad sequence in `range` begins, or nil.
    @inline(__always)
    func firstInvalidUTF8(_ range: Range<Int>) -> Int? {
        var i = range.lowerBound
        let end = range.upperBound
        while i &+ 8 <= end {
            if bigEndian64(at: i) & 0x8080_8080_8080_8080 != 0 { break }
            i &+= 8
        }
        while i < end, self[i] < 0x80 { i &+= 1 }
        return i == end ? nil : firstInvalidUTF8Slowly(i, end)
    }

    @inline(never)
    private func firstInvalidUTF8Slowly(_ start: Int, _ end: Int) -> Int? {
        var i = start
        while i < end {
            let lead = self[i]
            if lead < 0x80 {
                i &+= 1
                if i &+ 8 <= end {
                    let high = bigEndian64(at: i) & 0x8080_8080_8080_8080
                    i &+= high.leadingZeroBitCount / 8
                }
                continue
            }
            // The range of the second byte is what excludes overlong forms and surrogates.
            let length: Int
            var low: UInt8 = 0x80
            var high: UInt8 = 0xbf
            switch lead {
            case 0xc2...0xdf: length = 2
            case 0xe0: (length, low) = (3, 0xa0)
            case 0xed: (length, high) = (3, 0x9f)
            case 0xe1...0xef: length = 3
            case 0xf0: (length, low) = (4, 0x90)
            case 0xf4: (length, high) = (4, 0x8f)
            case 0xf1...0xf3: length = 4
            default: return i
            }
            guard i &+ length <= end, self[i &+ 1] >= low, self[i &+ 1] <= high else { return i }
            for k in 2..<max(length, 2) where self[i &+ k] & 0xc0 != 0x80 { return i }
            i &+= length
        }
        return nil
    }
}
