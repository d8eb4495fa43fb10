import Testing
import Wire

@Suite("Instant") struct InstantTests {
    @Test("A deadline past the end of the clock is the end of the clock") func additionStops() {
        let late = Instant(nanoseconds: .max - 1)
        #expect(late + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Interval.seconds(.max) == Interval(nanoseconds: .max))
    }

    @Test("What has not happened yet was zero ago") func sinceIsNeverNegative() {
        let now = Instant(nanoseconds: 5_000_000)
        #expect(now.since(Instant(nanoseconds: 0)).wholeMilliseconds == 5)
        #expect(Instant(nanoseconds: 0).since(now) == Interval(nanoseconds: 0))
    }

    @Test("Instants and intervals are ordered by length of time") func ordering() {
        #expect(Instant(nanoseconds: 1) < Instant(nanoseconds: 2))
        #expect(Interval.microseconds(999) < Interval.milliseconds(1))
    }
}
