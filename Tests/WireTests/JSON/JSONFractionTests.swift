import Testing
import Wire

@Suite("JSON fractions") struct JSONFractionTests {
    private func written(_ double: Double) -> String? {
        Value.double(double).map { String(decoding: $0.json, as: UTF8.self) }
    }

    @Test(
        "A fraction is written as RFC 8785 lays it out",
        arguments: [
            (0.5, "0.5"), (-0.35, "-0.35"), (412.75, "412.75"), (0.1, "0.1"), (1.05, "1.05"),
            (0.0001, "0.0001"), (0.000001, "0.000001"), (1e-7, "1e-7"), (1.5e-9, "1.5e-9"),
            (1_732_185_421.25, "1732185421.25"), (99_999_999_999.9999, "99999999999.9999"),
            (0.3 - 0.1, "0.19999999999999998"), (1.0 / 3, "0.3333333333333333"),
            (.leastNonzeroMagnitude, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"), (1e21, "1e+21"), (1e23, "1e+23"),
            (4_503_599_627_370_495.5, "4503599627370495.5"),
            (123_456_789.000_01, "123456789.00001"),
        ])
    func vectors(_ double: Double, _ text: String) {
        #expect(written(double) == text)
    }

    /// The significant digits of a decimal, however it is laid out.
    private func digits(_ text: String) -> Substring {
        let digits = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
        guard let last = digits.lastIndex(where: { $0 != "0" }) else { return "" }
        return digits[...last]
    }

    private func check(_ double: Double) throws {
        // Whole numbers that 64 bits hold are integers, and no concern of this.
        guard let number = Number(double), number.int64 == nil, number.uint64 == nil,
            let text = written(double)
        else { return }
        #expect(Double(text) == double)
        #expect(digits(text) == digits(double.description))
        #expect(try Value(json: Array(text.utf8).span) == Value.double(double))
    }

    @Test("Decimals of every length are written with the fewest digits") func decimals() throws {
        var generator = SplitMix(state: 7)
        for places in 0..<8 {
            var power = 1.0
            for _ in 0..<places { power *= 10 }
            for length in 1..<54 {
                for _ in 0..<20 {
                    let whole = generator.next() >> UInt64(64 - length)
                    try check(Double(whole) / power)
                    try check(-Double(whole) / power)
                    try check((Double(whole) / power).nextUp)
                }
            }
        }
    }

    @Test("Doubles of any bits are written with the fewest digits") func anyBits() throws {
        var generator = SplitMix(state: 11)
        for _ in 0..<20_000 { try check(Double(bitPattern: generator.next())) }
    }
}

/// Numbers that look random and are the same in every run.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
