import Wire

/// Random numbers that a seed gives again (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    mutating func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }

    mutating func pick<T>(_ all: [T]) -> T { all[below(all.count)] }

    /// Any value, nested up to `depth`.
    mutating func value(depth: Int = 3) -> Value {
        switch below(depth > 0 ? 11 : 8) {
        case 0: return .null
        case 1: return .boolean(below(2) == 0)
        case 2: return .integer(Int64(truncatingIfNeeded: next() >> UInt64(below(64))))
        case 3: return .integer(-Int64(truncatingIfNeeded: next() >> UInt64(below(63) + 1)))
        case 4: return Value.double(Double(bitPattern: next())) ?? .unsigned(next())
        case 5: return .text(text())
        case 6: return .bytes((0..<below(20)).map { _ in UInt8(below(256)) })
        case 7:
            if below(2) == 0 {
                return .time(
                    WallTime(
                        seconds: Int64(bitPattern: next() >> UInt64(below(60))),
                        nanoseconds: UInt32(below(3) == 0 ? 0 : below(1_000_000_000))))
            }
            let type = Int8(truncatingIfNeeded: below(128))
            let data = (0..<below(20)).map { _ in UInt8(below(256)) }
            return Custom(type: type, data: data).map { .custom($0) } ?? .null
        case 8: return .array((0..<below(5)).map { _ in value(depth: depth - 1) })
        default: return .map(map(depth: depth - 1))
        }
    }

    mutating func map(depth: Int) -> Map {
        var map = Map()
        for _ in 0..<below(5) { map[text()] = value(depth: depth) }
        return map
    }

    mutating func text() -> Text {
        let pieces = [
            "a", "é", "\"", "\\", "\n", "\u{0}", "$", "日", "🙂", "\u{7f}", "/", "zzzzzzzz",
        ]
        return Text((0..<below(6)).map { _ in pick(pieces) }.joined())
    }
}

/// The bytes that hexadecimal digits stand for; spaces between them are ignored.
func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map {
        UInt8(digits[$0] * 16 + digits[$0 + 1])
    }
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// What decoding gives, in a form that `#expect` can compare.
enum Decoded: Equatable {
    case value(Value)
    case error(DecodeError.Reason, Int)

    init(messagePack bytes: [UInt8]) {
        do throws(DecodeError) {
            self = .value(try Value(messagePack: bytes.span))
        } catch {
            self = .error(error.reason, error.offset)
        }
    }

    init(json bytes: [UInt8]) {
        do throws(DecodeError) {
            self = .value(try Value(json: bytes.span))
        } catch {
            self = .error(error.reason, error.offset)
        }
    }

    init(json text: String) { self.init(json: Array(text.utf8)) }
}
