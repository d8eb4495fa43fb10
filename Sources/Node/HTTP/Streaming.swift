import Transport
import Wire

/// A request that is answered by a stream of events (the `text/event-stream` of HTML): each message
/// in JSON, with the cursor behind it as the event's id, so that a browser's own reconnect resumes.
final class Streaming {
    private(set) var progress = Progress()
    /// The head of the answer has gone out.
    var isOpen = false
    /// The peer was sent something since it last had everything.
    var owesConfirmation = false

    /// What keeps proxies from taking a silent stream for a dead one.
    static let heartbeat = Frame.chunk([UInt8](": still here\n\n".utf8))
    static let fields = [
        (name: "content-type", value: "text/event-stream"),
        (name: "cache-control", value: "private, no-store"),
        // Some proxies hold an answer back until it is whole unless they are told not to.
        (name: "x-accel-buffering", value: "no"),
    ]

    init() {}

    func take(_ message: Message) { progress.take(message) }

    /// The event for a message. The same bytes serve every stream of an audience: its members hold
    /// the same view, so they have the same cursor behind the same message.
    func event(_ bytes: [UInt8], of message: Message) -> Frame {
        var event: [UInt8] = []
        event.reserveCapacity(bytes.count + 80)
        if message.endsAState, let cursor = progress.cursor {
            event += "id: \(cursor.plain)\n".utf8
        }
        event += "data: ".utf8
        // A message in JSON has no line ends: its texts escape them.
        event += bytes
        event += "\n\n".utf8
        return Frame.chunk(event)
    }
}

extension Message {
    /// Whether a reader may say after it that it has come to where the message leads: not between
    /// the parts of a snapshot, nor while what a subscription begins with is still to come.
    fileprivate var endsAState: Bool {
        switch self {
        case .snapshot(let snapshot): snapshot.hash != nil
        case .subscribed(let subscribed): subscribed.verdict == .continued
        case .diff, .event: true
        default: false
        }
    }
}
