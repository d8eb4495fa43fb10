import Testing
import Wire

@Suite("Number") struct NumberTests {
    @Test(
        "An integral double in the integers' range is that integer",
        arguments: [
            (0.0, 0), (-0.0, 0), (1.0, 1), (-1.0, -1), (9_007_199_254_740_992.0, 1 << 53),
            (-0x1p63, Int64.min), (9_223_372_036_854_774_784.0, 9_223_372_036_854_774_784),
        ])
    func integralDoubles(_ double: Double, _ integer: Int64) {
        #expect(Number(double) == Number(integer))
        #expect(Number(double)?.int64 == integer)
    }

    @Test("Doubles above Int64.max and below 2^64 are integers too") func largeDoubles() {
        #expect(Number(0x1p63) == Number(UInt64(1) << 63))
        #expect(Number(0x1.fffffffffffffp63)?.uint64 == 0xffff_ffff_ffff_f800)
        #expect(Number(0x1p64)?.uint64 == nil)
        #expect(Number(0x1p64)?.double == 0x1p64)
        #expect(Number(-0x1.0000000000001p63)?.int64 == nil)
    }

    @Test("NaN and the infinities cannot be made", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(_ double: Double) {
        #expect(Number(double) == nil)
    }

    @Test("The same integer is one number, however it was made") func equality() {
        #expect(Number(UInt64(5)) == Number(Int64(5)))
        #expect(Number(UInt64.max) != Number(Int64(-1)))
        #expect(Number(UInt64(Int64.max)) == Number(Int64.max))
        #expect(Number(0.5) != Number(Int64(0)))
    }

    @Test("Integers are told as what holds them") func views() {
        #expect(Number(Int64(-1)).uint64 == nil)
        #expect(Number(UInt64.max).int64 == nil)
        #expect(Number(UInt64.max).uint64 == .max)
        #expect(Number(0.5)?.int64 == nil)
        #expect(Number(Int64(7)).double == 7)
    }

    @Test("Integers add exactly or not at all")
    func exactSums() {
        let max = Number(UInt64.max)
        let min = Number(Int64.min)
        #expect(Number(Int64.max).adding(Number(Int64(1))) == Number(UInt64(1) << 63))
        #expect(max.adding(Number(Int64(1))) == nil)
        #expect(max.adding(max) == nil)
        #expect(max.adding(Number(Int64(-1))) == Number(UInt64.max - 1))
        #expect(Number(Int64(-1)).adding(max) == Number(UInt64.max - 1))
        #expect(max.adding(min) == Number(UInt64.max - (1 << 63)))
        #expect(min.adding(Number(Int64(-1))) == nil)
        #expect(min.adding(min) == nil)
        #expect(Number(UInt64(1) << 63).adding(Number(Int64.min)) == Number(Int64(0)))
    }

    @Test("A sum with a fraction is a double's, and not infinite") func fractions() {
        let half = Number(0.5)
        #expect(half?.adding(Number(Int64(1))) == Number(1.5))
        #expect(half.flatMap { $0.adding($0) } == Number(Int64(1)))
        let huge = Number(Double.greatestFiniteMagnitude)
        #expect(huge.flatMap { $0.adding($0) } == nil)
    }
}
