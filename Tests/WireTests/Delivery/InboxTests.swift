import Testing

@testable import Wire

/// A reader's books over events (rule 23): each is done once, however often it comes.
@Suite struct InboxTests {
    @Test func inOrderEachIsFreshAndTheAcknowledgementFollows() {
        var inbox = Inbox(done: 4)
        for sequence in 5...7 as ClosedRange<UInt64> {
            #expect(inbox.received(sequence) == .fresh)
            inbox.finished(sequence)
        }
        #expect(inbox.acknowledgement(9) == Ack(id: 9, version: 7))
        // Nothing is said twice.
        #expect(inbox.acknowledgement(9) == nil)
    }

    @Test func outOfOrderIsSaidInRangesUntilTheHoleIsFilled() {
        var inbox = Inbox()
        for sequence in [1, 2, 3, 4, 5] as [UInt64] { _ = inbox.received(sequence) }
        for sequence in [1, 3, 4] as [UInt64] { inbox.finished(sequence) }
        #expect(inbox.acknowledgement(1) == Ack(id: 1, version: 1, ranges: [3...4]))
        inbox.finished(2)
        #expect(inbox.acknowledgement(1) == Ack(id: 1, version: 4))
    }

    @Test func whatComesAgainIsToldFromWhatIsStillUnderWay() {
        var inbox = Inbox()
        #expect(inbox.received(1) == .fresh)
        #expect(inbox.received(1) == .underWay)
        inbox.finished(1)
        #expect(inbox.received(1) == .repeated)
        // A repeat is acknowledged again: the first word may have been lost.
        _ = inbox.acknowledgement(1)
        #expect(inbox.received(1) == .repeated)
        #expect(inbox.acknowledgement(1) == Ack(id: 1, version: 1))
    }

    @Test func aHoleIsNamedByItsFirst() {
        var inbox = Inbox(done: 2)
        #expect(inbox.received(5) == .gap(3))
        #expect(inbox.received(3) == .fresh)
    }

    @Test func whatWasRefusedForNowIsFreshAgain() {
        var inbox = Inbox()
        _ = inbox.received(1)
        inbox.refused(1)
        #expect(inbox.received(1) == .fresh)
    }

    @Test func whatIsGoneNeedNotBeWaitedFor() {
        var inbox = Inbox()
        inbox.skip(to: 10)
        #expect(inbox.done == 10)
        #expect(inbox.received(10) == .repeated)
        #expect(inbox.received(11) == .fresh)
    }
}
