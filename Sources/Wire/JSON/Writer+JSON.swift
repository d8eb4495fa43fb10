#if !hasFeature(Embedded)
    /// JSON in its canonical form: no white space, keys in the order of their bytes, only the
    /// escapes that must be, doubles in the shortest form that reads back the same.
    extension Writer {
        public mutating func writeJSON(_ value: Value) {
            switch value {
            case .null: append("null")
            case .boolean(let flag): if flag { append("true") } else { append("false") }
            case .number(let number): writeJSON(number)
            case .text(let text): writeJSON(text)
            case .bytes(let bytes):
                append("{\"$bytes\":")
                writeJSON(Base64.encode(bytes))
                append(0x7d)
            case .time(let time):
                append("{\"$time\":")
                writeJSON(Text(time.decimal))
                append(0x7d)
            case .custom(let custom):
                append("{\"$custom\":[")
                writeJSON(Number(Int64(custom.type)))
                append(0x2c)
                writeJSON(Base64.encode(custom.data))
                append("]}")
            case .array(let elements):
                append(0x5b)
                for i in elements.indices {
                    if i > 0 { append(0x2c) }
                    writeJSON(elements[i])
                }
                append(0x5d)
            case .map(let map): writeJSON(map)
            }
        }

        public mutating func writeJSON(_ map: Map) {
            let escaped = map.count == 1 && map.entries[0].key.beginsWithDollar
            append(0x7b)
            for i in map.entries.indices {
                if i > 0 { append(0x2c) }
                if escaped {
                    append("\"$")
                    writeContent(map.entries[i].key)
                    append(0x22)
                } else {
                    writeJSON(map.entries[i].key)
                }
                append(0x3a)
                writeJSON(map.entries[i].value)
            }
            append(0x7d)
        }

        public mutating func writeJSON(_ text: Text) {
            append(0x22)
            writeContent(text)
            append(0x22)
        }

        private mutating func writeContent(_ text: Text) {
            switch text.storage {
            case .short(let first, let second):
                let length = Int(second & 0xff)
                if JSONEscape.isFree(first, length: min(length, 8))
                    && JSONEscape.isFree(second, length: max(length - 8, 0))
                {
                    reserve(16)
                    put(first, second, length: length)
                } else {
                    for i in 0..<length { writeEscaped(text.byte(at: i)) }
                }
            case .long(let bytes):
                var plain = 0
                for i in bytes.indices where JSONEscape.isNeeded(bytes[i]) {
                    append(bytes.span.extracting(plain..<i))
                    writeEscaped(bytes[i])
                    plain = i + 1
                }
                append(bytes.span.extracting(plain..<bytes.count))
            }
        }

        private mutating func writeEscaped(_ byte: UInt8) {
            switch byte {
            case 0x22: append("\\\"")
            case 0x5c: append("\\\\")
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0a: append("\\n")
            case 0x0c: append("\\f")
            case 0x0d: append("\\r")
            case ..<0x20:
                append("\\u00")
                append(0x30 + byte >> 4)
                append(byte & 15 < 10 ? 0x30 + byte & 15 : 0x57 + byte & 15)
            default: append(byte)
            }
        }

        public mutating func writeJSON(_ number: Number) {
            switch number.form {
            case .fraction(let d): writeShortest(d)
            case .integer(let n) where n.magnitude < 1 << 53:
                if n < 0 { append(0x2d) }
                writeDecimal(n.magnitude)
            default:
                append("{\"$int\":\"")
                append([UInt8](number.decimal.utf8))
                append("\"}")
            }
        }

        mutating func writeDecimal(_ n: UInt64) {
            var left = n
            var first: UInt64 = 0
            var second: UInt64 = 0
            var length = 0
            // Below 2^53 there are at most sixteen digits: two words, filled from the end.
            repeat {
                let (quotient, digit) = left.quotientAndRemainder(dividingBy: 10)
                second = second >> 8 | first << 56
                first = first >> 8 | (0x30 + digit) << 56
                left = quotient
                length += 1
            } while left > 0 && length < 16
            reserve(16)
            put(first, second, length: length)
        }

        /// The shortest digits that read back as `d`, as RFC 8785 lays them out; an integral
        /// double, which is beyond the integers' range, always with an exponent, so that no reader
        /// takes it for an integer.
        private mutating func writeShortest(_ d: Double) {
            var digits: [UInt8] = []
            var point = 0
            var exponent = 0
            var sawPoint = false
            var parts = d.description.utf8.makeIterator()
            while let byte = parts.next() {
                switch byte {
                case 0x2d: append(0x2d)
                case 0x2e: sawPoint = true
                case 0x65:
                    let rest = String(decoding: Array(IteratorSequence(parts)), as: UTF8.self)
                    exponent = Int(rest) ?? 0
                    parts = "".utf8.makeIterator()
                default:
                    digits.append(byte)
                    if !sawPoint { point += 1 }
                }
            }
            while digits.count > 1 && digits[0] == 0x30 {
                digits.removeFirst()
                point -= 1
            }
            while digits.count > 1 && digits.last == 0x30 { digits.removeLast() }
            point += exponent

            let integral = digits.count <= point
            if !integral && point > 0 {
                append(digits.span.extracting(0..<point))
                append(0x2e)
                append(digits.span.extracting(point..<digits.count))
            } else if !integral && point > -6 {
                append("0.")
                for _ in point..<0 { append(0x30) }
                append(digits)
            } else {
                append(digits[0])
                if digits.count > 1 {
                    append(0x2e)
                    append(digits.span.extracting(1..<digits.count))
                }
                append(0x65)
                append(point > 0 ? 0x2b : 0x2d)
                writeDecimal(UInt64((point - 1).magnitude))
            }
        }
    }

    enum JSONEscape {
        @inline(__always)
        static func isNeeded(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5c }

        /// Whether the first `length` bytes of a word need no escape.
        @inline(__always)
        static func isFree(_ word: UInt64, length: Int) -> Bool {
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highs: UInt64 = 0x8080_8080_8080_8080
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5c)
            let noQuote = ((quote & ~highs) &+ ~highs) | quote
            let noSlash = ((slash & ~highs) &+ ~highs) | slash
            let noControl = ((word & ~highs) &+ (ones &* 0x60)) | word
            let needed = ~(noQuote & noSlash & noControl) & highs
            // Shifting by 64 gives zero: nothing is looked at.
            return needed & ~(UInt64.max >> UInt64(length &* 8)) == 0
        }
    }

    extension Text {
        var beginsWithDollar: Bool { count > 0 && byte(at: 0) == UInt8(ascii: "$") }
    }

    extension Value {
        /// The canonical JSON of the value.
        public var json: [UInt8] {
            var writer = Writer()
            writer.writeJSON(self)
            return writer.bytes()
        }
    }
#endif

extension Value {
    /// The canonical MessagePack of the value.
    public var messagePack: [UInt8] {
        var writer = Writer()
        writer.pack(self)
        return writer.bytes()
    }
}
