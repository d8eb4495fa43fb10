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
    private func need(_ n: Int, after head: Int = 1) throws(DecodeError) {
        guard bytes.count &- offset &- head >= n else { throw DecodeError(.truncated, at: offset) }
    }

    /// The unsigned word of `width` bytes that follows the head byte.
    @inline(__always)
    private func word(_ width: Int) throws(DecodeError) -> UInt64 {
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

    private mutating func readWideNumber(_ head: UInt8) throws(DecodeError) -> Number {
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

    // MARK: Whole values

    /// Any value, to the limit of depth.
    public mutating func readValue() throws(DecodeError) -> Value { try readValue(depth: 0) }

    @inline(__always)
    mutating func readValue(depth: Int) throws(DecodeError) -> Value {
        let head = try peek()
        if head < 0x80 || head >= 0xe0 { return .number(try readNumber()) }
        if head & 0xe0 == 0xa0 { return .text(try readText()) }
        return try readOtherValue(head, depth: depth)
    }

    private mutating func readOtherValue(_ head: UInt8, depth: Int) throws(DecodeError) -> Value {
        switch head {
        case 0xc0:
            offset &+= 1
            return .null
        case 0xc2, 0xc3: return .boolean(try readBoolean())
        case 0xca...0xd3: return .number(try readWideNumber(head))
        case 0xd9...0xdb: return .text(try readText())
        case 0xc4...0xc6: return .bytes(try readBytes())
        case 0xc7...0xc9, 0xd4...0xd8: return try readExtension(head)
        case 0x90...0x9f, 0xdc, 0xdd: return .array(try readArray(depth: depth))
        case 0x80...0x8f, 0xde, 0xdf: return .map(try readMap(depth: depth))
        default: throw DecodeError(.unexpectedByte, at: offset)
        }
    }

    private mutating func readArray(depth: Int) throws(DecodeError) -> [Value] {
        guard depth < depthLimit else { throw DecodeError(.tooDeep, at: offset) }
        let count = try readArrayCount()
        var elements: [Value] = []
        // A count that the bytes at hand allow may still ask for 24 times as much memory; nested,
        // each level could ask again. Arrays grow as their elements prove themselves.
        elements.reserveCapacity(min(count, 1_024))
        for _ in 0..<count { elements.append(try readValue(depth: depth + 1)) }
        return elements
    }

    /// Keys that come in order, which is how canonical maps come, need one comparison each.
    mutating func readMap(depth: Int = 0) throws(DecodeError) -> Map {
        guard depth < depthLimit else { throw DecodeError(.tooDeep, at: offset) }
        let start = offset
        let count = try readMapCount()
        var entries: [Map.Entry] = []
        entries.reserveCapacity(min(count, 1_024))
        var inOrder = true
        var last = Text()
        for i in 0..<count {
            guard try isAtText() else {
                throw DecodeError(try peek() == 0xc1 ? .unexpectedByte : .keyNotText, at: offset)
            }
            let key = try readText()
            if i > 0 && !(last < key) { inOrder = false }
            last = key
            entries.append(Map.Entry(key: key, value: try readValue(depth: depth + 1)))
        }
        if inOrder { return Map(ordered: entries) }
        guard let map = Map(entries) else {
            throw DecodeError(.duplicateKey, at: try offsetOfRepeatedKey(mapAt: start))
        }
        return map
    }

    /// Reads the map again, which is known to be well formed, to say where a key came again.
    private func offsetOfRepeatedKey(mapAt start: Int) throws(DecodeError) -> Int {
        var again = MessagePackReader(bytes, depthLimit: .max)
        again.offset = start
        var keys: [(key: Text, place: Int)] = []
        for _ in 0..<(try again.readMapCount()) {
            let place = again.offset
            keys.append((try again.readText(), place))
            try again.skip()
        }
        return Map.firstRepeat(keys) ?? start
    }

    private mutating func readExtension(_ head: UInt8) throws(DecodeError) -> Value {
        let start = offset
        let length: Int
        let headLength: Int
        switch head {
        case 0xd4...0xd8: (length, headLength) = (1 << Int(head - 0xd4), 2)
        case 0xc7: (length, headLength) = (Int(try word(1)), 3)
        case 0xc8: (length, headLength) = (Int(try word(2)), 4)
        default: (length, headLength) = (Int(try word(4)), 6)
        }
        try need(length, after: headLength)
        let type = Int8(bitPattern: bytes[start + headLength - 1])
        let body = start + headLength
        offset = body + length
        if let custom = Custom(type: type, data: bytes.copied(body..<offset)) {
            return .custom(custom)
        }
        let time: WallTime?
        switch length {
        case 4: time = WallTime(seconds: Int64(bytes.bigEndian32(at: body)))
        case 8:
            let word = bytes.bigEndian64(at: body)
            time = WallTime(exactly: Int64(word & 0x3_ffff_ffff), UInt32(word >> 34))
        case 12:
            time = WallTime(
                exactly: Int64(bitPattern: bytes.bigEndian64(at: body + 4)),
                bytes.bigEndian32(at: body))
        default: time = nil
        }
        guard let time else { throw DecodeError(.malformedTime, at: start) }
        return .time(time)
    }

    /// Steps over one value of any kind, without building it; its texts are not looked at.
    public mutating func skip() throws(DecodeError) {
        var left = 1
        while left > 0 {
            left &-= 1
            let head = try peek()
            switch head {
            case 0x00...0x7f, 0xe0...0xff, 0xc0, 0xc2, 0xc3: offset &+= 1
            case 0x80...0x8f, 0xde, 0xdf: left &+= try readMapCount() &* 2
            case 0x90...0x9f, 0xdc, 0xdd: left &+= try readArrayCount()
            case 0xa0...0xbf: try jump(1, Int(head & 0x1f))
            case 0xcc, 0xd0: try jump(1, 1)
            case 0xcd, 0xd1: try jump(1, 2)
            case 0xca, 0xce, 0xd2: try jump(1, 4)
            case 0xcb, 0xcf, 0xd3: try jump(1, 8)
            case 0xc4, 0xd9: try jump(2, Int(try word(1)))
            case 0xc5, 0xda: try jump(3, Int(try word(2)))
            case 0xc6, 0xdb: try jump(5, Int(try word(4)))
            case 0xd4...0xd8: try jump(2, 1 << Int(head - 0xd4))
            case 0xc7: try jump(3, Int(try word(1)))
            case 0xc8: try jump(4, Int(try word(2)))
            case 0xc9: try jump(6, Int(try word(4)))
            default: throw DecodeError(.unexpectedByte, at: offset)
            }
        }
    }

    private mutating func jump(_ head: Int, _ length: Int) throws(DecodeError) {
        try need(length, after: head)
        offset &+= head &+ length
    }
}

extension Value {
    /// Reads one value that takes up all of `bytes`.
    public init(messagePack bytes: Span<UInt8>) throws(DecodeError) {
        var reader = MessagePackReader(bytes)
        self = try reader.readValue()
        try reader.finish()
    }
}
