/// Reads MessagePack out of bytes that nobody vouched for.
///
/// Every length is compared with the bytes at hand before anything is reserved for it, so five
/// bytes cannot ask for gigabytes. A reader that threw stands somewhere inside the value; it is
/// thrown away with the input.
public struct MessagePackReader: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// Where the next value begins.
    public internal(set) var offset: Int
    var depthLimit: Int

    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, depthLimit: Int = Limits.depth) {
        self.bytes = bytes
        self.depthLimit = depthLimit
        offset = 0
    }

    public var isAtEnd: Bool { offset == bytes.count }

    /// Throws unless everything has been read.
    public func finish() throws(DecodeError) {
        if offset != bytes.count { throw DecodeError(.trailingBytes, at: offset) }
    }

    @inline(__always)
    func peek() throws(DecodeError) -> UInt8 {
        guard offset < bytes.count else { throw DecodeError(.truncated, at: offset) }
        return bytes[offset]
    }

    /// Throws unless `n` bytes stand after the `head` bytes at the offset.
    @inline(__always)
    func need(_ n: Int, after head: Int = 1) throws(DecodeError) {
        guard bytes.count &- offset &- head >= n else { throw DecodeError(.truncated, at: offset) }
    }

    /// The unsigned word of `width` bytes that follows the head byte.
    @inline(__always)
    func word(_ width: Int) throws(DecodeError) -> UInt64 {
        try need(width)
        let start = offset &+ 1
        switch width {
        case 1: return UInt64(bytes[start])
        case 2: return UInt64(bytes.bigEndian16(at: start))
        case 4: return UInt64(bytes.bigEndian32(at: start))
        default: return bytes.bigEndian64(at: start)
        }
    }

    // MARK: Heads

    /// The number of elements of the array that begins here.
    @inline(__always)
    public mutating func readArrayCount() throws(DecodeError) -> Int {
        try readCount(fix: 0x90, wide: 0xdc, bytesEach: 1)
    }

    /// The number of elements of the list that begins here; an absent list is a nil.
    @inline(__always)
    mutating func readListCount() throws(DecodeError) -> Int {
        try readNil() ? 0 : try readArrayCount()
    }

    /// The number of pairs that the list that begins here holds, one after the other.
    @inline(__always)
    mutating func readPairCount() throws(DecodeError) -> Int {
        let start = offset
        let count = try readListCount()
        guard count % 2 == 0 else { throw DecodeError(.missingField, at: start) }
        return count / 2
    }

    /// The number of entries of the map that begins here.
    @inline(__always)
    public mutating func readMapCount() throws(DecodeError) -> Int {
        try readCount(fix: 0x80, wide: 0xde, bytesEach: 2)
    }

    /// Counts are checked against the bytes at hand: each element takes at least one.
    @inline(__always)
    private mutating func readCount(
        fix: UInt8, wide: UInt8, bytesEach: Int
    ) throws(DecodeError) -> Int {
        let head = try peek()
        let count: Int
        var length = 1
        if head & 0xf0 == fix {
            count = Int(head & 0x0f)
        } else if head == wide {
            count = Int(try word(2))
            length = 3
        } else if head == wide &+ 1 {
            count = Int(try word(4))
            length = 5
        } else {
            throw DecodeError(head == 0xc1 ? .unexpectedByte : .wrongKind, at: offset)
        }
        guard (bytes.count &- offset &- length) / bytesEach >= count else {
            throw DecodeError(.truncated, at: offset)
        }
        offset &+= length
        return count
    }

    // MARK: Scalars

    public mutating func readText() throws(DecodeError) -> Text {
        let range = try readTextRange()
        return Text(validated: bytes, range)
    }

    /// Where the bytes of the text that begins here stand, once they were found valid.
    @inline(__always)
    mutating func readTextRange() throws(DecodeError) -> Range<Int> {
        let head = try peek()
        let length: Int
        let headLength: Int
        if head & 0xe0 == 0xa0 {
            (length, headLength) = (Int(head & 0x1f), 1)
        } else if head == 0xd9 {
            (length, headLength) = (Int(try word(1)), 2)
        } else if head == 0xda {
            (length, headLength) = (Int(try word(2)), 3)
        } else if head == 0xdb {
            (length, headLength) = (Int(try word(4)), 5)
        } else {
            throw DecodeError(head == 0xc1 ? .unexpectedByte : .wrongKind, at: offset)
        }
        try need(length, after: headLength)
        let start = offset &+ headLength
        if let bad = bytes.firstInvalidUTF8(start..<start &+ length) {
            throw DecodeError(.invalidUTF8, at: bad)
        }
        offset = start &+ length
        return start..<start &+ length
    }

    public mutating func readBytes() throws(DecodeError) -> [UInt8] {
        let width: Int
        switch try peek() {
        case 0xc4: width = 1
        case 0xc5: width = 2
        case 0xc6: width = 4
        case 0xc1: throw DecodeError(.unexpectedByte, at: offset)
        default: throw DecodeError(.wrongKind, at: offset)
        }
        let length = Int(try word(width))
        try need(length, after: 1 &+ width)
        let start = offset &+ 1 &+ width
        offset = start &+ length
        return bytes.copied(start..<offset)
    }

    @inline(__always)
    public mutating func readNumber() throws(DecodeError) -> Number {
        let head = try peek()
        if head < 0x80 {
            offset &+= 1
            return Number(Int64(head))
        }
        if head >= 0xe0 {
            offset &+= 1
            return Number(Int64(Int8(bitPattern: head)))
        }
        return try readWideNumber(head)
    }

    mutating func readWideNumber(_ head: UInt8) throws(DecodeError) -> Number {
        let width: Int
        let number: Number?
        switch head {
        case 0xcc, 0xcd, 0xce, 0xcf:
            width = 1 << Int(head &- 0xcc)
            number = Number(try word(width))
        case 0xd0:
            width = 1
            number = Number(Int64(Int8(truncatingIfNeeded: try word(1))))
        case 0xd1:
            width = 2
            number = Number(Int64(Int16(truncatingIfNeeded: try word(2))))
        case 0xd2:
            width = 4
            number = Number(Int64(Int32(truncatingIfNeeded: try word(4))))
        case 0xd3:
            width = 8
            number = Number(Int64(bitPattern: try word(8)))
        case 0xca:
            width = 4
            number = Number(Double(Float(bitPattern: UInt32(try word(4)))))
        case 0xcb:
            width = 8
            number = Number(Double(bitPattern: try word(8)))
        case 0xc1: throw DecodeError(.unexpectedByte, at: offset)
        default: throw DecodeError(.wrongKind, at: offset)
        }
        guard let number else { throw DecodeError(.numberNotFinite, at: offset) }
        offset &+= 1 &+ width
        return number
    }

    /// An integer from zero to `limit`: how versions, sequences, lengths and codes are read.
    @inline(__always)
    public mutating func readInteger(
        upTo limit: UInt64 = Limits.integer
    ) throws(DecodeError) -> UInt64 {
        let start = offset
        let head = try peek()
        let n: UInt64
        if head < 0x80 {
            n = UInt64(head)
            offset &+= 1
        } else if head >= 0xcc && head <= 0xcf {
            let width = 1 << Int(head &- 0xcc)
            n = try word(width)
            offset &+= 1 &+ width
        } else {
            // Other forms of the same integer are legal, though nobody need send them.
            let number = try readNumber()
            guard let whole = number.uint64 else {
                throw DecodeError(.numberOutOfRange, at: start)
            }
            n = whole
        }
        guard n <= limit else { throw DecodeError(.numberOutOfRange, at: start) }
        return n
    }

    @inline(__always)
    public mutating func readBoolean() throws(DecodeError) -> Bool {
        let head = try peek()
        guard head & 0xfe == 0xc2 else {
            throw DecodeError(head == 0xc1 ? .unexpectedByte : .wrongKind, at: offset)
        }
        offset &+= 1
        return head == 0xc3
    }

    /// Steps over a nil; false, and nothing read, where something else stands.
    @inline(__always)
    public mutating func readNil() throws(DecodeError) -> Bool {
        guard try peek() == 0xc0 else { return false }
        offset &+= 1
        return true
    }

    /// Whether a text begins here.
    @inline(__always)
    func isAtText() throws(DecodeError) -> Bool {
        let head = try peek()
        return head & 0xe0 == 0xa0 || (head >= 0xd9 && head <= 0xdb)
    }

    /// Whether a map begins here.
    @inline(__always)
    func isAtMap() throws(DecodeError) -> Bool {
        let head = try peek()
        return head & 0xf0 == 0x80 || head == 0xde || head == 0xdf
    }
}
