internal import Wire

/// One state of one view, held by every client that came to it by the same bytes.
///
/// Ten thousand mirrors of one topic differ only while frames are on their way, so there is one
/// mirror for each *way*, not for each client. Two clients share a state only if both received the
/// very bytes that led there from a state that they shared before, back to equal snapshots:
///
///     snapshot ──diff a──▶ 7 ──diff b──▶ 8 ──diff c──▶ 9
///                          └──diff b'─▶ 8'
///
/// A client whose `b'` differs in one byte goes its own way to a state of its own, with a mirror
/// and a hash of its own. So the audit of each client rests on its own bytes alone, and what is
/// shared is the work of applying them.
final class SharedState {
    let mirror: Mirror
    /// The epoch that its snapshot named.
    let epoch: Text
    let standing: Standing
    /// While parts of its snapshot come: the number of the next.
    let nextPart: UInt64
    private var knownHash: ViewHash?
    /// The way that was gone last, and all others.
    private var latest: Way?
    private var others: [Way] = []

    /// How many ways out of one state are remembered; clients beyond go alone.
    private static let wayLimit = 64

    enum Standing: Equatable {
        case whole
        /// Parts of the snapshot are still to come.
        case partial
        /// The snapshot's hash was another than what it holds.
        case wrong
    }

    /// A frame, and where it leads from here.
    private struct Way {
        /// The view by whose number the frame goes.
        let view: UInt64
        let frame: [UInt8]
        let end: SharedState
        let isDiff: Bool
    }

    init(
        _ mirror: Mirror, epoch: Text, standing: Standing = .whole, nextPart: UInt64 = 0
    ) {
        self.nextPart = nextPart
        self.mirror = mirror
        self.epoch = epoch
        self.standing = standing
    }

    @inline(__always) var version: UInt64 { mirror.version }

    /// Computed once for all who hold it.
    var hash: ViewHash {
        if let knownHash { return knownHash }
        let hash = mirror.hash
        knownHash = hash
        return hash
    }

    /// Where a diff leads that somebody received here before.
    @inline(__always)
    func end(of frame: Span<UInt8>, in view: UInt64) -> SharedState? {
        if let latest, latest.isDiff, latest.view == view, frame.isEqual(to: latest.frame.span) {
            return latest.end
        }
        return others.isEmpty ? nil : rareEnd(of: frame, in: view, isDiff: true)
    }

    /// The same for a further part of a snapshot.
    func end(ofPart frame: Span<UInt8>, in view: UInt64) -> SharedState? {
        rareEnd(of: frame, in: view, isDiff: false)
    }

    private func rareEnd(
        of frame: Span<UInt8>, in view: UInt64, isDiff: Bool
    ) -> SharedState? {
        if let latest, latest.isDiff == isDiff, latest.view == view,
            frame.isEqual(to: latest.frame.span)
        {
            return latest.end
        }
        for way in others
        where way.isDiff == isDiff && way.view == view && frame.isEqual(to: way.frame.span) {
            return way.end
        }
        return nil
    }

    /// Remembers where a frame led.
    func lead(_ frame: Span<UInt8>, in view: UInt64, to end: SharedState, isDiff: Bool) {
        if let latest {
            guard others.count < SharedState.wayLimit else { return }
            others.append(latest)
        }
        latest = Way(view: view, frame: frame.array, end: end, isDiff: isDiff)
    }

    /// Whoever still stands here goes on alone.
    func forgetWays() {
        latest = nil
        others = []
    }
}

extension Span<UInt8> {
    /// All of both is looked at, so that the compiler can take many bytes at a time.
    @inline(__always)
    func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var difference: UInt8 = 0
        for i in 0..<count { difference |= self[i] ^ other[i] }
        return difference == 0
    }

    var array: [UInt8] {
        [UInt8](capacity: count) { output in
            for i in indices { output.append(self[i]) }
        }
    }
}
