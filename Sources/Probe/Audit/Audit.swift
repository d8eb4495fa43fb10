internal import Wire

/// What went right and wrong in the reception of one virtual client, or of many together.
///
/// Its own bookkeeping, from the versions that the frames name: the session under it repairs what
/// it can, and a repair must not hide the fault.
struct Audit: Equatable, Sendable {
    /// Diffs that were applied.
    var receipts: UInt64 = 0
    /// Versions that came as part of a later diff: the right of a server with a slow reader.
    var merged: UInt64 = 0
    var snapshots: UInt64 = 0
    /// Diffs that began above what the client held, and how many versions were missing.
    var gaps: UInt64 = 0
    var lost: UInt64 = 0
    /// Frames to the very version that was held already.
    var repeated: UInt64 = 0
    /// Frames to a version before the one held.
    var disordered: UInt64 = 0
    /// Times that the mirror agreed with the server's hash, and did not.
    var proven: UInt64 = 0
    var diverged: UInt64 = 0
    /// Messages that are none.
    var malformed: UInt64 = 0
    /// Times the server announced a slow reader.
    var lags: UInt64 = 0
    var cuts: UInt64 = 0
    /// At the end: below the head, not proven there, or other than the publishers' script says.
    var behind: UInt64 = 0
    var unproven: UInt64 = 0
    var mispredicted: UInt64 = 0
    /// Clients that a naive second mirror followed, and what it found otherwise.
    var seconded: UInt64 = 0
    var contradicted: UInt64 = 0

    /// The versions that the last gap left out.
    private var missing: Range<UInt64> = 0..<0

    var isMissing: Bool { !missing.isEmpty }

    /// A diff to `to` said nothing new to a client that held `held`. A frame for everybody may
    /// follow what one client was given by itself; that is no fault (rule 7).
    mutating func stale(to: UInt64, held: UInt64, servedAlone: Bool) {
        if servedAlone { return }
        if to == held { repeated += 1 } else { disordered += 1 }
    }

    /// A diff began at `from`, above what was held.
    mutating func gap(from: UInt64, held: UInt64) {
        gaps += 1
        lost += from > held ? from - held : 1
        missing = held..<max(from, held)
    }

    /// A diff that comes after the gap that it would have filled was late, and not lost.
    mutating func dropped(_ span: DiffSpan) {
        guard span.from >= missing.lowerBound, span.to <= missing.upperBound else { return }
        disordered += 1
        lost -= min(lost, span.to - span.from)
        missing = 0..<0
    }

    mutating func add(_ other: Audit) {
        receipts += other.receipts
        merged += other.merged
        snapshots += other.snapshots
        gaps += other.gaps
        lost += other.lost
        repeated += other.repeated
        disordered += other.disordered
        proven += other.proven
        diverged += other.diverged
        malformed += other.malformed
        lags += other.lags
        cuts += other.cuts
        behind += other.behind
        unproven += other.unproven
        mispredicted += other.mispredicted
        seconded += other.seconded
        contradicted += other.contradicted
    }

    /// Every fault with its count, in the words of the report.
    var faults: [(name: String, count: UInt64)] {
        [
            ("diverged", diverged), ("lost", lost), ("repeated", repeated),
            ("disordered", disordered), ("malformed", malformed), ("behind", behind),
            ("unproven", unproven), ("mispredicted", mispredicted), ("contradicted", contradicted),
        ]
    }

    var isClean: Bool { faults.allSatisfy { $0.count == 0 } }
}

/// From where to where a diff goes, read from its bytes; only looked at where something is wrong.
struct DiffSpan: Equatable {
    let from: UInt64
    let to: UInt64

    init?(_ bytes: Span<UInt8>, _ encoding: Encoding) {
        switch encoding {
        case .messagePack:
            // [11, view, to, to - from, …]
            var reader = MessagePackReader(bytes)
            guard let count = try? reader.readArrayCount(), count >= 4,
                (try? reader.readInteger()) == UInt64(Message.Kind.diff.rawValue),
                (try? reader.readInteger()) != nil, let to = try? reader.readInteger(),
                let step = try? reader.readInteger(), step <= to
            else { return nil }
            (self.from, self.to) = (to - step, to)
        case .json:
            guard case .diff(let diff)? = try? Message(json: bytes) else { return nil }
            (self.from, self.to) = (diff.from, diff.to)
        }
    }
}
