import Testing
import Wire

@Suite("Rule 32: the wait before the next try") struct BackoffTests {
    @Test func growsFromAPartOfASecondToFortyEightWithJitter() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var backoff = Backoff()
            #expect(backoff.next(using: &generator) <= .seconds(1))
            for base: UInt64 in [3, 6, 12, 24, 48, 48, 48] {
                let wait = backoff.next(using: &generator)
                #expect(wait >= .milliseconds(base * 750))
                #expect(wait <= .milliseconds(base * 1_250))
            }
            backoff.reset()
            #expect(backoff.next(using: &generator) <= .seconds(1))
        }
    }
}
