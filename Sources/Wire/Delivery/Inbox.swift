/// A subscriber's side of an event topic: which events are new, and what to acknowledge.
///
/// Events come again after a reconnect and after a refusal; whoever does the work asks the inbox
/// first, says `done` after, and each is done once.
public struct Inbox: Equatable, Sendable {
    public enum Verdict: Equatable, Sendable {
        case fresh
        /// Done before: it need only be acknowledged again.
        case repeated
        /// It came before and is still being worked on.
        case underWay
        /// Fresh, but the events between the last known and this one have not come: with an
        /// ordered subscription, a resume is due.
        case gap(UInt64)
    }

    /// Every event up to this one is done.
    public private(set) var done: UInt64
    /// Those done beyond.
    private var beyond = Ranges()
    private var open = Ranges()
    private var highest: UInt64
    private var unsaid = false

    /// `done` is where the subscription begins: the sequence before the first that comes.
    public init(done: UInt64 = 0) {
        self.done = done
        highest = done
    }

    public mutating func received(_ sequence: UInt64) -> Verdict {
        if sequence <= done || beyond.contains(sequence) {
            unsaid = true
            return .repeated
        }
        if open.contains(sequence) { return .underWay }
        open.insert(sequence)
        let missing = sequence > highest + 1 ? highest + 1 : nil
        highest = max(highest, sequence)
        return missing.map { .gap($0) } ?? .fresh
    }

    /// The work for an event is done, or it was refused for ever.
    public mutating func finished(_ sequence: UInt64) {
        guard sequence > done else { return }
        beyond.insert(sequence)
        if let first = beyond.list.first, first.lowerBound == done + 1 {
            done = first.upperBound
            beyond.removeAll(upTo: done)
            open.removeAll(upTo: done)
        }
        unsaid = true
    }

    /// Events up to `sequence` are gone at the server and will not come.
    public mutating func skip(to sequence: UInt64) {
        guard sequence > done else { return }
        beyond.insert(done + 1...sequence)
        finished(sequence)
        highest = max(highest, done)
    }

    /// A refused event will come again.
    public mutating func refused(_ sequence: UInt64) {
        guard open.contains(sequence) else { return }
        var kept = Ranges()
        for range in open.list {
            guard range.contains(sequence) else {
                kept.insert(range)
                continue
            }
            if range.lowerBound < sequence { kept.insert(range.lowerBound...sequence - 1) }
            if range.upperBound > sequence { kept.insert(sequence + 1...range.upperBound) }
        }
        open = kept
    }

    /// What to say, if there is anything that was not said yet.
    public mutating func acknowledgement(_ id: UInt64) -> Ack? {
        guard unsaid else { return nil }
        unsaid = false
        return Ack(id: id, version: done, ranges: beyond.list)
    }
}
