import Testing
import Wire

@testable import Probe

@Suite("A histogram") struct HistogramTests {
    /// The nearest-rank percentile of all values, kept and sorted.
    private func exact(_ sorted: [UInt64], _ percent: Double) -> UInt64 {
        let rank = max(1, Int((percent / 100 * Double(sorted.count)).rounded(.up)))
        return sorted[rank - 1]
    }

    @Test(
        "agrees with exact percentiles to 0.4 %",
        arguments: [
            ("even", 1), ("long tail", 2), ("two humps", 3), ("tiny", 4),
        ])
    func agrees(_ shape: String, _ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var histogram = Histogram()
        var values: [UInt64] = []
        for _ in 0..<20_000 {
            let value: UInt64 =
                switch shape {
                case "even": .random(in: 0...50_000_000, using: &generator)
                case "long tail":
                    1 << UInt64.random(in: 8...36, using: &generator)
                        + .random(in: 0...1_000, using: &generator)
                case "two humps":
                    .random(in: 0..<1_000, using: &generator) < 15
                        ? 300_000_000 : .random(in: 200_000...400_000, using: &generator)
                default: .random(in: 0...200, using: &generator)
                }
            values.append(value)
            histogram.record(Interval(nanoseconds: value))
        }
        values.sort()
        for percent in [0.01, 1, 25, 50, 75, 90, 95, 98.4, 98.6, 99, 99.9, 99.99, 100] {
            let found = histogram.percentile(percent).nanoseconds
            let right = exact(values, percent)
            let error = Double(found > right ? found - right : right - found)
            #expect(error <= Double(right) * 0.004, "p\(percent): \(found) for \(right)")
        }
        #expect(histogram.min.nanoseconds == values[0])
        #expect(histogram.max.nanoseconds == values[values.count - 1])
        #expect(histogram.count == 20_000)
    }

    @Test("Each value falls into a bucket that holds it, at every power of two")
    func edges() {
        for bit in UInt64(0)...39 {
            for value: UInt64 in [1 << bit, 1 << bit + 1, (1 << bit) &- 1] {
                var histogram = Histogram()
                histogram.record(Interval(nanoseconds: 0))
                histogram.record(Interval(nanoseconds: value))
                histogram.record(Interval(nanoseconds: 1 << 41))
                let found = histogram.percentile(50).nanoseconds
                let error = Double(found > value ? found - value : value - found)
                #expect(error <= Double(value) / 256 + 0.5, "\(found) for \(value)")
            }
        }
    }

    @Test("Two added are as one that took both")
    func adds() {
        var (a, b, both) = (Histogram(), Histogram(), Histogram())
        for n in UInt64(1)...1_000 {
            let value = Interval(nanoseconds: n * n * 37)
            if n % 3 == 0 { a.record(value) } else { b.record(value) }
            both.record(value)
        }
        a.add(b)
        #expect(a.percentile(99) == both.percentile(99))
        #expect(a.spectrum.count == both.spectrum.count)
        #expect(a.count == both.count && a.min == both.min && a.max == both.max)
    }

    @Test("An empty one has zero for everything")
    func empty() {
        let histogram = Histogram()
        #expect(histogram.percentile(99).nanoseconds == 0 && histogram.max.nanoseconds == 0)
        #expect(histogram.mean.nanoseconds == 0 && histogram.spectrum.isEmpty)
    }

    @Test("The spectrum rises to a hundred")
    func spectrum() {
        var histogram = Histogram()
        for n in UInt64(0)..<500 { histogram.record(.microseconds(n)) }
        let points = histogram.spectrum
        #expect(points.last?.percent == 100)
        #expect(zip(points, points.dropFirst()).allSatisfy { $0.value < $1.value })
        #expect(zip(points, points.dropFirst()).allSatisfy { $0.percent < $1.percent })
    }
}
