extension MessagePackReader {
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
