import Testing

@testable import Wire

/// Rule 14: behind is judged by what the peer confirms.
@Suite struct FlowTests {
    private let terms = Terms(unconfirmedBytes: 100, unconfirmedTime: 1_000)
    private let start = Instant(nanoseconds: 5_000_000_000)

    @Test func tooManyBytesUnconfirmedAreBehind() {
        var flow = Flow()
        flow.add(100, now: start)
        #expect(!flow.isLagging(terms, now: start))
        flow.add(1, now: start)
        #expect(flow.isLagging(terms, now: start))
        let confirmed = flow.confirm(1, now: start)
        #expect(confirmed && !flow.isLagging(terms, now: start))
    }

    @Test func anyByteUnconfirmedForTooLongIsBehind() {
        var flow = Flow()
        flow.add(1, now: start)
        #expect(!flow.isLagging(terms, now: start + .milliseconds(1_000)))
        #expect(flow.isLagging(terms, now: start + .milliseconds(1_001)))
        // The time begins anew with the next byte after everything was confirmed.
        _ = flow.confirm(1, now: start + .milliseconds(1_001))
        flow.add(1, now: start + .milliseconds(9_000))
        #expect(!flow.isLagging(terms, now: start + .milliseconds(9_500)))
    }

    @Test func aClaimBeyondWhatWasSentOrBehindTheLastIsRefused() {
        var flow = Flow()
        flow.add(10, now: start)
        let beyond = flow.confirm(11, now: start)
        let right = flow.confirm(7, now: start)
        let back = flow.confirm(6, now: start)
        #expect(!beyond && right && !back)
    }

    @Test func aReaderSaysItsPositionAfterAQuarterOfTheBytesOrAThirdOfTheTime() {
        var receipt = Receipt()
        receipt.add(24, now: start)
        #expect(!receipt.isDue(terms, now: start))
        receipt.add(1, now: start)
        #expect(receipt.isDue(terms, now: start))
        #expect(receipt.say() == 25)
        #expect(!receipt.isDue(terms, now: start + .seconds(60)))
        receipt.add(1, now: start + .seconds(60))
        #expect(receipt.deadline(terms) == start + .seconds(60) + .milliseconds(333))
    }
}
