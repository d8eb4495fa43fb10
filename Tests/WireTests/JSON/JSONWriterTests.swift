import Testing
import Wire

@Suite("JSON is written in one form") struct JSONWriterTests {
    private func written(_ value: Value) -> String {
        String(decoding: value.json, as: UTF8.self)
    }

    @Test(
        "Doubles stand as RFC 8785 lays them out",
        arguments: [
            // The samples of RFC 8785, appendix B, that are no integers here.
            (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4f, "9.999999999999999e+20"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x3fb9_9999_9999_999a, "0.1"), (0x3fe0_0000_0000_0000, "0.5"),
            (0x3e7a_d7f2_9abc_af48, "1e-7"), (0x3ff8_0000_0000_0000, "1.5"),
            (0x4059_0666_6666_6666, "100.1"), (0x3f84_7ae1_47ae_147b, "0.01"),
            // Integral ones beyond the integers' range have an exponent.
            (0x43f0_0000_0000_0000, "1.8446744073709552e+19"),
            (0xc3e0_0000_0000_0001, "-9.223372036854778e+18"),
            (0x4415_af1d_78b5_8c40, "1e+20"), (0x4430_0000_0000_0000, "2.9514790517935283e+20"),
        ] as [(UInt64, String)])
    func layout(_ bits: UInt64, _ text: String) {
        let value = Value.double(Double(bitPattern: bits)) ?? .null
        #expect(written(value) == text)
        #expect(Decoded(json: text) == .value(value))
    }

    @Test("Random doubles come back bit for bit, in the fewest digits") func roundTrip() {
        var random = Seeded(5)
        for _ in 0..<30_000 {
            let double = Double(bitPattern: random.next())
            guard let value = Value.double(double) else { continue }
            let text = written(value)
            if Decoded(json: text) != .value(value) { Issue.record("\(double) as \(text)") }
            let digits = text.prefix { $0 != "e" }.filter { $0.isNumber }.drop { $0 == "0" }
            let shortest = double.description.prefix { $0 != "e" }.filter { $0.isNumber }
                .drop { $0 == "0" }.reversed().drop { $0 == "0" }
            if abs(double) < 0x1p53 || abs(double) >= 0x1p64 {
                #expect(digits.reversed().drop { $0 == "0" }.count == shortest.count)
            }
        }
    }

    @Test(
        "Integers stand as they are up to 2^53, beyond in a tag",
        arguments: [
            (0, "0"), (-1, "-1"), (9_007_199_254_740_991, "9007199254740991"),
            (-9_007_199_254_740_991, "-9007199254740991"), (1_000_000, "1000000"),
            (9_007_199_254_740_992, "{\"$int\":\"9007199254740992\"}"),
            (.min, "{\"$int\":\"-9223372036854775808\"}"),
        ] as [(Int64, String)])
    func integers(_ n: Int64, _ text: String) {
        #expect(written(.integer(n)) == text)
        #expect(Decoded(json: text) == .value(.integer(n)))
    }

    @Test("No white space, keys in the order of their bytes") func compact() {
        #expect(written(["b": [1, .null, [:]], "a": true]) == "{\"a\":true,\"b\":[1,null,{}]}")
        #expect(written(["é": 1, "z": 2, "Z": 3]) == "{\"Z\":3,\"z\":2,\"é\":1}")
    }

    @Test("Only what must be escaped is, short where there is a short form") func escapes() {
        #expect(
            written("\"\\/\u{8}\t\n\u{c}\r\u{0}\u{1f}\u{7f}é")
                == "\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\u{7f}é\"")
        #expect(written("a long text with a \" in it\n") == "\"a long text with a \\\" in it\\n\"")
        for place in 0..<20 {
            for byte in [0x22, 0x5c, 0x1f, 0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f] as [UInt8] {
                var content = [UInt8](repeating: 0x61, count: 20)
                content[place] = byte
                for length in [place + 1, 20] {
                    let value = Value.text(String(decoding: content[..<length], as: UTF8.self))
                    #expect(Decoded(json: value.json) == .value(value))
                    let plain = byte >= 0x20 && byte != 0x22 && byte != 0x5c
                    #expect((value.json.count == length + 2) == plain)
                }
            }
        }
    }

    @Test("Random values come back by way of JSON and of MessagePack") func randomValues() {
        var random = Seeded(6)
        for _ in 0..<5_000 {
            let value = random.value()
            #expect(Decoded(json: value.json) == .value(value))
            #expect(Decoded(messagePack: value.messagePack) == .value(value))
        }
    }
}
