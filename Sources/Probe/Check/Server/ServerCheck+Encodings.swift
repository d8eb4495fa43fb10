internal import Transport
internal import Wire

extension ServerCheck {
    /// A value in its two canonical forms.
    private struct Form {
        let value: Value
        let json: String
        let packed: [UInt8]

        /// `head` is how the canonical MessagePack begins; Wire makes the rest of it.
        init(_ value: Value, _ json: String, _ head: [UInt8]) {
            (self.value, self.json) = (value, json)
            packed = head + value.messagePack.dropFirst(head.count)
        }
    }

    private static func carry(_ check: ServerCheck, _ forms: [Form]) throws(Finding) {
        let echo = try Echo(check)
        for form in forms {
            try echo.carries(json: form.json, as: form.value)
            try echo.isCanonical(form.packed, .messagePack)
            try echo.carries(form.packed, .messagePack, as: form.value)
            try echo.isCanonical([UInt8](form.json.utf8), .json)
        }
    }

    static let encodings: [Trial] = [
        Trial("every kind of value, both ways", "E1", "E11", "E21", "E10", "E41") {
            (check) throws(Finding) in
            try carry(
                check,
                [
                    Form(.null, "null", [0xc0]), Form(true, "true", [0xc3]),
                    Form(false, "false", [0xc2]), Form(0, "0", [0x00]),
                    Form(-33, "-33", [0xd0, 0xdf]),
                    Form(70_000, "70000", [0xce, 0x00, 0x01, 0x11, 0x70]),
                    Form(0.5, "0.5", [0xca, 0x3f, 0x00, 0x00, 0x00]),
                    Form("µ", "\"µ\"", [0xa2, 0xc2, 0xb5]),
                    Form(
                        "a\"\\\n\u{1}/", #""a\"\\\n\u0001/""#,
                        [0xa6, 0x61, 0x22, 0x5c, 0x0a, 1, 0x2f]),
                    Form(.bytes([0, 1, 2]), #"{"$bytes":"AAEC"}"#, [0xc4, 3, 0, 1, 2]),
                    Form([1, [], "x"], #"[1,[],"x"]"#, [0x93, 1, 0x90, 0xa1, 0x78]),
                    Form([["b": 1, "a": 2]], #"[{"a":2,"b":1}]"#, [0x91, 0x82, 0xa1, 0x61, 2]),
                    Form(.map(Map()), "{}", [0x80]),
                ])
        },
        Trial("numbers: large ones tagged, decimals short", "E1", "E7", "E22", "E23", "E31", "E10")
        {
            (check) throws(Finding) in
            try carry(
                check,
                [
                    Form(.integer(1 << 53 - 1), "9007199254740991", [0xcf, 0, 0x1f]),
                    Form(.integer(1 << 53), #"{"$int":"9007199254740992"}"#, [0xcf, 0, 0x20]),
                    Form(.unsigned(.max), #"{"$int":"18446744073709551615"}"#, [0xcf, 0xff, 0xff]),
                    Form(.integer(.min), #"{"$int":"-9223372036854775808"}"#, [0xd3, 0x80, 0]),
                    Form(0.1, "0.1", [0xcb, 0x3f, 0xb9, 0x99, 0x99]),
                    Form(1e20, "1e+20", [0xcb]), Form(1.5e-7, "1.5e-7", [0xcb]),
                ])
            let echo = try Echo(check)
            try echo.carries(json: "9007199254740993", as: .integer(9_007_199_254_740_993))
            try echo.carries(json: "1e2", as: 100)
            try echo.carries(json: "1e-400", as: 0)
            try echo.refuses(json: "18446744073709551616", "an integer above 2^64 - 1")
            try echo.refuses(json: "-9223372036854775809", "an integer below -2^63")
        },
        Trial("equal numbers are one, other texts another", "E2", "D16") {
            (check) throws(Finding) in
            let echo = try Echo(check)
            guard case .done(let one) = try echo.put(json: "1") else { throw .fail("1 is refused") }
            _ = try echo.read(one)
            let frames = echo.readers[.json]?.diffs ?? 0
            for form in ["1.0", "1e0", "10e-1"] { _ = try echo.put(json: form) }
            _ = try echo.put([0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], .messagePack)
            guard case .done(let end) = try echo.put(json: "\"e\u{301}\"") else {
                throw .fail("a text is refused")
            }
            _ = try echo.read(end)
            let sent = (echo.readers[.json]?.diffs ?? 0) - frames
            try demand(end == one + 5, "an equal value must raise the version, each by one")
            if sent > 1 { throw .lenient("an equal value was sent as a change") }
            guard case .done(let composed) = try echo.put(json: "\"é\"") else {
                throw .fail("a text is refused")
            }
            for (_, value) in try echo.read(composed) {
                try demand(
                    value == .text("é") && value?.json == [0x22, 0xc3, 0xa9, 0x22],
                    "a text of other bytes was taken for the same")
            }
            try echo.carries(json: "-0.0", as: 0)
        },
        Trial("forms that are not canonical are taken", "E3") { (check) throws(Finding) in
            let echo = try Echo(check)
            try echo.carries(json: " [ 1 ,\n\t2 ] ", as: [1, 2])
            try echo.carries(json: #""\u0041\/\u00e9\ud83d\ude00""#, as: "A/é😀")
            try echo.carries(json: "1.50E+1", as: 15)
            try echo.carries([0xcf, 0, 0, 0, 0, 0, 0, 0, 1], .messagePack, as: 1)
            try echo.carries([0xd3, 0, 0, 0, 0, 0, 0, 0, 5], .messagePack, as: 5)
            try echo.carries([0xdb, 0, 0, 0, 1, 0x61], .messagePack, as: "a")
            try echo.carries([0xdd, 0, 0, 0, 1, 0xc0], .messagePack, as: [.null])
            try echo.carries([0xc6, 0, 0, 0, 1, 9], .messagePack, as: .bytes([9]))
            try echo.carries(
                [0x91, 0x82, 0xa1, 0x62, 1, 0xa1, 0x61, 2], .messagePack, as: [["a": 2, "b": 1]])
        },
        Trial("bad UTF-8", "E4") { (check) throws(Finding) in
            let echo = try Echo(check)
            let bad: [[UInt8]] = [
                [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82],
            ]
            for bytes in bad {
                try echo.refuses([0xa0 | UInt8(bytes.count)] + bytes, .messagePack, "bad UTF-8")
                try echo.refuses(
                    [0x91, 0x81, 0xa0 | UInt8(bytes.count)] + bytes + [1], .messagePack,
                    "bad UTF-8 in a key")
                try echo.refuses([0x22] + bytes + [0x22], .json, "bad UTF-8")
            }
        },
        Trial("keys that repeat or are no texts", "E5") { (check) throws(Finding) in
            let echo = try Echo(check)
            try echo.refuses(json: #"{"a":1,"a":1}"#, "a repeated key")
            try echo.refuses(json: #"{"a":1,"\u0061":2}"#, "a repeated key")
            try echo.refuses(json: #"[{"a":1,"b":2,"a":3}]"#, "a repeated key")
            try echo.refuses([0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2], .messagePack, "a repeated key")
            try echo.refuses([0x81, 0x01, 0x01], .messagePack, "a key that is a number")
            try echo.refuses([0x81, 0xc4, 1, 0x61, 1], .messagePack, "a key of bytes")
        },
        Trial("sixty-four deep, and deeper", "E6") { (check) throws(Finding) in
            let echo = try Echo(check)
            // The map of the field `set` is the first level.
            func nest(_ n: Int) -> String {
                String(repeating: "[", count: n) + String(repeating: "]", count: n)
            }
            guard case .done = try echo.put(json: nest(63)) else {
                throw .fail("sixty-four levels were refused")
            }
            try echo.refuses(json: nest(64), "sixty-five levels")
            try echo.refuses(
                [UInt8](repeating: 0x91, count: 64) + [0xc0], .messagePack, "sixty-five levels")
            // Deep enough to run out of a stack, were it walked by recursion.
            try echo.refuses(json: nest(100_000), "a hundred thousand levels")
        },
        Trial("NaN, infinity, and decimals too large", "E8") { (check) throws(Finding) in
            let echo = try Echo(check)
            for text in ["NaN", "Infinity", "-Infinity", "1e400", "-1e999"] {
                try echo.refuses(json: text, "a number that is none")
            }
            try echo.refuses(
                [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], .messagePack, "NaN")
            try echo.refuses([0xca, 0x7f, 0x80, 0, 0], .messagePack, "infinity")
        },
        Trial("times", "E12", "E30", "E33") { (check) throws(Finding) in
            try carry(
                check,
                [
                    Form(
                        .time(WallTime(seconds: 1_705_314_645, nanoseconds: 500_000_000)),
                        #"{"$time":"1705314645.5"}"#, [0xd7, 0xff]),
                    Form(
                        .time(WallTime(seconds: -1, nanoseconds: 500_000_000)),
                        #"{"$time":"-0.5"}"#, [0xc7, 12, 0xff]),
                    Form(.time(WallTime(seconds: 1)), #"{"$time":"1"}"#, [0xd6, 0xff, 0, 0, 0, 1]),
                ])
            let echo = try Echo(check)
            for text in ["1.50", "1.", "01", "1.0000000001", "+1", "1e3", " 1"] {
                try echo.refuses(json: #"{"$time":"\#(text)"}"#, "a time of another form")
            }
            try echo.refuses(
                [0xc7, 12, 0xff, 0x3b, 0x9a, 0xca, 0x00, 0, 0, 0, 0, 0, 0, 0, 1], .messagePack,
                "a time with 10^9 nanoseconds")
            try echo.refuses([0xd5, 0xff, 0, 0], .messagePack, "a time in two bytes")
        },
        Trial("tags of another form", "E33", "E32") { (check) throws(Finding) in
            try carry(
                check,
                [
                    Form([["$price": 5]], #"[{"$$price":5}]"#, [0x91, 0x81, 0xa6, 0x24]),
                    Form(
                        [["$a": 1, "$b": 2]], #"[{"$a":1,"$b":2}]"#, [0x91, 0x82, 0xa2, 0x24]),
                    Form(
                        Custom(type: 5, data: [0, 1, 2]).map { .custom($0) } ?? .null,
                        #"{"$custom":[5,"AAEC"]}"#, [0xc7, 3, 5, 0, 1, 2]),
                ])
            let echo = try Echo(check)
            for text in [
                #"{"$bytes":"AAE"}"#, #"{"$bytes":"AAF="}"#.replacing("F=", with: "B="),
                #"{"$bytes":7}"#, #"{"$int":"5"}"#, #"{"$int":"007"}"#, #"{"$price":5}"#,
                #"{"$custom":[128,"AAEC"]}"#, #"{"$custom":[-1,"AAEC"]}"#, #"{"$int":5}"#,
            ] {
                try echo.refuses(json: text, "a tag that is not of its one form")
            }
        },
        Trial("JSON that is none", "E20", "E13") { (check) throws(Finding) in
            let echo = try Echo(check)
            for text in [
                "01", "1.", ".5", "+1", "0x1", "- 1", "1e", #""\x41""#, #""\ud800""#,
                #""\udc00x""#, "\"\u{1}\"", "\"\t\"", "[1,]", "[,1]", "{\"a\":1,}", "{a:1}",
                "'a'", "// x\n1", "/* x */ 1", "tru", "nul", "1 2", "1]", "\u{feff}1", "",
            ] {
                try echo.refuses(json: text, "what is no JSON")
            }
        },
        Trial("MessagePack that is none", "E14", "E15", "E13", "E16") { (check) throws(Finding) in
            let echo = try Echo(check)
            let forms: [([UInt8], String)] = [
                ([0xc1], "c1"), ([0x91, 0xc1], "c1 in a list"), ([0x01, 0x02], "a value too many"),
                ([0x92, 0x01], "a list that is too short"),
                ([0xdd, 0xff, 0xff, 0xff, 0xff], "a list of 2^32"),
                ([0xdf, 0xff, 0xff, 0xff, 0xff], "a map of 2^32"),
                ([0xdb, 0xff, 0xff, 0xff, 0xff], "a text of 2^32"),
                ([0xc6, 0x7f, 0xff, 0xff, 0xff, 0], "bytes beyond the end"),
                ([0xc9, 0x7f, 0xff, 0xff, 0xff, 1], "an extension beyond the end"),
                ([0xd9], "half of a head"), ([0xcb, 0, 0], "half of a number"),
            ]
            for (bytes, what) in forms { try echo.refuses(bytes, .messagePack, what) }
            // Nested promises: each looks small beside the last.
            let nested = [UInt8](
                (0..<60).flatMap { _ in [0xdd, 0x00, 0xff, 0xff, 0xff] as [UInt8] })
            try echo.refuses(nested, .messagePack, "lists that promise lists")
        },
        Trial("the vectors of the specification", "E1", "E3", "E4", "E5", "E8", "E12", "E20", "E33")
        {
            (check) throws(Finding) in
            try ValueVectors.play(check)
        },
    ]
}
