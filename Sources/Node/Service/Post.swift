import Transport

/// The mail between the loops of a node, a box for each. All letters of a turn to one loop go as
/// one bundle, so a busy turn costs one lock and one wake for each neighbour.
final class Post: Sendable {
    private let boxes: [Mailbox<[Letter]>]

    init(_ wakers: [Waker]) {
        boxes = wakers.map { Mailbox(limit: 1_024, waking: $0) }
    }

    /// False when the reader is late and its box full: the writer keeps the bundle.
    func send(_ bundle: [Letter], to reader: Int) -> Bool { boxes[reader].post(bundle) }

    /// For answers: a loop never gets more than it asked for.
    func answer(_ letter: Letter, to reader: Int) { boxes[reader].deliver([letter]) }

    func collect(for reader: Int) -> [Letter] { boxes[reader].collect().flatMap { $0 } }

    /// From outside any loop.
    func tellAll(_ letter: Letter) {
        for box in boxes { _ = box.post([letter]) }
    }
}
