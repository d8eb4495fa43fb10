import Transport
import Wire

/// What the store says to whoever runs the node: each kind of failure at most once in ten seconds,
/// with how often it came meanwhile, and once when all is well again.
struct StoreComplaints {
    private let say: @Sendable (String) -> Void
    private let sayWell: @Sendable (String) -> Void
    private var spoken: [(kind: DatabaseError.Kind, at: Instant, silent: Int)] = []
    private var isFailing = false
    private static let pause = Interval.seconds(10)

    init(
        _ say: @escaping @Sendable (String) -> Void,
        well: (@Sendable (String) -> Void)? = nil
    ) {
        self.say = say
        sayWell = well ?? say
    }

    mutating func complain(
        _ path: String, _ what: String, _ error: DatabaseError, now: Instant
    ) {
        isFailing = true
        var since = ""
        if let place = spoken.firstIndex(where: { $0.kind == error.kind }) {
            guard now.since(spoken[place].at) >= StoreComplaints.pause else {
                spoken[place].silent += 1
                return
            }
            if spoken[place].silent > 0 { since = " (and \(spoken[place].silent) times since)" }
            spoken[place].at = now
            spoken[place].silent = 0
        } else {
            spoken.append((error.kind, now, 0))
        }
        say("store \(path): \(what)\(since): \(error.text)\n")
    }

    /// A group was committed whole.
    mutating func isWell(_ path: String, now: Instant) {
        guard isFailing else { return }
        isFailing = false
        spoken = []
        sayWell("store \(path): what is published is stored again\n")
    }
}
