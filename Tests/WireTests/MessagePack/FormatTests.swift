import Testing
import Wire

@Suite("MessagePack formats") struct FormatTests {
    /// Each format of the specification at its borders, in canonical form.
    static let canonical: [(hex: String, value: Value)] = [
        ("c0", .null), ("c2", false), ("c3", true),
        ("00", 0), ("7f", 127), ("ff", -1), ("e0", -32),
        ("cc80", 128), ("ccff", 255), ("cd0100", 256), ("cdffff", 65_535),
        ("ce00010000", 65_536), ("ceffffffff", 0xffff_ffff), ("cf0000000100000000", 0x1_0000_0000),
        ("cf7fffffffffffffff", .integer(.max)), ("cfffffffffffffffff", .unsigned(.max)),
        ("d0df", -33), ("d080", -128), ("d1ff7f", -129), ("d18000", -32_768),
        ("d2ffff7fff", -32_769), ("d280000000", -0x8000_0000), ("d3ffffffff7fffffff", -0x8000_0001),
        ("d38000000000000000", .integer(.min)),
        ("a0", ""), ("a161", "a"), ("bf" + String(repeating: "61", count: 31), .text(repeated(31))),
        ("d920" + String(repeating: "61", count: 32), .text(repeated(32))),
        ("d9ff" + String(repeating: "61", count: 255), .text(repeated(255))),
        ("da0100" + String(repeating: "61", count: 256), .text(repeated(256))),
        ("daffff" + String(repeating: "61", count: 65_535), .text(repeated(65_535))),
        ("db00010000" + String(repeating: "61", count: 65_536), .text(repeated(65_536))),
        ("c400", .bytes([])), ("c4020102", .bytes([1, 2])),
        ("c4ff" + zeros(255), .bytes(.init(repeating: 0, count: 255))),
        ("c50100" + zeros(256), .bytes(.init(repeating: 0, count: 256))),
        ("c600010000" + zeros(65_536), .bytes(.init(repeating: 0, count: 65_536))),
        ("90", []), ("93010203", [1, 2, 3]),
        ("9f" + String(repeating: "c0", count: 15), nulls(15)),
        ("dc0010" + String(repeating: "c0", count: 16), nulls(16)),
        ("dd00010000" + String(repeating: "c0", count: 65_536), nulls(65_536)),
        ("80", [:]), ("82a16101a16202", ["a": 1, "b": 2]),
        ("d6ff00000000", time(0)), ("d6ffffffffff", time(0xffff_ffff)),
        ("d7ff0000000100000000", time(0x1_0000_0000)), ("d7ff0000000400000000", time(0, 1)),
        ("d7ffee6b27fc00000000", time(0, 999_999_999)),
        ("d7ffee6b27ffffffffff", time((1 << 34) - 1, 999_999_999)),
        ("c70cff000000000000000400000000", time(1 << 34)),
        ("c70cff00000000ffffffffffffffff", time(-1)),
        ("c70cff3b9ac9ff8000000000000000", time(.min, 999_999_999)),
        ("d40501", custom(5, 1)), ("d580" + zeros(2), custom(-128, 2, fill: 0)),
        ("d605" + zeros(4), custom(5, 4, fill: 0)), ("d705" + zeros(8), custom(5, 8, fill: 0)),
        ("d805" + zeros(16), custom(5, 16, fill: 0)), ("c70005", custom(5, 0)),
        ("c70305" + zeros(3), custom(5, 3, fill: 0)),
        ("c71105" + zeros(17), custom(5, 17, fill: 0)),
        ("c7ff05" + zeros(255), custom(5, 255, fill: 0)),
        ("c8010005" + zeros(256), custom(5, 256, fill: 0)),
        ("c90001000005" + zeros(65_536), custom(5, 65_536, fill: 0)),
        ("ca3f000000", number(0.5)), ("ca00000001", number(0x1p-149)),
        ("ca7f7fffff", number(0x1.fffffep127)), ("cb3fb999999999999a", number(0.1)),
        ("cb0000000000000001", number(0x1p-1074)),
        ("cb7fefffffffffffff", number(0x1.fffffffffffffp1023)),
        ("ca5f800000", number(0x1p64)), ("cadf800000", number(-0x1p64)),
    ]

    private static func repeated(_ n: Int) -> String { String(repeating: "a", count: n) }
    private static func zeros(_ n: Int) -> String { String(repeating: "00", count: n) }
    private static func nulls(_ n: Int) -> Value { .array(.init(repeating: .null, count: n)) }
    private static func time(_ seconds: Int64, _ nanoseconds: UInt32 = 0) -> Value {
        .time(WallTime(seconds: seconds, nanoseconds: nanoseconds))
    }
    private static func custom(_ type: Int8, _ count: Int, fill: UInt8 = 1) -> Value {
        Custom(type: type, data: .init(repeating: fill, count: count)).map { .custom($0) } ?? .null
    }
    private static func number(_ double: Double) -> Value { .double(double) ?? .null }

    @Test("Every format is read, and written in the shortest form") func everyFormat() {
        for (hexadecimal, value) in FormatTests.canonical {
            #expect(Decoded(messagePack: bytes(hexadecimal)) == .value(value))
            #expect(hex(value.messagePack) == hexadecimal)
        }
    }

    static let longer: [(String, Value)] =
        [
            ("cc00", 0), ("cd0001", 1), ("ce00000001", 1), ("cf0000000000000001", 1), ("d001", 1),
            ("d10001", 1), ("d200000001", 1), ("d30000000000000001", 1), ("d3ffffffffffffffff", -1),
            ("ca3f800000", 1), ("cb3ff0000000000000", 1), ("cb8000000000000000", 0),
            ("ca80000000", 0), ("cbc3e0000000000000", .integer(.min)),
            ("cb43e0000000000000", .unsigned(1 << 63)), ("d90161", "a"), ("da000161", "a"),
            ("db0000000161", "a"), ("c500020102", .bytes([1, 2])),
            ("c6000000020102", .bytes([1, 2])),
            ("dc0001c0", [.null]), ("dd00000001c0", [.null]), ("de0001a16101", ["a": 1]),
            ("df00000001a16101", ["a": 1]), ("82a16202a16101", ["a": 1, "b": 2]),
            ("c704ff00000001", .time(WallTime(seconds: 1))),
            ("d7ff0000000000000001", .time(WallTime(seconds: 1))),
            ("c70cff000000000000000000000001", .time(WallTime(seconds: 1))),
            ("c80004ff00000001", .time(WallTime(seconds: 1))),
            ("cb3fe0000000000000", Value.double(0.5) ?? .null),
        ]

    @Test("Longer forms of the same value are read as that value", arguments: longer)
    func longerForms(_ hexadecimal: String, _ value: Value) {
        #expect(Decoded(messagePack: bytes(hexadecimal)) == .value(value))
    }

    static let faults: [(String, DecodeError.Reason, Int)] =
        [
            ("", .truncated, 0), ("c0c0", .trailingBytes, 1), ("c1", .unexpectedByte, 0),
            ("91c1", .unexpectedByte, 1), ("81c101", .unexpectedByte, 1), ("a261", .truncated, 0),
            ("92c0", .truncated, 0), ("81a161", .truncated, 3), ("9192c0", .truncated, 1),
            ("cc", .truncated, 0), ("cd00", .truncated, 0), ("ce000000", .truncated, 0),
            ("cf00000000000000", .truncated, 0), ("d0", .truncated, 0), ("d100", .truncated, 0),
            ("d2000000", .truncated, 0), ("d300000000000000", .truncated, 0),
            ("ca000000", .truncated, 0), ("cb00000000000000", .truncated, 0),
            ("d9", .truncated, 0), ("da00", .truncated, 0), ("db000000", .truncated, 0),
            ("dbffffffff", .truncated, 0), ("c4", .truncated, 0), ("c6ffffffff", .truncated, 0),
            ("ddffffffff", .truncated, 0), ("dfffffffff", .truncated, 0), ("dc", .truncated, 0),
            ("c7", .truncated, 0), ("c701", .truncated, 0), ("c70105", .truncated, 0),
            ("c9ffffffff05", .truncated, 0), ("d4", .truncated, 0), ("d405", .truncated, 0),
            ("d805000000", .truncated, 0), ("a2c328", .invalidUTF8, 1), ("a261ff", .invalidUTF8, 2),
            ("81a1ff01", .invalidUTF8, 2), ("82a16101a16102", .duplicateKey, 4),
            ("83a16201a16102a16203", .duplicateKey, 7),
            ("9183a16101a16102a16103", .duplicateKey, 5),
            ("810101", .keyNotText, 1), ("81c4016101", .keyNotText, 1),
            ("ca7fc00000", .numberNotFinite, 0),
            ("ca7f800000", .numberNotFinite, 0), ("91cbfff0000000000000", .numberNotFinite, 1),
            ("cb7ff8000000000000", .numberNotFinite, 0),
            ("d7ffee6b280000000000", .malformedTime, 0), ("d5ff0000", .malformedTime, 0),
            ("c70cff3b9aca000000000000000000", .malformedTime, 0), ("d4ff00", .malformedTime, 0),
            ("c700ff", .malformedTime, 0),
        ]

    @Test("Each error has its reason and the place where it stands", arguments: faults)
    func errors(_ hexadecimal: String, _ reason: DecodeError.Reason, _ offset: Int) {
        #expect(Decoded(messagePack: bytes(hexadecimal)) == .error(reason, offset))
    }

    @Test("64 levels of nesting are taken, 65 are not") func depth() {
        for (head, count) in [("91", 1), ("81a161", 3)] {
            let taken = bytes(String(repeating: head, count: 64) + "c0")
            guard case .value = Decoded(messagePack: taken) else {
                Issue.record("64 levels of \(head) were refused")
                return
            }
            let deep = bytes(String(repeating: head, count: 65) + "c0")
            #expect(Decoded(messagePack: deep) == .error(.tooDeep, 64 * count))
        }
        let endless = [UInt8](repeating: 0x91, count: 1_000_000) + [0xc0]
        #expect(Decoded(messagePack: endless) == .error(.tooDeep, 64))
    }

    @Test("A repeated key among very many is found without comparing each with each")
    func repeatedKeyAmongMany() {
        var writer = Writer()
        writer.packMap(100_001)
        for i in (0..<100_000).reversed() {
            writer.pack(Text(String(i)))
            writer.pack(UInt64(i))
        }
        let place = writer.count
        writer.pack("5000" as Text)
        writer.packNil()
        #expect(Decoded(messagePack: writer.bytes()) == .error(.duplicateKey, place))
    }

    @Test("A value cut at any byte is truncated") func cutAnywhere() {
        for (hexadecimal, _) in FormatTests.canonical where hexadecimal.utf8.count < 100 {
            let whole = bytes(hexadecimal)
            for end in whole.indices {
                guard case .error(.truncated, _) = Decoded(messagePack: Array(whole[..<end])) else {
                    Issue.record("\(hexadecimal) cut at \(end)")
                    continue
                }
            }
        }
    }
}
