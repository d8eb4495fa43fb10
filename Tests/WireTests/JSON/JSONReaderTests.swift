import Testing
import Wire

@Suite("JSON is read strictly") struct JSONReaderTests {
    static let plain: [(String, Value)] =
        [
            ("null", .null), ("true", true), (" \t\r\nfalse\n", false), ("0", 0), ("-0", 0),
            ("-1", -1), ("1.0", 1), ("1e2", 100), ("1E+2", 100), ("100e-2", 1), ("-0.0e5", 0),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .unsigned(1 << 63)),
            ("18446744073709551615", .unsigned(.max)), ("\"\"", ""), ("[]", []), ("[ ]", []),
            ("[1,2 , 3]", [1, 2, 3]), ("{}", [:]), ("{ }", [:]),
            ("{\"b\":1 , \"a\" :[{}]}", ["a": [[:]], "b": 1]),
            ("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a\"\\/\u{8}\u{c}\n\r\t"),
            ("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude42\\u0000\"", "Aé€🙂\0"),
            ("\"é€🙂 long enough for two words\"", "é€🙂 long enough for two words"),
            ("\"\u{7f}\u{80}\"", "\u{7f}\u{80}"), ("\"\\uD83D\\uDE42\"", "🙂"),
        ]

    @Test("What RFC 8259 allows is read", arguments: plain)
    func allowed(_ text: String, _ value: Value) {
        #expect(Decoded(json: text) == .value(value))
    }

    static let faults: [(String, DecodeError.Reason, Int)] =
        [
            ("", .truncated, 0), ("  ", .truncated, 2), ("nul", .truncated, 3),
            ("nulL", .unexpectedByte, 3), ("True", .unexpectedByte, 0), ("[", .truncated, 1),
            ("[1", .truncated, 2), ("[1,", .truncated, 3), ("[1 2]", .unexpectedByte, 3),
            ("[,1]", .unexpectedByte, 1), ("[1,]", .unexpectedByte, 3), ("[1}", .unexpectedByte, 2),
            ("{", .truncated, 1), ("{\"a\"", .truncated, 4), ("{\"a\":", .truncated, 5),
            ("{\"a\" 1}", .unexpectedByte, 5), ("{\"a\":1", .truncated, 6),
            ("{\"a\":1,}", .keyNotText, 7), ("{1:1}", .keyNotText, 1), ("{,}", .keyNotText, 1),
            ("{\"a\":1,\"a\":2}", .duplicateKey, 7),
            ("{\"b\":1,\"a\":{\"b\":1},\"b\":2}", .duplicateKey, 19),
            ("{\"a\":1,\"\\u0061\":2}", .duplicateKey, 7),
            ("null x", .trailingBytes, 5), ("1 2", .trailingBytes, 2), ("{}}", .trailingBytes, 2),
            ("\u{feff}1", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0),
            ("// c\n1", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0),
            ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0), ("-", .truncated, 1),
            ("-a", .malformedNumber, 1), ("01", .malformedNumber, 1), ("-01", .malformedNumber, 2),
            ("00", .malformedNumber, 1), ("1.", .truncated, 2), ("1.x", .malformedNumber, 2),
            ("1e", .truncated, 2), ("1e+", .truncated, 3), ("1ex", .malformedNumber, 2),
            ("[1e]", .malformedNumber, 3), ("1.e1", .malformedNumber, 2),
            ("0x10", .trailingBytes, 1), ("1e400", .numberNotFinite, 0),
            ("[-1e309]", .numberNotFinite, 1), ("18446744073709551616", .numberOutOfRange, 0),
            ("-9223372036854775809", .numberOutOfRange, 0),
            ("99999999999999999999999", .numberOutOfRange, 0), ("\"", .truncated, 1),
            ("\"abc", .truncated, 4), ("\"é", .truncated, 3), ("\"\\", .truncated, 2),
            ("\"\\u12", .truncated, 5), ("\"\\x\"", .unknownEscape, 1),
            ("\"\\u12g4\"", .unknownEscape, 5), ("\"\\U0041\"", .unknownEscape, 1),
            ("\"\\ud83d\"", .loneSurrogate, 1), ("\"\\ud83dx\"", .loneSurrogate, 1),
            ("\"a\\ude42\"", .loneSurrogate, 2), ("\"\\ud83d\\u0041\"", .loneSurrogate, 1),
            ("\"\\ud83d\\ud83d\"", .loneSurrogate, 1), ("\"a\nb\"", .controlCharacter, 2),
            ("\"abcdefghi\u{1f}\"", .controlCharacter, 10), ("\"é\u{0}\"", .controlCharacter, 3),
        ]

    @Test("Each error has its reason and the place where it stands", arguments: faults)
    func errors(_ text: String, _ reason: DecodeError.Reason, _ offset: Int) {
        #expect(Decoded(json: text) == .error(reason, offset))
    }

    @Test("64 levels of nesting are taken, 65 are not") func depth() {
        let arrays = String(repeating: "[", count: 64)
        guard case .value = Decoded(json: arrays + "1" + String(repeating: "]", count: 64)) else {
            Issue.record("64 arrays were refused")
            return
        }
        #expect(Decoded(json: arrays + "[") == .error(.tooDeep, 64))
        #expect(Decoded(json: arrays + "{}") == .error(.tooDeep, 64))
        #expect(Decoded(json: arrays + "{\"a\":1}") == .error(.tooDeep, 64))
        let maps = String(repeating: "{\"a\":", count: 64)
        #expect(Decoded(json: maps + "[") == .error(.tooDeep, 320))
        let many = String(repeating: "[", count: 1_000_000)
        #expect(Decoded(json: many) == .error(.tooDeep, 64))
    }

    @Test("A tag is no level: what MessagePack nests as deep as may be, JSON does too")
    func tagsAreNoLevel() {
        let custom = Custom(type: 5, data: [1, 2, 3]).map { Value.custom($0) } ?? .null
        for leaf in [.bytes([1]), .time(WallTime(seconds: 1)), .unsigned(.max), custom] as [Value] {
            var value = leaf
            for _ in 0..<64 { value = .array([value]) }
            #expect(Decoded(json: value.json) == .value(value))
            #expect(Decoded(messagePack: value.messagePack) == .value(value))
        }
        let arrays = String(repeating: "[", count: 64)
        for deep in [
            "{\"$$a\":1}", "{\"$bytes\":[]}", "{\"$bytes\":\"\",\"a\":1}", "{\"$int\":{}}",
            "{\"$bytes\":{\"$bytes\":\"\"}}",
        ] {
            #expect(Decoded(json: arrays + deep) == .error(.tooDeep, 64), "\(deep)")
        }
        let nested = String(repeating: "{\"$custom\":[", count: 1_000_000)
        guard case .error(.tooDeep, _) = Decoded(json: nested) else {
            Issue.record("endless tags were taken")
            return
        }
    }

    @Test("A text cut at any byte is truncated; a number may end there") func cutAnywhere() {
        let whole = Array(
            "{\"a\":[\"b\\n\\ud83d\\ude42é\",true,null],\"$x\":{\"$bytes\":\"AA==\"}}".utf8)
        guard case .value = Decoded(json: whole) else {
            Issue.record("not read whole")
            return
        }
        for end in whole.indices {
            guard case .error(let reason, _) = Decoded(json: Array(whole[..<end])) else {
                Issue.record("read when cut at \(end)")
                continue
            }
            #expect([.truncated, .loneSurrogate].contains(reason), "cut at \(end)")
        }
    }

    @Test("A repeated key among very many is found without comparing each with each")
    func repeatedKeyAmongMany() {
        let keys = (0..<50_000).reversed().map { "\"\($0)\":0" }.joined(separator: ",")
        let text = "{" + keys + ",\"77\":0}"
        #expect(Decoded(json: text) == .error(.duplicateKey, keys.utf8.count + 2))
    }

    @Test("A decimal is the double nearest to it, whichever way it is read")
    func nearestDouble() {
        var random = Seeded(4)
        var texts = [
            "0.1", "9007199254740993.0", "1e23", "5e-324", "2e-324", "1.7976931348623157e308",
        ]
        texts += ["123456789012345678901234567890", "0.000000000000000000000000000001", "1e-400"]
            .map { $0 + "0.0e-1" }.filter { !$0.contains("e-400") && !$0.contains("10.0") }
        for _ in 0..<20_000 {
            var text = random.below(2) == 0 ? "-" : ""
            text += String(random.next() >> UInt64(random.below(64))) + "."
            text += String(random.next() >> UInt64(random.below(64)))
            if random.below(2) == 0 { text += "e" + String(random.below(80) - 40) }
            texts.append(text)
        }
        for text in texts {
            guard let double = Double(text), let expected = Value.double(double) else { continue }
            if Decoded(json: text) != .value(expected) { Issue.record("\(text)") }
        }
    }
}
