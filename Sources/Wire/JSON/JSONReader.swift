#if !hasFeature(Embedded)
    /// Reads JSON (RFC 8259) out of bytes that nobody vouched for, strictly: what the grammar does
    /// not allow is refused with the offset where it stands.
    public struct JSONReader: ~Escapable {
        let bytes: Span<UInt8>
        var offset: Int
        private let depthLimit: Int

        @_lifetime(copy bytes)
        public init(_ bytes: Span<UInt8>, depthLimit: Int = Limits.depth) {
            self.bytes = bytes
            self.depthLimit = depthLimit
            offset = 0
        }

        /// Throws unless only white space is left.
        public mutating func finish() throws(DecodeError) {
            skipSpace()
            if offset != bytes.count { throw DecodeError(.trailingBytes, at: offset) }
        }

        @inline(__always)
        mutating func skipSpace() {
            while offset < bytes.count {
                switch bytes[offset] {
                case 0x20, 0x09, 0x0a, 0x0d: offset &+= 1
                default: return
                }
            }
        }

        @inline(__always)
        private func peek() throws(DecodeError) -> UInt8 {
            guard offset < bytes.count else { throw DecodeError(.truncated, at: offset) }
            return bytes[offset]
        }

        /// Any value, with the tagged forms resolved.
        public mutating func readValue() throws(DecodeError) -> Value {
            skipSpace()
            return try readValue(depth: 0)
        }

        /// The caller has stepped over white space.
        private mutating func readValue(depth: Int) throws(DecodeError) -> Value {
            switch try peek() {
            case UInt8(ascii: "\""): return .text(try readString())
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                return .number(try readNumber())
            case UInt8(ascii: "{"): return try readObject(depth: depth)
            case UInt8(ascii: "["): return .array(try readArray(depth: depth))
            case UInt8(ascii: "t"): return try readWord("true", .boolean(true))
            case UInt8(ascii: "f"): return try readWord("false", .boolean(false))
            case UInt8(ascii: "n"): return try readWord("null", .null)
            default: throw DecodeError(.unexpectedByte, at: offset)
            }
        }

        private mutating func readWord(
            _ word: StaticString, _ value: Value
        ) throws(DecodeError) -> Value {
            let text = Text(stringLiteral: word)
            for i in 0..<text.count {
                guard offset + i < bytes.count else {
                    throw DecodeError(.truncated, at: bytes.count)
                }
                guard bytes[offset + i] == text.byte(at: i) else {
                    throw DecodeError(.unexpectedByte, at: offset + i)
                }
            }
            offset += text.count
            return value
        }

        private mutating func readArray(depth: Int) throws(DecodeError) -> [Value] {
            guard depth < depthLimit else { throw DecodeError(.tooDeep, at: offset) }
            return try readElements(depth: depth + 1)
        }

        private mutating func readElements(depth: Int) throws(DecodeError) -> [Value] {
            offset &+= 1
            var elements: [Value] = []
            skipSpace()
            if try peek() == UInt8(ascii: "]") {
                offset &+= 1
                return elements
            }
            while true {
                elements.append(try readValue(depth: depth))
                if try endOfElement(close: UInt8(ascii: "]")) { return elements }
            }
        }

        /// Steps over the comma or the closing bracket after an element; true for the bracket.
        @inline(__always)
        private mutating func endOfElement(close: UInt8) throws(DecodeError) -> Bool {
            skipSpace()
            let byte = try peek()
            if byte == UInt8(ascii: ",") {
                offset &+= 1
                skipSpace()
                return false
            }
            guard byte == close else { throw DecodeError(.unexpectedByte, at: offset) }
            offset &+= 1
            return true
        }

        private mutating func readObject(depth: Int) throws(DecodeError) -> Value {
            guard depth < depthLimit else { return try readDeepest(depth: depth) }
            let start = offset
            offset &+= 1
            var entries: [Map.Entry] = []
            var inOrder = true
            skipSpace()
            if try peek() == UInt8(ascii: "}") {
                offset &+= 1
                return .map(Map())
            }
            // An entry takes five bytes at least, and seldom less than sixteen.
            entries.reserveCapacity(min(8, (bytes.count &- offset) / 16))
            while true {
                let key = try readKey()
                if !entries.isEmpty && !(entries[entries.count &- 1].key < key) { inOrder = false }
                entries.append(Map.Entry(key: key, value: try readValue(depth: depth + 1)))
                if try endOfElement(close: UInt8(ascii: "}")) { break }
            }
            if entries.count == 1 && entries[0].key.beginsWithDollar {
                return try JSONTag.resolve(entries[0], at: start)
            }
            if inOrder { return .map(Map(ordered: entries)) }
            guard let map = Map(entries) else {
                throw DecodeError(.duplicateKey, at: try offsetOfRepeatedKey(objectAt: start))
            }
            return .map(map)
        }

        /// What stands where a map would be too deep: a tag, which is no map and may stand there.
        private mutating func readDeepest(depth: Int) throws(DecodeError) -> Value {
            let start = offset
            let tooDeep = DecodeError(.tooDeep, at: start)
            guard depth == depthLimit else { throw tooDeep }
            offset &+= 1
            skipSpace()
            guard try peek() == UInt8(ascii: "\"") else { throw tooDeep }
            let key = try readKey()
            let value: Value
            switch (key, try peek()) {
            case (JSONTag.custom, UInt8(ascii: "[")):
                value = .array(try readElements(depth: depth + 1))
            case (JSONTag.bytes, UInt8(ascii: "\"")), (JSONTag.time, UInt8(ascii: "\"")),
                (JSONTag.integer, UInt8(ascii: "\"")):
                value = .text(try readString())
            default: throw tooDeep
            }
            guard try endOfElement(close: UInt8(ascii: "}")) else { throw tooDeep }
            return try JSONTag.resolve(Map.Entry(key: key, value: value), at: start)
        }

        /// A key with its colon, and the white space after it.
        private mutating func readKey() throws(DecodeError) -> Text {
            guard try peek() == UInt8(ascii: "\"") else {
                throw DecodeError(.keyNotText, at: offset)
            }
            let key = try readString()
            skipSpace()
            guard try peek() == UInt8(ascii: ":") else {
                throw DecodeError(.unexpectedByte, at: offset)
            }
            offset &+= 1
            skipSpace()
            return key
        }

        /// Reads the object again, which is known to be well formed, to say where a key came again.
        private func offsetOfRepeatedKey(objectAt start: Int) throws(DecodeError) -> Int {
            var again = JSONReader(bytes, depthLimit: .max)
            again.offset = start + 1
            again.skipSpace()
            var keys: [(key: Text, place: Int)] = []
            repeat {
                let place = again.offset
                keys.append((try again.readKey(), place))
                _ = try again.readValue()
            } while !(try again.endOfElement(close: UInt8(ascii: "}")))
            return Map.firstRepeat(keys) ?? start
        }

        // MARK: Strings

        /// Most strings have no escape: their end is found eight bytes at a time, and they are
        /// checked, where they are not all ASCII, and copied once.
        @inline(__always)
        mutating func readString() throws(DecodeError) -> Text {
            if let short = readShortString() { return short }
            return try readLongString()
        }

        /// A plain string that a text holds without memory of its own, as most keys and many values
        /// are: the words it is found in are the words it is made of. Nil, and nothing read, for
        /// every other.
        @inline(__always)
        private mutating func readShortString() -> Text? {
            let highs: UInt64 = 0x8080_8080_8080_8080
            let start = offset &+ 1
            guard start &+ 16 <= bytes.count else { return nil }
            let first = bytes.bigEndian64(at: start)
            let second = bytes.bigEndian64(at: start &+ 8)
            let ends = JSONEscape.needed(first)
            var length = ends.leadingZeroBitCount / 8
            if ends == 0 { length = 8 &+ JSONEscape.needed(second).leadingZeroBitCount / 8 }
            guard length < 16, bytes[start &+ length] == UInt8(ascii: "\"") else { return nil }
            let (high, low) = Text.words(first, second, length)
            // The last byte is the length, which is below 16.
            guard (high | low) & highs == 0 else { return nil }
            offset = start &+ length &+ 1
            return Text(storage: .short(high, low))
        }

        @inline(never)
        private mutating func readLongString() throws(DecodeError) -> Text {
            let start = offset &+ 1
            let (end, isASCII) = try endOfRun(from: start)
            if !isASCII, let bad = bytes.firstInvalidUTF8(start..<end) {
                throw DecodeError(.invalidUTF8, at: bad)
            }
            if bytes[end] == UInt8(ascii: "\"") {
                offset = end &+ 1
                return Text(validated: bytes, start..<end)
            }
            return try readEscapedString(bytes.copied(start..<end), from: end)
        }

        /// Where the next quote, backslash or control character stands, and whether all before it
        /// is ASCII.
        @inline(__always)
        private func endOfRun(from start: Int) throws(DecodeError) -> (end: Int, isASCII: Bool) {
            let highs: UInt64 = 0x8080_8080_8080_8080
            var i = start
            var seen: UInt64 = 0
            while i &+ 8 <= bytes.count {
                let word = bytes.bigEndian64(at: i)
                let ends = JSONEscape.needed(word)
                if ends != 0 {
                    let length = ends.leadingZeroBitCount / 8
                    // Shifting by 64 gives zero: nothing of the word is in the run.
                    seen |= word & ~(UInt64.max >> UInt64(length &* 8))
                    return (i &+ length, seen & highs == 0)
                }
                seen |= word
                i &+= 8
            }
            while i < bytes.count {
                if JSONEscape.isNeeded(bytes[i]) { return (i, seen & highs == 0) }
                seen |= UInt64(bytes[i])
                i &+= 1
            }
            throw DecodeError(.truncated, at: bytes.count)
        }

        /// The rest of a string from its first escape on, behind what was found before it.
        private mutating func readEscapedString(
            _ before: [UInt8], from first: Int
        ) throws(DecodeError) -> Text {
            var built = before
            var i = first
            while bytes[i] != UInt8(ascii: "\"") {
                guard bytes[i] == UInt8(ascii: "\\") else {
                    throw DecodeError(.controlCharacter, at: i)
                }
                let start = try readEscape(i, into: &built)
                let (end, isASCII) = try endOfRun(from: start)
                if !isASCII, let bad = bytes.firstInvalidUTF8(start..<end) {
                    throw DecodeError(.invalidUTF8, at: bad)
                }
                built.append(contentsOf: bytes.copied(start..<end))
                i = end
            }
            offset = i &+ 1
            return Text(validated: built.span, 0..<built.count)
        }

        /// Appends what the escape at `at` stands for; the offset behind it comes back.
        private func readEscape(_ at: Int, into built: inout [UInt8]) throws(DecodeError) -> Int {
            guard at + 1 < bytes.count else { throw DecodeError(.truncated, at: bytes.count) }
            switch bytes[at + 1] {
            case UInt8(ascii: "\""): built.append(0x22)
            case UInt8(ascii: "\\"): built.append(0x5c)
            case UInt8(ascii: "/"): built.append(0x2f)
            case UInt8(ascii: "b"): built.append(0x08)
            case UInt8(ascii: "f"): built.append(0x0c)
            case UInt8(ascii: "n"): built.append(0x0a)
            case UInt8(ascii: "r"): built.append(0x0d)
            case UInt8(ascii: "t"): built.append(0x09)
            case UInt8(ascii: "u"):
                let unit = try readHex(at + 2)
                if unit & 0xfc00 == 0xdc00 { throw DecodeError(.loneSurrogate, at: at) }
                guard unit & 0xfc00 == 0xd800 else {
                    appendScalar(unit, to: &built)
                    return at + 6
                }
                guard at + 7 < bytes.count, bytes[at + 6] == UInt8(ascii: "\\"),
                    bytes[at + 7] == UInt8(ascii: "u")
                else { throw DecodeError(.loneSurrogate, at: at) }
                let low = try readHex(at + 8)
                guard low & 0xfc00 == 0xdc00 else { throw DecodeError(.loneSurrogate, at: at) }
                appendScalar(0x10000 + (unit & 0x3ff) << 10 + (low & 0x3ff), to: &built)
                return at + 12
            default: throw DecodeError(.unknownEscape, at: at)
            }
            return at + 2
        }

        private func readHex(_ at: Int) throws(DecodeError) -> UInt32 {
            var unit: UInt32 = 0
            for i in at..<at + 4 {
                guard i < bytes.count else { throw DecodeError(.truncated, at: bytes.count) }
                let digit: UInt8
                switch bytes[i] {
                case let b where b >= 0x30 && b <= 0x39: digit = b - 0x30
                case let b where b >= 0x41 && b <= 0x46: digit = b - 0x37
                case let b where b >= 0x61 && b <= 0x66: digit = b - 0x57
                default: throw DecodeError(.unknownEscape, at: i)
                }
                unit = unit << 4 | UInt32(digit)
            }
            return unit
        }

        private func appendScalar(_ scalar: UInt32, to built: inout [UInt8]) {
            func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | (scalar >> shift) & 0x3f) }
            switch scalar {
            case ..<0x80: built.append(UInt8(scalar))
            case ..<0x800: built += [UInt8(0xc0 | scalar >> 6), tail(0)]
            case ..<0x10000: built += [UInt8(0xe0 | scalar >> 12), tail(6), tail(0)]
            default: built += [UInt8(0xf0 | scalar >> 18), tail(12), tail(6), tail(0)]
            }
        }
    }

    extension Value {
        /// Reads one value that takes up all of `bytes`, white space apart.
        public init(json bytes: Span<UInt8>) throws(DecodeError) {
            var reader = JSONReader(bytes)
            self = try reader.readValue()
            try reader.finish()
        }
    }
#endif
