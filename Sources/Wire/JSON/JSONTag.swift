#if !hasFeature(Embedded)
    /// What JSON has no form for travels as a map with one key that begins with a dollar sign
    /// (rule 3):
    ///
    ///     {"$bytes": "AAEC"}          bytes, in base64 with padding
    ///     {"$time": "1705314645.5"}   seconds since 1970, up to nine decimals, no trailing zero
    ///     {"$int": "9007199254740993"}  an integer that a double would round
    ///     {"$custom": [5, "AAEC"]}    a MessagePack extension
    ///
    /// A user's own map with one key that begins with a dollar sign gets one more in front:
    /// `{"$price": 5}` travels as `{"$$price": 5}`.
    enum JSONTag {
        static let bytes: Text = "$bytes"
        static let time: Text = "$time"
        static let integer: Text = "$int"
        static let custom: Text = "$custom"

        /// What a map with this one entry stands for; the map began at `offset`.
        static func resolve(_ entry: Map.Entry, at offset: Int) throws(DecodeError) -> Value {
            if entry.key.count > 1 && entry.key.byte(at: 1) == UInt8(ascii: "$") {
                let key = entry.key.utf8
                let own = Text(validated: key.span, 1..<key.count)
                return .map(Map(ordered: [Map.Entry(key: own, value: entry.value)]))
            }
            let value: Value? =
                switch (entry.key, entry.value) {
                case (JSONTag.bytes, .text(let text)): Base64.decode(text).map { .bytes($0) }
                case (JSONTag.time, .text(let text)): WallTime(decimal: text).map { .time($0) }
                case (JSONTag.integer, .text(let text)): number(text).map { .number($0) }
                case (JSONTag.custom, .array(let parts)): custom(parts).map { .custom($0) }
                default: nil
                }
            guard let value else { throw DecodeError(.malformedTag, at: offset) }
            return value
        }

        /// Only integers that a double would round: the others have a form of their own.
        private static func number(_ text: Text) -> Number? {
            let string = text.string
            let number = Int64(string).map { Number($0) } ?? UInt64(string).map { Number($0) }
            guard let number, !number.isSafeInteger, number.decimal == string else { return nil }
            return number
        }

        private static func custom(_ parts: [Value]) -> Custom? {
            guard parts.count == 2, case .number(let number) = parts[0],
                case .text(let text) = parts[1],
                let type = number.int64.flatMap({ Int8(exactly: $0) }),
                let data = Base64.decode(text)
            else { return nil }
            return Custom(type: type, data: data)
        }
    }

    extension Number {
        /// Whether JSON carries it as it is: not an integer that JavaScript's numbers would round.
        var isSafeInteger: Bool {
            switch form {
            case .integer(let n): n.magnitude < 1 << 53
            case .large: false
            case .fraction: true
            }
        }
    }

    extension WallTime {
        /// Seconds as a decimal: `-0.5` is half a second before 1970.
        var decimal: String {
            let below = seconds < 0 && nanoseconds > 0
            let fraction = below ? 1_000_000_000 - nanoseconds : nanoseconds
            let whole = below ? (seconds + 1).magnitude : seconds.magnitude
            var text = (seconds < 0 ? "-" : "") + String(whole)
            if fraction > 0 {
                var digits = String(fraction)
                digits = String(repeating: "0", count: 9 - digits.count) + digits
                while digits.last == "0" { digits.removeLast() }
                text += "." + digits
            }
            return text
        }

        /// Reads what `decimal` writes and no other form of it.
        init?(decimal text: Text) {
            let parts = text.string.split(
                separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, let whole = Int64(first) else { return nil }
            let negative = first.first == "-"
            var fraction: UInt32 = 0
            if parts.count == 2 {
                guard parts[1].utf8.count <= 9,
                    parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                    let digits = UInt32(parts[1])
                else { return nil }
                fraction = digits
                for _ in parts[1].utf8.count..<9 { fraction *= 10 }
            }
            let below = negative && fraction > 0
            let (seconds, overflow) = whole.subtractingReportingOverflow(below ? 1 : 0)
            guard !overflow else { return nil }
            self.init(seconds: seconds, nanoseconds: below ? 1_000_000_000 - fraction : fraction)
            guard decimal == text.string else { return nil }
        }
    }
#endif
