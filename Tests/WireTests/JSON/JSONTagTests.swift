import Testing
import Wire

@Suite("JSON's tagged forms (rule 3)") struct JSONTagTests {
    static let tagged: [(String, Value)] = [
        ("{\"$bytes\":\"\"}", .bytes([])), ("{\"$bytes\":\"AAEC\"}", .bytes([0, 1, 2])),
        ("{\"$bytes\":\"/+8=\"}", .bytes([0xff, 0xef])),
        ("{\"$time\":\"0\"}", time(0)),
        ("{\"$time\":\"1705314645.5\"}", time(1_705_314_645, 500_000_000)),
        ("{\"$time\":\"-0.5\"}", time(-1, 500_000_000)), ("{\"$time\":\"-1\"}", time(-1)),
        ("{\"$time\":\"-1.000000001\"}", time(-2, 999_999_999)),
        ("{\"$time\":\"0.000000001\"}", time(0, 1)),
        ("{\"$time\":\"-9223372036854775808\"}", time(.min)),
        ("{\"$time\":\"-9223372036854775807.5\"}", time(.min, 500_000_000)),
        ("{\"$time\":\"9223372036854775807.999999999\"}", time(.max, 999_999_999)),
        ("{\"$int\":\"9007199254740992\"}", .integer(1 << 53)),
        ("{\"$int\":\"18446744073709551615\"}", .unsigned(.max)),
        ("{\"$custom\":[5,\"AQI=\"]}", custom(5, [1, 2])),
        ("{\"$custom\":[-128,\"\"]}", custom(-128, [])),
        ("{\"$$price\":5}", ["$price": 5]), ("{\"$$\":5}", ["$": 5]), ("{\"$$$a\":5}", ["$$a": 5]),
        ("{\"$$bytes\":\"AAEC\"}", ["$bytes": "AAEC"]),
        ("{\"$bytes\":\"AAEC\",\"a\":1}", ["$bytes": "AAEC", "a": 1]),
        ("{\"$a\":1,\"$b\":2}", ["$a": 1, "$b": 2]), ("{\"a$\":1}", ["a$": 1]),
    ]

    private static func time(_ seconds: Int64, _ nanoseconds: UInt32 = 0) -> Value {
        .time(WallTime(seconds: seconds, nanoseconds: nanoseconds))
    }
    private static func custom(_ type: Int8, _ data: [UInt8]) -> Value {
        Custom(type: type, data: data).map { .custom($0) } ?? .null
    }

    @Test("What JSON has no form for has one tag, and a map that looks like it an escape")
    func bothWays() {
        for (text, value) in JSONTagTests.tagged {
            #expect(Decoded(json: text) == .value(value))
            #expect(String(decoding: value.json, as: UTF8.self) == text)
        }
    }

    static let malformedTags: [String] = [
        "{\"$\":1}", "{\"$price\":1}", "{\"$bytes\":1}", "{\"$bytes\":\"A\"}",
        "{\"$bytes\":\"AA\"}", "{\"$bytes\":\"AAE\"}", "{\"$bytes\":\"AB==\"}",
        "{\"$bytes\":\"AA=A\"}", "{\"$bytes\":\"====\"}", "{\"$bytes\":\"AA==AA==\"}",
        "{\"$bytes\":\"AA-_\"}", "{\"$bytes\":\"AA E\"}", "{\"$time\":1}", "{\"$time\":\"\"}",
        "{\"$time\":\"1.\"}", "{\"$time\":\"1.50\"}", "{\"$time\":\"01\"}",
        "{\"$time\":\"+1\"}",
        "{\"$time\":\"-0\"}", "{\"$time\":\"1.0000000001\"}", "{\"$time\":\".5\"}",
        "{\"$time\":\"1e3\"}", "{\"$time\":\"-0.0\"}", "{\"$time\":\"9223372036854775808\"}",
        "{\"$time\":\"-9223372036854775808.5\"}", "{\"$time\":\"1.-5\"}",
        "{\"$int\":5}", "{\"$int\":\"5\"}", "{\"$int\":\"9007199254740991\"}",
        "{\"$int\":\"+9007199254740992\"}", "{\"$int\":\"09007199254740992\"}",
        "{\"$int\":\"18446744073709551616\"}", "{\"$int\":\"9007199254740992.0\"}",
        "{\"$custom\":5}", "{\"$custom\":[5]}", "{\"$custom\":[128,\"\"]}",
        "{\"$custom\":[-1,\"\"]}", "{\"$custom\":[5,\"\",1]}", "{\"$custom\":[5,5]}",
        "{\"$custom\":[0.5,\"\"]}",
    ]

    @Test(
        "A tag whose content is not of its one form is refused where it begins",
        arguments: malformedTags)
    func malformed(_ text: String) {
        #expect(Decoded(json: text) == .error(.malformedTag, 0))
        #expect(Decoded(json: "[1," + text + "]") == .error(.malformedTag, 3))
    }

    @Test(
        "Base64 has padding and one form",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func base64(_ plain: String, _ text: String) {
        #expect(Base64.encode(Array(plain.utf8)).string == text)
        #expect(Base64.decode(Text(text)) == Array(plain.utf8))
    }
}
