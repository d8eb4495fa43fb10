package import Wire

extension FakeNode {
    /// What goes wrong, each once it is due.
    package struct Faults: Sendable {
        /// Of so many diffs one is kept back.
        package var losesOneIn = 0
        /// Of so many diffs one is sent twice.
        package var repeatsOneIn = 0
        /// Of so many diffs one is sent after the next.
        package var swapsOneIn = 0
        /// So many hashes are right before one is wrong.
        package var wrongHashAfter = 0
        /// Keeps a field to itself once: a diff whose values are not the document's.
        package var wrongValueAfter = 0
        /// Answers nothing for so long, once, after so many patches.
        package var stallsAfter = 0
        package var stall = Interval(nanoseconds: 0)
        /// Of a thousand receipts so many come so much later.
        package var lateOfThousand = 0
        package var late = Interval(nanoseconds: 0)
        /// Refuses every publish.
        package var refuses = false
        /// Takes every token for a good one.
        package var trustsAnybody = false
        /// Answers pings with other nonces.
        package var mixesNonces = false
        /// Says nothing to what it does not know.
        package var isMute = false

        package init(
            losesOneIn: Int = 0, repeatsOneIn: Int = 0, swapsOneIn: Int = 0,
            wrongHashAfter: Int = 0, wrongValueAfter: Int = 0, stallsAfter: Int = 0,
            stall: Interval = Interval(nanoseconds: 0), lateOfThousand: Int = 0,
            late: Interval = Interval(nanoseconds: 0), refuses: Bool = false,
            trustsAnybody: Bool = false, mixesNonces: Bool = false, isMute: Bool = false
        ) {
            self.losesOneIn = losesOneIn
            self.repeatsOneIn = repeatsOneIn
            self.swapsOneIn = swapsOneIn
            self.wrongHashAfter = wrongHashAfter
            self.wrongValueAfter = wrongValueAfter
            self.stallsAfter = stallsAfter
            self.stall = stall
            self.lateOfThousand = lateOfThousand
            self.late = late
            self.refuses = refuses
            self.trustsAnybody = trustsAnybody
            self.mixesNonces = mixesNonces
            self.isMute = isMute
        }
    }
}
