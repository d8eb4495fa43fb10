/// Faults that can be planted to see whether the simulator finds them, one for each rule that asks
/// for it. A site is one line, `if Fault.x.isPlanted`; outside debug builds and those made with
/// `FIELDCAST_PLANTED` that is the constant `false`, and nothing of it is left.
package enum Fault: Equatable, Sendable {
    /// Rule 4: a leaf in place of a map puts no cleared stamp on it.
    case clearedStampLeftOut
    /// Rule 5: the floor is one below the youngest forgotten tombstone.
    case floorOffByOne
    /// Rule 7: a diff to what is held, or below, is applied.
    case staleDiffApplied
    /// Rule 7: a diff that begins below what is held is not applied.
    case diffNotApplied
    /// Rule 7: a diff that begins above what is held is applied.
    case gapNotNoticed
    /// Rule 8: a snapshot in parts counts as held with its first part.
    case partTakenForWhole
    /// Rule 9: the print of a view says nothing of its mask.
    case printUnchanged
    /// Rule 9: a token with other rights leaves the views as they were.
    case permissionWithoutSnapshot
    /// Rule 10: a name's number keeps its alias when it passes to another name.
    case staleAlias
    /// Rule 10: a definition is left out of the frame after the one it was born in.
    case definitionLeftOut
    /// Rule 14: nobody is ever found to lag.
    case slowReaderQueued
    /// Rule 11: a field is unset when its time comes, changed since or not.
    case expiryUnconditional
    /// Rule 11: a last will is published whatever the connection said.
    case willAfterGoodbye
    /// Rule 13: frames are made whatever the rate allows.
    case rateIgnored
    /// Rule 14: events under a name go out as far as there is credit, confirmed or not.
    case roomIgnored
    /// Rule 18: frames do not wait for the commit.
    case framesBeforeCommit
    /// Rule 18: reads do not wait for the commit.
    case readsBeforeCommit
    /// Rule 18: the publisher is answered before the commit.
    case ackBeforeCommit
    /// Rule 18: a commit that failed is not taken back.
    case failedCommitKept
    /// Rule 19: a topic that is not durable begins with the same epoch again.
    case epochReused
    /// Rule 21: what is said twice is done twice.
    case repeatApplied
    /// Rule 21: the ledger forgets with a restart what the store keeps.
    case ledgerDiesEarly
    /// Rule 21: the ledger remembers what a failed commit has undone.
    case ledgerOutlives
    /// Rule 23: what a reader has acknowledged counts as far as it was delivered.
    case eventsCutShort
    /// Rule 23: an event refused for good comes again.
    case redeliveredAfterNever
    /// Rule 23: an event refused once for now is a dead letter.
    case deadLetterEarly
    /// Rule 23: who reads under a name goes on when somebody else has taken it.
    case oldHolderKept
    /// Rule 23: who read under a name is not told that somebody else has taken it.
    case replacedNotTold
    /// Rule 23: an event costs no credit.
    case creditNotSpent
    /// Rule 23: a signal goes twice.
    case signalRepeated
    /// Rule 24: a changed value's old hash is not taken out.
    case hashNotSubtracted
    /// Rule 29: a node that goes says of everybody that they left.
    case leavesAtDrain
    /// Rule 30: what is asked for is shown, allowed or not.
    case maskIgnored
}

#if !hasFeature(Embedded)
    // Not on devices: to find a case by its name takes tables that they lack.
    extension Fault: CaseIterable, RawRepresentable {
        package var rawValue: String { "\(self)" }

        package init?(rawValue: String) {
            guard let fault = Fault.allCases.first(where: { $0.rawValue == rawValue }) else {
                return nil
            }
            self = fault
        }
    }
#endif

#if PLANTED && !hasFeature(Embedded)
    extension Fault {
        /// Of a task and what it does, so that tests side by side do not plant for each other.
        @TaskLocal package static var planted: Fault?

        package var isPlanted: Bool { Fault.planted == self }
    }
#else
    extension Fault {
        @inlinable @inline(__always) package var isPlanted: Bool { false }
    }
#endif
