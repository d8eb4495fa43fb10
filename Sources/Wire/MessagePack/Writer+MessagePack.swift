/// MessagePack in its canonical form: the shortest head for every length and integer, a double as
/// four bytes where that loses nothing, maps in the order of their keys' bytes.
extension Writer {
    @inline(__always)
    public mutating func packNil() { append(0xc0) }

    @inline(__always)
    public mutating func pack(_ flag: Bool) { append(flag ? 0xc3 : 0xc2) }

    @inline(__always)
    public mutating func pack(_ n: UInt64) {
        reserve(9)
        putUnsigned(n)
    }

    @inline(__always)
    public mutating func pack(_ number: Number) {
        reserve(9)
        put(number)
    }

    @inline(__always)
    public mutating func packArray(_ count: Int) {
        reserve(9)
        putHead(count, fix: 0x90, below: 16, wide: 0xdc)
    }

    @inline(__always)
    public mutating func packMap(_ count: Int) {
        reserve(9)
        putHead(count, fix: 0x80, below: 16, wide: 0xde)
    }

    @inline(__always)
    public mutating func pack(_ text: Text) {
        switch text.storage {
        case .short(let first, let second):
            reserve(17)
            putShort(first, second)
        case .long(let bytes): packLong(bytes)
        }
    }

    public mutating func pack(_ value: Value) {
        switch value {
        case .null: append(0xc0)
        case .boolean(let flag): pack(flag)
        case .number(let number): pack(number)
        case .text(let text): pack(text)
        case .bytes(let bytes): packBytes(bytes)
        case .time(let time): packTime(time)
        case .custom(let custom):
            packExtensionHead(type: custom.type, length: custom.data.count)
            append(custom.data)
        case .array(let elements):
            packArray(elements.count)
            for element in elements { pack(element) }
        case .map(let map): pack(map)
        }
    }

    public mutating func pack(_ map: Map) {
        packMap(map.count)
        for entry in map.entries {
            pack(entry.key)
            // The kinds that most fields have, without the call.
            switch entry.value {
            case .number(let number): pack(number)
            case .text(let text): pack(text)
            case .boolean(let flag): pack(flag)
            default: pack(entry.value)
            }
        }
    }

    // MARK: Parts; the caller has reserved

    @inline(__always)
    private mutating func putUnsigned(_ n: UInt64) {
        if n < 0x80 {
            put(UInt8(truncatingIfNeeded: n))
        } else if n <= 0xff {
            put(0xcc, word: n, width: 1)
        } else if n <= 0xffff {
            put(0xcd, word: n, width: 2)
        } else if n <= 0xffff_ffff {
            put(0xce, word: n, width: 4)
        } else {
            put(0xcf, word: n, width: 8)
        }
    }

    @inline(__always)
    private mutating func put(_ number: Number) {
        switch number.form {
        case .integer(let n):
            if n >= 0 { putUnsigned(UInt64(n)) } else { putNegative(n) }
        case .large(let n): putUnsigned(n)
        case .fraction(let d):
            let short = Float(d)
            if Double(short) == d {
                put(0xca, word: UInt64(short.bitPattern), width: 4)
            } else {
                put(0xcb, word: d.bitPattern, width: 8)
            }
        }
    }

    private mutating func putNegative(_ n: Int64) {
        let bits = UInt64(bitPattern: n)
        if n >= -32 {
            put(UInt8(truncatingIfNeeded: bits))
        } else if n >= -0x80 {
            put(0xd0, word: bits, width: 1)
        } else if n >= -0x8000 {
            put(0xd1, word: bits, width: 2)
        } else if n >= -0x8000_0000 {
            put(0xd2, word: bits, width: 4)
        } else {
            put(0xd3, word: bits, width: 8)
        }
    }

    @inline(__always)
    private mutating func putShort(_ first: UInt64, _ second: UInt64) {
        let length = Int(second & 0xff)
        put(0xa0 | UInt8(length))
        put(first, second, length: length)
    }

    /// Counts above what 32 bits hold cannot come up: memory ends before.
    @inline(__always)
    private mutating func putHead(_ count: Int, fix: UInt8, below: Int, wide: UInt8) {
        if count < below {
            put(fix | UInt8(count))
        } else if count <= 0xffff {
            put(wide, word: UInt64(count), width: 2)
        } else {
            put(wide &+ 1, word: UInt64(UInt32(count)), width: 4)
        }
    }

    private mutating func packLong(_ bytes: [UInt8]) {
        reserve(9)
        if bytes.count < 32 {
            put(0xa0 | UInt8(bytes.count))
        } else if bytes.count <= 0xff {
            put(0xd9, word: UInt64(bytes.count), width: 1)
        } else {
            putHead(bytes.count, fix: 0, below: 0, wide: 0xda)
        }
        append(bytes)
    }

    public mutating func packBytes(_ bytes: [UInt8]) {
        reserve(9)
        if bytes.count <= 0xff {
            put(0xc4, word: UInt64(bytes.count), width: 1)
        } else {
            putHead(bytes.count, fix: 0, below: 0, wide: 0xc5)
        }
        append(bytes)
    }

    private mutating func packExtensionHead(type: Int8, length: Int) {
        reserve(9)
        switch length {
        case 1: put(0xd4)
        case 2: put(0xd5)
        case 4: put(0xd6)
        case 8: put(0xd7)
        case 16: put(0xd8)
        case ...0xff: put(0xc7, word: UInt64(length), width: 1)
        default: putHead(length, fix: 0, below: 0, wide: 0xc8)
        }
        append(UInt8(bitPattern: type))
    }

    private mutating func packTime(_ time: WallTime) {
        if time.seconds >= 0 && time.seconds < 1 << 34 {
            let seconds = UInt64(time.seconds)
            if time.nanoseconds == 0 && seconds < 1 << 32 {
                packExtensionHead(type: -1, length: 4)
                appendWord(seconds, width: 4)
            } else {
                packExtensionHead(type: -1, length: 8)
                appendWord(UInt64(time.nanoseconds) << 34 | seconds, width: 8)
            }
        } else {
            packExtensionHead(type: -1, length: 12)
            appendWord(UInt64(time.nanoseconds), width: 4)
            appendWord(UInt64(bitPattern: time.seconds), width: 8)
        }
    }

    private mutating func appendWord(_ word: UInt64, width: Int) {
        for i in 0..<width {
            append(UInt8(truncatingIfNeeded: word >> UInt64((width - 1 - i) * 8)))
        }
    }
}
