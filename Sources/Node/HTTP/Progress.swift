import Wire

/// How far a reader over HTTP has come, told from what it is sent: what its next request, or its
/// browser's next try, brings back (rule 27).
struct Progress: Equatable {
    private(set) var cursor: Cursor?

    mutating func take(_ message: Message) {
        switch message {
        case .subscribed(let subscribed):
            // A diff or a snapshot follows and leads to the head; events lead on from here.
            cursor = subscribed.cursor
        case .snapshot(let snapshot):
            cursor?.epoch = snapshot.epoch
            cursor?.version = snapshot.version
        case .diff(let diff): advance(to: diff.to)
        case .event(let event): advance(to: event.sequence)
        default: break
        }
    }

    private mutating func advance(to version: UInt64) {
        if let held = cursor?.version, version > held { cursor?.version = version }
    }
}
