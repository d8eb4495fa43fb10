import Wire

/// A state topic: its document, the views that somebody watches, and the ledger of what was done.
///
/// A class, so that looking at a topic never copies its document; it belongs to its hub.
final class Topic {
    let key: TopicKey
    /// Where the hub keeps it.
    let place: Int
    let settings: TopicSettings
    var document: Document
    var ledger: Ledger
    /// Nil while the topic is absent: subscribed to, and not published to yet (rule 30).
    var epoch: Text?
    var views: [View?] = []
    var isTouched = false
    /// What an event topic holds; its sequences are the topic's versions.
    var log: EventLog
    /// The readers of an event topic who outlive their connections, by name.
    var names: [DurableName] = []
    var deadLetters: [DeadLetter] = []
    /// Fields that unset themselves.
    var expiries: [Expiry] = []
    /// Who is there, where the topic is a roster.
    var roster = Roster()
    var standing: Standing
    /// The store could not give it lately, and is asked again when some time has passed.
    var isResting = false
    var failedLoads = 0
    /// When it was last asked for anything; nil where it was read from the store only to go.
    var used: Instant?
    /// It is about to go: the store is forgetting it.
    var isGoing = false

    /// How a durable topic stands to its store. A topic that is not durable is always `ready`.
    enum Standing {
        /// Nothing is known of it yet; the store has been asked. What is asked meanwhile waits.
        case loading(waiting: [Request])
        case ready
        /// A turn's changes are under way to the disk. Nobody may see them yet, so whatever is
        /// asked meanwhile waits (rule 18).
        case committing(UInt64, waiting: [Request])
    }

    /// What has changed since the last commit, and who is told when it is safe.
    struct Batch {
        var records: [Record] = []
        var deadLetters: [DeadLetter] = []
        /// How many of the oldest are gone.
        var settledLetters = 0
        /// The topic began anew, and all that was stored of it is void.
        var isAnew = false
        /// Old events are gone, and the store shall not keep them either.
        var isTrimmed = false
        /// The topic goes, and all that was stored of it.
        var isLast = false
        var answers: [(Origin, Notice.Outcome)] = []
        var isEmpty: Bool {
            records.isEmpty && deadLetters.isEmpty && answers.isEmpty && settledLetters == 0
                && !isAnew && !isTrimmed && !isLast
        }
    }

    var batch = Batch()
    /// What was asked since something was applied that is not under way to the disk yet.
    var held: [Request] = []
    /// Those of the batch that is under way.
    var underWay: [(Origin, Notice.Outcome)] = []
    /// Readers under new names, who are told when their names are as safe as all else: whoever
    /// was told and came back after a crash would begin later than it did. And those whose names
    /// are under way.
    var seated: [(desk: Int, notice: Notice)] = []
    var seatedUnderWay: [(desk: Int, notice: Notice)] = []
    var recordsSinceCheckpoint = 0

    struct Expiry {
        let path: Path
        /// What was written then; a later change of the field makes the expiry void.
        let version: UInt64
        let at: WallTime
    }

    /// A view that somebody watches; it has one number for all of them (rule 8).
    struct View: Sendable {
        let id: Document.ViewID
        let mask: Mask
        let number: UInt64
        let print: Text
        var audiences: [AudienceID] = []
        /// A snapshot per encoding, kept until the document has moved on too far.
        var snapshots: [Encoding: CachedSnapshot] = [:]
    }

    struct CachedSnapshot: Sendable {
        let version: UInt64
        let frames: [[UInt8]]
    }

    init(
        _ key: TopicKey, place: Int, _ settings: TopicSettings, ledgerWindow: Int, seed: UInt64
    ) {
        self.key = key
        self.place = place
        self.settings = settings
        document = Document(
            bounds: settings.bounds, literalDepth: settings.kind == .collection ? 1 : 0,
            seed: seed)
        ledger = Ledger(window: ledgerWindow)
        log = EventLog(limit: settings.eventLimit)
        standing = settings.isDurable ? .loading(waiting: []) : .ready
    }

    /// The count of what was applied: a document's version, a log's last sequence.
    var version: UInt64 { document.version }

    func name(_ name: Text) -> Int? { names.firstIndex { $0.state.name == name } }

    var isWatched: Bool { views.contains { !($0?.audiences.isEmpty ?? true) } }

    var isReady: Bool {
        if case .ready = standing { true } else { false }
    }

    /// The view with this mask, made if need be; nil when the topic has too many.
    func view(_ mask: Mask, number: UInt64) -> Int? {
        if let found = views.firstIndex(where: { $0?.mask == mask }) { return found }
        guard let id = document.addView(mask) else { return nil }
        let view = View(id: id, mask: mask, number: number, print: Topic.print(of: mask))
        if let place = views.firstIndex(where: { $0 == nil }) {
            views[place] = view
            return place
        }
        views.append(view)
        return views.count - 1
    }

    func removeView(_ place: Int) {
        guard let view = views[place] else { return }
        document.removeView(view.id)
        views[place] = nil
    }

    /// The same for equal masks on every node: what a cursor carries to say which view it was.
    static func print(of mask: Mask) -> Text {
        var digest = Digest()
        for pattern in Fault.printUnchanged.isPlanted ? [] : mask.patterns {
            digest.add(.integer(Int64(pattern.count)))
            for segment in pattern {
                switch segment {
                case .any: digest.add(.null)
                case .name(let name): digest.add(.text(name))
                }
            }
        }
        return ViewHash(digest).hex
    }

    // MARK: Frames

    func encode(_ message: Message, _ encoding: Encoding, _ wall: WallTime) -> [UInt8] {
        message.encoded(encoding, timestamp: wall)
    }

    /// The diff of a view from `from` to now; nil when nothing differs and none is forced.
    func diff(
        _ place: Int, from: UInt64, _ encoding: Encoding, _ wall: WallTime, forced: Bool = false,
        _ writer: inout Writer
    ) -> [UInt8]? {
        // Field by field: a view as a whole is costly to copy, and this is the hot path.
        guard let id = views[place]?.id, let number = views[place]?.number else { return nil }
        writer.clear()
        switch encoding {
        case .messagePack:
            let wrote = document.writeDiff(from: from, in: id, number: number, to: &writer)
            if wrote { return writer.bytes() }
        case .json:
            let content = document.diff(from: from, in: id)
            if !content.isEmpty {
                let diff = Diff(view: number, from: from, to: document.version, content: content)
                Message.diff(diff).write(encoding, to: &writer, timestamp: wall)
                return writer.bytes()
            }
        }
        guard forced, from < document.version else { return nil }
        // Names that were given aliases since are told here or never.
        let names = encoding == .messagePack ? document.definitions(after: from, in: id) : []
        let empty = Diff(
            view: number, from: from, to: document.version, content: Diff.Content(),
            definitions: names)
        Message.diff(empty).write(encoding, to: &writer, timestamp: wall)
        return writer.bytes()
    }

    func hashReport(_ place: Int, _ encoding: Encoding, _ wall: WallTime) -> [UInt8]? {
        guard let view = views[place] else { return nil }
        let report = HashReport(
            view: view.number, version: document.version, hash: document.hash(of: view.id))
        return encode(.hash(report), encoding, wall)
    }

    /// The snapshot of a view, from the cache while a diff from it to now is worth it.
    func snapshot(
        _ place: Int, _ encoding: Encoding, _ wall: WallTime
    ) -> CachedSnapshot {
        guard let view = views[place] else { return CachedSnapshot(version: 0, frames: []) }
        if let cached = view.snapshots[encoding], cached.frames.count == 1,
            document.version - cached.version <= 16, document.reaches(cached.version)
        {
            return cached
        }
        let made = makeSnapshot(view, encoding, wall)
        views[place]?.snapshots[encoding] = made
        return made
    }

    private func makeSnapshot(
        _ view: View, _ encoding: Encoding, _ wall: WallTime
    ) -> CachedSnapshot {
        let whole = document.snapshot(of: view.id)
        let parts = whole.parts(ofBytes: settings.partBytes)
        var frames: [[UInt8]] = []
        for (i, part) in parts.enumerated() {
            let isLast = i == parts.count - 1
            let snapshot = Snapshot(
                view: view.number, epoch: epoch ?? Text(), version: document.version,
                document: part, part: UInt64(i),
                hash: isLast ? document.hash(of: view.id) : nil,
                definitions: isLast && encoding == .messagePack
                    ? document.definitions(after: 0, in: view.id) : [])
            frames.append(encode(.snapshot(snapshot), encoding, wall))
        }
        return CachedSnapshot(version: document.version, frames: frames)
    }

    /// The topic begins anew: no cursor of before means anything.
    func beginEpoch(_ epoch: Text) {
        self.epoch = epoch
        for place in views.indices { views[place]?.snapshots = [:] }
    }
}

extension Map {
    /// The document in pieces of about so many bytes that laid over each other give the whole;
    /// one piece when it is small.
    func parts(ofBytes limit: Int) -> [Map] {
        var writer = Writer()
        writer.pack(self)
        if writer.count <= limit { return [self] }
        var parts: [Map] = []
        var part = Map()
        var size = 0
        for entry in entries {
            writer.clear()
            writer.pack(entry.value)
            let length = writer.count + entry.key.count
            if case .map(let inner) = entry.value, length > limit {
                // One row larger than a part is itself taken apart.
                for piece in inner.parts(ofBytes: limit) {
                    var single = Map()
                    single[entry.key] = .map(piece)
                    parts.append(single)
                }
                continue
            }
            if size + length > limit && !part.isEmpty {
                parts.append(part)
                part = Map()
                size = 0
            }
            part[entry.key] = entry.value
            size += length
        }
        if !part.isEmpty { parts.append(part) }
        return parts
    }
}
