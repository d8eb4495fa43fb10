import Testing
import Wire

@Suite("Ranges are the set of their numbers") struct RangesTests {
    /// Every set over seven numbers, and every range laid over it.
    @Test func insertingARangeIsUnion() {
        for bits in 0..<128 {
            for low in 0..<7 {
                for high in low..<7 {
                    var ranges = Self.ranges(bits)
                    ranges.insert(UInt64(low)...UInt64(high))
                    let union = Set((0..<7).filter { bits >> $0 & 1 == 1 || low...high ~= $0 })
                    Self.expect(ranges, union)
                }
            }
        }
    }

    @Test func removingUpToANumberKeepsWhatIsAbove() {
        for bits in 0..<128 {
            for limit in 0..<7 {
                var ranges = Self.ranges(bits)
                ranges.removeAll(upTo: UInt64(limit))
                Self.expect(ranges, Set((0..<7).filter { bits >> $0 & 1 == 1 && $0 > limit }))
            }
        }
    }

    private static func ranges(_ bits: Int) -> Ranges {
        var ranges = Ranges()
        for number in 0..<7 where bits >> number & 1 == 1 { ranges.insert(UInt64(number)) }
        return ranges
    }

    /// The same numbers, in ranges that are in order and neither meet nor touch.
    private static func expect(_ ranges: Ranges, _ set: Set<Int>) {
        #expect((0..<9).allSatisfy { ranges.contains(UInt64($0)) == set.contains($0) })
        #expect(
            zip(ranges.list, ranges.list.dropFirst()).allSatisfy {
                $0.upperBound + 1 < $1.lowerBound
            })
    }
}
