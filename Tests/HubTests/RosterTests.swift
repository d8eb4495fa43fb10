import Testing
import Wire

@testable import Hub

/// Rule 29's roster as a value: what its patches make of a document.
@Suite struct RosterTests {
    private func now(_ seconds: UInt64) -> Instant {
        Instant(nanoseconds: 0) + .seconds(seconds)
    }

    @Test func whoSaysTwiceThatItIsGoneLeavesOnce() {
        var roster = Roster()
        _ = roster.enter("1", "ada", [:], until: nil)
        _ = roster.enter("2", "bob", [:], until: nil)
        roster.leave("1", at: now(5))
        roster.leave("1", at: now(6))
        roster.leave("9", at: now(5))
        #expect(roster.forget(now: now(5)) == nil)
        #expect(
            roster.forget(now: now(6))
                == Patch(unset: [["users", "ada", "1"]], set: ["count": 1]))
        #expect(roster.deadline == nil)
    }

    @Test func aLeaseEndsUnlessItIsRenewed() {
        var roster = Roster()
        _ = roster.enter("1", "ada", [:], until: now(10))
        _ = roster.enter("1", "ada", ["typing": true], until: now(20))
        #expect(roster.forget(now: now(15)) == nil)
        #expect(roster.deadline == now(20))
        #expect(roster.forget(now: now(20))?.set["count"] == 0)
    }

    @Test func aboveTheLimitItIsACountAndPages() {
        var roster = Roster(limit: 20)
        for i in 10..<31 { _ = roster.enter(Text("\(i)"), "ada", [:], until: nil) }
        // Another word of one that is there already counts nobody twice.
        let patch = roster.enter("12", "ada", ["typing": true], until: nil)
        #expect(patch == Patch(set: ["count": 21]))
        let first = roster.page(from: 1, limit: 20)
        #expect(first.entries.map(\.0) == Array(1...20))
        #expect(
            first.entries[2].1
                == ["user": "ada", "connection": "12", "state": ["typing": true]])
        #expect(first.next == 21)
        let second = roster.page(from: 21, limit: 20)
        #expect(second.entries.count == 1 && second.next == nil)
        #expect(roster.page(from: .max, limit: 20).entries.isEmpty)
    }

    @Test func wellBelowTheLimitItIsListedAgain() {
        var roster = Roster(limit: 20)
        for i in 10..<32 { _ = roster.enter(Text("\(i)"), "ada", [:], until: nil) }
        for i in 10..<13 { roster.leave(Text("\(i)"), at: now(1)) }
        #expect(roster.forget(now: now(1)) == Patch(set: ["count": 19]))
        roster.leave("13", at: now(2))
        guard case .map(let users)? = roster.forget(now: now(2))?.set["users"],
            case .map(let own)? = users["ada"]
        else {
            Issue.record("the users are not listed")
            return
        }
        #expect(own.entries.count == 18)
    }
}
