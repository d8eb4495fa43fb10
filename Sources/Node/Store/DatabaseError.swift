/// What SQLite answered when it could not.
struct DatabaseError: Error, Equatable, Sendable {
    /// SQLite's extended result code; its low byte is the primary one.
    let code: Int32
    let message: String

    /// The failures that ask for different things of whoever runs the node.
    enum Kind: Equatable, Sendable {
        case full
        case readOnly
        case busy
        case damaged
        case device
        case cannotOpen
        case other
    }

    var kind: Kind {
        switch code & 0xff {
        case 5, 6: .busy
        case 8: .readOnly
        case 10: .device
        case 11, 26: .damaged
        case 13: .full
        case 3, 14: .cannotOpen
        default: .other
        }
    }

    /// What to do about it.
    var advice: String {
        switch kind {
        case .full: "make room on its disk; topics can be read meanwhile, not changed"
        case .readOnly: "make the file, its folder and its disk writable again"
        case .busy: "another program holds the file; end it"
        case .damaged:
            "stop the node, run 'fieldcast-node store check', and put a backup in its place"
        case .device: "look at the disk and the system's log; the device does not do its work"
        case .cannotOpen: "see that the folder exists and that this user may read and write there"
        case .other: "tell the makers"
        }
    }

    var text: String { "\(message) (SQLite \(code)); \(advice)" }
}
