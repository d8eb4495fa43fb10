import Wire

/// All connections that share a view, a rate class and an encoding: they receive the same bytes
/// (rule 13). The hub knows how many there are at each desk, and not who.
struct Audience: Sendable {
    struct Key: Hashable, Sendable {
        let view: Int
        let rate: RateClass
        let encoding: Encoding
        /// Whether the view's hash follows the frames.
        let hash: Bool
        /// Readers of events under a name are served one by one.
        let isNamed: Bool
    }

    let key: Key
    let topic: Int
    /// The version of the last frame: what every member that keeps up holds.
    var sent: UInt64
    /// While there is something to send: nothing in the view differs between `sent` and this.
    /// What lies above decides whether the floor has passed the audience.
    var unchangedUpTo: UInt64
    var isDirty = false
    /// The topic came into being or began anew: a diff would mean nothing.
    var needsSnapshot = false
    /// The next frame is not made before.
    var due = Instant(nanoseconds: 0)
    var hashDue = Instant(nanoseconds: 0)
    /// Seats at each desk.
    var members: [Int32]

    var isEmpty: Bool { members.allSatisfy { $0 == 0 } }
}
