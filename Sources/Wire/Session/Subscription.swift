/// A client's side of one subscription: what was asked for, the mirror, and how far it has come.
public struct Subscription: Sendable {
    public let request: Subscribe
    public internal(set) var mirror: Mirror
    public internal(set) var inbox = Inbox()
    /// The number by which frames name the view on this connection.
    public internal(set) var view: UInt64?
    public internal(set) var kind: Subscribed.TopicKind?
    var epoch: Text?
    var print: Text?
    /// Set while a snapshot is due or comes in parts: what is held is nothing to resume from.
    public internal(set) var awaitsSnapshot = true
    /// How long to wait between two repairs; it doubles, up to a minute or so.
    private var repairWait = Interval.seconds(2)
    private var lastRepair: Instant?
    /// When it subscribes anew, because what came was wrong, or the server ended it for a while.
    var resumesAt: Instant?
    var retry = Retry()
    /// While the parts of a snapshot come: its version, and the next of them.
    var filling: (version: UInt64, next: UInt64)?

    init(_ request: Subscribe, keepsHash: Bool) {
        self.request = request
        mirror = Mirror(keepsHash: keepsHash)
    }

    /// Where the reader stands, to be given back after a cut.
    public var cursor: Cursor? {
        guard let epoch, let print, !awaitsSnapshot else { return nil }
        let version = kind == .event ? inbox.done : mirror.version
        return Cursor(epoch: epoch, version: version, print: print)
    }

    /// When the mirror may be repaired, which from then on is as long ago as the next repair waits.
    mutating func nextRepair(_ now: Instant) -> Instant {
        guard let last = lastRepair else {
            lastRepair = now
            return now
        }
        let due = max(now, last + repairWait)
        lastRepair = due
        if repairWait < .seconds(60) { repairWait = repairWait + repairWait }
        return due
    }

    /// Whether the mirror may be repaired now.
    mutating func mayRepair(_ now: Instant) -> Bool {
        if let last = lastRepair, last + repairWait > now { return false }
        _ = nextRepair(now)
        return true
    }

    /// The request with the cursor reached.
    func resumed() -> Subscribe {
        var again = request
        again.cursor = cursor
        return again
    }

    /// The topic has another epoch: sequences of before mean nothing, unless it had none.
    mutating func begin(_ epoch: Text, at version: UInt64) {
        if kind == .event, self.epoch != epoch, self.epoch?.isEmpty == false {
            inbox = Inbox(done: version)
        }
        self.epoch = epoch
    }

    mutating func received(_ answer: Subscribed) {
        view = answer.view
        kind = answer.kind
        filling = nil
        retry.reset()
        print = answer.cursor.print
        let sameEpoch = epoch == answer.cursor.epoch
        epoch = answer.cursor.epoch
        switch answer.kind {
        case .state, .collection: awaitsSnapshot = answer.verdict == .snapshot
        case .signal: awaitsSnapshot = false
        case .event:
            awaitsSnapshot = false
            if !sameEpoch || answer.verdict == .snapshot {
                inbox = Inbox(done: answer.cursor.version)
            } else {
                // What is gone, or was done by another who read under the name (L19, L26).
                inbox.skip(to: answer.cursor.version)
            }
        }
    }
}
