internal import Wire

/// What one durable name was given, or many together: its own books of what was delivered, done and
/// refused, beside the session's.
struct EventAudit: Equatable, Sendable {
    var delivered: UInt64 = 0
    /// Said to be done.
    var done: UInt64 = 0
    /// Refused *not now*, and come again for that or after a cut: both by right.
    var refused: UInt64 = 0
    var redelivered: UInt64 = 0
    /// Sequences that never came.
    var lost: UInt64 = 0
    /// Come again though nobody refused it, on the connection on which it was delivered.
    var repeated: UInt64 = 0
    /// A later event while an earlier one was owed.
    var disordered: UInt64 = 0
    /// An event with other content than was published, or a count of deliveries that is not right.
    var wrong: UInt64 = 0
    /// More under way than credit allowed.
    var overdrawn: UInt64 = 0

    /// The highest sequence that came, and what is under way: how often each was delivered.
    private(set) var highest: UInt64 = 0
    private var owed: [UInt64: UInt64] = [:]
    /// Delivered on this connection and not refused since.
    private var held: Set<UInt64> = []
    private var credit: UInt64 = 0
    /// Later events that were on their way when the last one was refused: no more than the credit
    /// that the server had then.
    private var excused: UInt64 = 0
    /// Between an event's number and its sequence, the same for all.
    private var offset: UInt64?

    static let window: UInt64 = 16

    mutating func began(at sequence: UInt64) {
        if highest == 0 { highest = sequence }
    }

    mutating func connected() {
        credit = EventAudit.window
        excused = 0
        held = []
    }

    /// What is to be done with an event.
    enum Work { case done, refuse }

    mutating func received(_ event: Event, number: UInt64?) -> Work {
        delivered += 1
        if credit == 0 { overdrawn += 1 } else { credit -= 1 }
        let sequence = event.sequence
        if let number {
            let found = sequence &- number
            if offset == nil { offset = found }
            if offset != found { wrong += 1 }
        } else {
            wrong += 1
        }
        let before = owed[sequence]
        if !held.insert(sequence).inserted {
            repeated += 1
        } else if before == nil, sequence <= highest {
            // Done before; it may come again after a cut, whose acknowledgement was on its way.
            redelivered += 1
        } else if let before {
            redelivered += 1
            if event.deliveries < before { wrong += 1 }
        } else {
            if sequence > highest + 1 { lost += sequence - highest - 1 }
            // While an earlier one is owed under this name, no later one may be sent.
            if owed.keys.contains(where: { $0 < sequence }) {
                if excused > 0 { excused -= 1 } else { disordered += 1 }
            }
            highest = sequence
        }
        // Every fiftieth is refused once.
        if before == nil, sequence % 50 == 0, sequence == highest {
            refused += 1
            excused = credit
            owed[sequence] = 1
            held.remove(sequence)
            return .refuse
        }
        owed[sequence] = nil
        done += 1
        return .done
    }

    /// How much credit to give, when it is worth a message.
    mutating func creditDue() -> UInt64? {
        guard credit <= EventAudit.window / 2 else { return nil }
        let more = EventAudit.window - credit
        credit = EventAudit.window
        return more
    }

    /// At the end: what is still owed never came.
    mutating func settle(at last: UInt64) {
        lost += UInt64(owed.count)
        if last > highest { lost += last - highest }
        owed = [:]
    }

    var isSettled: Bool { owed.isEmpty }

    mutating func add(_ other: EventAudit) {
        delivered += other.delivered
        done += other.done
        refused += other.refused
        redelivered += other.redelivered
        lost += other.lost
        repeated += other.repeated
        disordered += other.disordered
        wrong += other.wrong
        overdrawn += other.overdrawn
    }

    var faults: [(name: String, count: UInt64)] {
        [
            ("events lost", lost), ("events repeated", repeated),
            ("events out of order", disordered), ("events wrong", wrong),
            ("events beyond credit", overdrawn),
        ]
    }

    var value: Value {
        [
            "delivered": .unsigned(delivered), "done": .unsigned(done),
            "refused": .unsigned(refused), "redelivered": .unsigned(redelivered),
            "lost": .unsigned(lost), "repeated": .unsigned(repeated),
            "disordered": .unsigned(disordered), "wrong": .unsigned(wrong),
            "overdrawn": .unsigned(overdrawn),
        ]
    }
}
