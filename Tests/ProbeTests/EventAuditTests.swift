import Testing
import Wire

@testable import Probe

/// The books of a durable name, on sequences that are right and wrong.
@Suite("The audit of events") struct EventAuditTests {
    private func event(_ sequence: UInt64, _ deliveries: UInt64 = 0) -> Event {
        Event(view: 1, sequence: sequence, data: .null, deliveries: deliveries)
    }

    /// Delivers events whose numbers are their sequences, and returns what was found.
    private func audit(
        _ events: [Event], last: UInt64, _ between: (inout EventAudit, Int) -> Void = { _, _ in }
    ) -> EventAudit {
        var audit = EventAudit()
        audit.began(at: 100)
        audit.connected()
        for (i, event) in events.enumerated() {
            between(&audit, i)
            _ = audit.received(event, number: event.sequence)
            _ = audit.creditDue()
        }
        audit.settle(at: last)
        return audit
    }

    private func faults(_ audit: EventAudit) -> [String] {
        audit.faults.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }
    }

    @Test("In order, with one put off that comes again, there is nothing to find")
    func right() {
        // 150 is refused; 151 and 152 were on their way.
        let order = Array(101...152) + [150] + Array(153...160) as [UInt64]
        var seen: Set<UInt64> = []
        let events = order.map { event($0, seen.insert($0).inserted ? 0 : 1) }
        let audit = audit(events, last: 160)
        #expect(faults(audit) == [])
        #expect(audit.refused == 1 && audit.redelivered == 1 && audit.done == 60)
    }

    @Test("Each kind of fault is found and counted alone")
    func wrong() {
        #expect(faults(audit([101, 103].map { event($0) }, last: 103)) == ["1 events lost"])
        #expect(faults(audit([101].map { event($0) }, last: 103)) == ["2 events lost"])
        #expect(
            faults(audit([101, 102, 102].map { event($0) }, last: 102)) == ["1 events repeated"])
        // Refused, and never come again.
        #expect(faults(audit((101...150).map { event($0) }, last: 150)) == ["1 events lost"])
        // Far more later ones than were on their way when 150 was refused.
        let late = (Array(101...180) + [150] as [UInt64]).map { event($0, 0) }
        let found = audit(late, last: 180)
        #expect(found.disordered >= 30 - EventAudit.window && found.lost == 0)
        // After a cut what was refused comes first.
        let cut = audit((101...151).map { event($0) } + [event(150, 1)], last: 151) {
            if $1 == 50 { $0.connected() }
        }
        #expect(faults(cut) == ["1 events out of order"])
        // A refused one that says it was never delivered.
        let count = audit((Array(101...150) + [150] as [UInt64]).map { event($0, 0) }, last: 150)
        #expect(faults(count) == ["1 events wrong"])
    }

    @Test("An event again after a cut is right, and one with other content is not")
    func content() {
        let again = audit([101, 102, 102].map { event($0) }, last: 102) {
            if $1 == 2 { $0.connected() }
        }
        #expect(faults(again) == [] && again.redelivered == 1)
        var audit = EventAudit()
        audit.began(at: 1)
        audit.connected()
        _ = audit.received(event(2), number: 0)
        _ = audit.received(event(3), number: 5)
        _ = audit.received(event(4), number: nil)
        #expect(faults(audit) == ["2 events wrong"])
    }

    @Test("More than credit allows is found")
    func credit() {
        var audit = EventAudit()
        audit.began(at: 0)
        audit.connected()
        for n in 1...EventAudit.window + 2 { _ = audit.received(event(n), number: n) }
        #expect(faults(audit) == ["2 events beyond credit"])
        #expect(audit.creditDue() == EventAudit.window)
    }
}
