internal import Wire

/// When each version was meant to be published, so that a receipt can be timed from there.
///
/// A publisher learns the version of its patch with the acknowledgement, which may come after the
/// first receipts of it; those wait here until then.
struct VersionTable {
    struct Entry {
        var intended: UInt64 = 0
        var sent: UInt64 = 0
        /// In which views the version changed something, a bit each; zero while unknown.
        var views: UInt64 = 0
    }

    /// One version that one client came to hold.
    struct Sample: Equatable {
        /// From the moment at which the patch was meant to leave, and from when it left.
        let corrected: Interval
        let uncorrected: Interval
    }

    private struct Waiting {
        let at: UInt64
        let view: Int
    }

    /// Versions count from here.
    private let base: UInt64
    private var entries: [Entry] = []
    private var waiting: [UInt64: [Waiting]] = [:]
    private var waitingCount = 0
    /// More receipts of unknown versions than this are not kept: somebody else publishes there.
    static let waitingLimit = 1 << 20
    /// This version and later ones are not measured any more.
    private var end: UInt64 = .max
    /// Receipts that could be timed from no patch of ours.
    private(set) var unattributed = 0

    /// `base` is the last version that is not measured.
    init(base: UInt64) { self.base = base }

    /// A patch of ours became a version. `found` is told of receipts that waited for it.
    mutating func published(
        _ version: UInt64, _ entry: Entry, found: (Sample) -> Void
    ) {
        guard version > base, version - base < 1 << 28 else { return }
        let place = Int(version - base) - 1
        while entries.count <= place { entries.append(Entry()) }
        entries[place] = entry
        guard let early = waiting.removeValue(forKey: version) else { return }
        waitingCount -= early.count
        for receipt in early where entry.views & 1 << UInt64(receipt.view) != 0 {
            found(VersionTable.sample(entry, receipt.at))
        }
    }

    @inline(__always)
    private static func sample(_ entry: Entry, _ at: UInt64) -> Sample {
        let now = Instant(nanoseconds: at)
        return Sample(
            corrected: now.since(Instant(nanoseconds: entry.intended)),
            uncorrected: now.since(Instant(nanoseconds: entry.sent)))
    }

    /// A client with this view came from `held` to `to`.
    @inline(__always)
    mutating func received(
        after held: UInt64, to: UInt64, view: Int, at: Instant, found: (Sample) -> Void
    ) {
        var version = max(held, base)
        while version < to {
            version += 1
            if version >= end { return }
            let place = Int(version - base) - 1
            if place < entries.count, entries[place].views != 0 {
                let entry = entries[place]
                if entry.views & 1 << UInt64(view) != 0 {
                    found(VersionTable.sample(entry, at.nanoseconds))
                }
            } else if waitingCount < VersionTable.waitingLimit {
                waiting[version, default: []].append(Waiting(at: at.nanoseconds, view: view))
                waitingCount += 1
            } else {
                unattributed += 1
            }
        }
    }

    /// How many versions in `after+1...to` changed something in a view.
    func touched(after: UInt64, to: UInt64, view: Int) -> Int {
        var count = 0
        var version = max(after, base)
        while version < to, version - base < UInt64(entries.count) {
            if entries[Int(version - base)].views & 1 << UInt64(view) != 0 { count += 1 }
            version += 1
        }
        return count
    }

    /// From this version on nothing is measured.
    mutating func end(at version: UInt64) {
        end = version
        for late in waiting.keys.filter({ $0 >= version }) {
            waitingCount -= waiting.removeValue(forKey: late)?.count ?? 0
        }
    }

    /// Nothing more will be published: what still waits belongs to nobody.
    mutating func close() {
        unattributed += waitingCount
        waiting = [:]
        waitingCount = 0
    }
}
