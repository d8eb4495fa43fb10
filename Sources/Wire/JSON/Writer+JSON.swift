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
            // Through a span, which needs no reference counts.
            let entries = map.entries.span
            let escaped = entries.count == 1 && entries[0].key.beginsWithDollar
            append(0x7b)
            for i in entries.indices {
                if i > 0 { append(0x2c) }
                append(0x22)
                if escaped { append(UInt8(ascii: "$")) }
                writeContent(entries[i].key)
                append("\":")
                // The kinds that most fields have, without the call.
                switch entries[i].value {
                case .number(let number): writeJSON(number)
                case .text(let text): writeJSON(text)
                default: writeJSON(entries[i].value)
                }
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
                let bytes = bytes.span
                var plain = 0
                var i = 0
                while i < bytes.count {
                    if i &+ 8 <= bytes.count, JSONEscape.needed(bytes.bigEndian64(at: i)) == 0 {
                        i &+= 8
                        continue
                    }
                    if JSONEscape.isNeeded(bytes[i]) {
                        append(bytes.extracting(plain..<i))
                        writeEscaped(bytes[i])
                        plain = i &+ 1
                    }
                    i &+= 1
                }
                append(bytes.extracting(plain..<bytes.count))
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

        /// For numbers below 10^16, so that two words hold the digits, filled from the end.
        @inline(__always)
        mutating func writeDecimal(_ n: UInt64) {
            var left = n
            var first: UInt64 = 0
            var second: UInt64 = 0
            var length = 0
            repeat {
                let (quotient, digit) = left.quotientAndRemainder(dividingBy: 10)
                second = second >> 8 | first << 56
                first = first >> 8 | (0x30 &+ digit) << 56
                left = quotient
                length &+= 1
            } while left > 0 && length < 16
            reserve(16)
            put(first, second, length: length)
        }

        /// Most fractions that people send have a few decimals. Such a one is found as a whole
        /// number of tenths, hundredths … below 10^15: decimals that short belong to different
        /// doubles each, so the first that reads back as `d` is the shortest there is.
        @inline(__always)
        private mutating func writeFewDecimals(_ d: Double) -> Bool {
            var power = 1.0
            for places in 1...4 {
                power *= 10
                let whole = (d.magnitude * power).rounded()
                guard whole < 1e15 else { return false }
                // Both are exact, so the quotient is the double nearest to the decimal.
                if whole / power == d.magnitude {
                    let (integer, decimals) = UInt64(whole).quotientAndRemainder(
                        dividingBy: UInt64(power))
                    if d < 0 { append(0x2d) }
                    writeDecimal(integer)
                    reserve(8)
                    put(0x2e)
                    var divisor = UInt64(power) / 10
                    for _ in 0..<places {
                        put(UInt8(truncatingIfNeeded: 0x30 &+ decimals / divisor % 10))
                        divisor /= 10
                    }
                    return true
                }
            }
            return false
        }

        /// The shortest digits that read back as `d`, as RFC 8785 lays them out; an integral
        /// double, which is beyond the integers' range, always with an exponent, so that no reader
        /// takes it for an integer.
        private mutating func writeShortest(_ d: Double) {
            if writeFewDecimals(d) { return }
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

        /// The high bit of each byte of a word that needs one; exact for every byte, because no
        /// carry crosses from one to the next.
        @inline(__always)
        static func needed(_ word: UInt64) -> UInt64 {
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highs: UInt64 = 0x8080_8080_8080_8080
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5c)
            let noQuote = ((quote & ~highs) &+ ~highs) | quote
            let noSlash = ((slash & ~highs) &+ ~highs) | slash
            let noControl = ((word & ~highs) &+ (ones &* 0x60)) | word
            return ~(noQuote & noSlash & noControl) & highs
        }

        /// Whether the first `length` bytes of a word need no escape.
        @inline(__always)
        static func isFree(_ word: UInt64, length: Int) -> Bool {
            // Shifting by 64 gives zero: nothing is looked at.
            needed(word) & ~(UInt64.max >> UInt64(length &* 8)) == 0
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
