#if !hasFeature(Embedded)
    extension JSONReader {
        /// Integers are read exactly. A decimal goes through a double's own arithmetic where that
        /// is exact (Clinger's case: at most 2^53 as digits, a power of ten up to 22), which holds
        /// for nearly every number that people send; the rest is left to the standard library.
        mutating func readNumber() throws(DecodeError) -> Number {
            let start = offset
            var i = offset
            let negative = bytes[i] == UInt8(ascii: "-")
            if negative { i &+= 1 }

            // Digits beyond the 19th no longer fit; that they were there is enough to know.
            var digits: UInt64 = 0
            var overflow = false
            let whole = i
            while i < bytes.count, case let digit = bytes[i] &- 0x30, digit < 10 {
                if i &- whole < 18 {
                    digits = digits &* 10 &+ UInt64(digit)
                } else {
                    let (tens, over) = digits.multipliedReportingOverflow(by: 10)
                    let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
                    overflow = overflow || over || carry
                    digits = sum
                }
                i &+= 1
            }
            guard i > whole else {
                throw DecodeError(i < bytes.count ? .malformedNumber : .truncated, at: i)
            }
            if bytes[whole] == 0x30 && i &- whole > 1 {
                throw DecodeError(.malformedNumber, at: whole &+ 1)
            }

            let isDecimal =
                i < bytes.count
                && (bytes[i] == UInt8(ascii: ".") || bytes[i] | 0x20 == UInt8(ascii: "e"))
            guard isDecimal else {
                offset = i
                if !overflow {
                    if !negative { return Number(digits) }
                    if digits <= 1 << 63 { return Number(Int64(truncatingIfNeeded: 0 &- digits)) }
                }
                throw DecodeError(.numberOutOfRange, at: start)
            }
            return try readDecimal(
                start, from: i, digits: digits, exact: !overflow, negative: negative)
        }

        private mutating func readDecimal(
            _ start: Int, from first: Int, digits: UInt64, exact: Bool, negative: Bool
        ) throws(DecodeError) -> Number {
            var i = first
            var digits = digits
            var exact = exact
            var scale = 0
            if bytes[i] == UInt8(ascii: ".") {
                i &+= 1
                let fraction = i
                while i < bytes.count, case let digit = bytes[i] &- 0x30, digit < 10 {
                    if digits < 1 << 56 {
                        digits = digits &* 10 &+ UInt64(digit)
                        scale &-= 1
                    } else {
                        exact = exact && digit == 0
                    }
                    i &+= 1
                }
                guard i > fraction else {
                    throw DecodeError(i < bytes.count ? .malformedNumber : .truncated, at: i)
                }
            }
            if i < bytes.count && bytes[i] | 0x20 == UInt8(ascii: "e") {
                i &+= 1
                var minus = false
                if i < bytes.count
                    && (bytes[i] == UInt8(ascii: "+") || bytes[i] == UInt8(ascii: "-"))
                {
                    minus = bytes[i] == UInt8(ascii: "-")
                    i &+= 1
                }
                let power = i
                var exponent = 0
                while i < bytes.count, case let digit = bytes[i] &- 0x30, digit < 10 {
                    // Beyond this every double is zero or infinite, however many digits precede.
                    if exponent < 1_000_000_000 { exponent = exponent * 10 + Int(digit) }
                    i &+= 1
                }
                guard i > power else {
                    throw DecodeError(i < bytes.count ? .malformedNumber : .truncated, at: i)
                }
                scale += minus ? -exponent : exponent
            }
            offset = i
            let double: Double
            if exact && digits <= 1 << 53 && scale >= -22 && scale <= 22 {
                let power = JSONReader.powersOfTen[abs(scale)]
                let magnitude = scale < 0 ? Double(digits) / power : Double(digits) * power
                double = negative ? -magnitude : magnitude
            } else {
                let text = String(decoding: bytes.copied(start..<i), as: UTF8.self)
                double = Double(text) ?? .infinity
            }
            guard let number = Number(double) else {
                throw DecodeError(.numberNotFinite, at: start)
            }
            return number
        }

        /// The powers of ten that a double holds exactly.
        private static let powersOfTen: [Double] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
            1e16,
            1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
        ]
    }
#endif
