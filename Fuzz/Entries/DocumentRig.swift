public import Wire

/// A document beside its naive model, with readers who stopped at every version: after each step
/// all of them must come to the same place.
public struct DocumentRig {
    public var document: Document
    public private(set) var naive = NaiveDocument()
    private var watched: [Watched] = []
    /// The oldest version that readers have stopped at.
    private var oldest = 0
    /// How many diffs were applied, to see that something was tried.
    public private(set) var diffs = 0

    private struct Watched {
        var id: Document.ViewID
        let mask: Mask
        let keepsHash: Bool
        let number: UInt64
        /// By version: a mirror that holds it and knows the names that were told up to it.
        var held: [Int: Mirror] = [:]
        var shown: [Int: Map] = [:]
        /// Of what is shown last.
        var hash = ViewHash()
    }

    public init(bounds: Document.Bounds = .init(), literalDepth: Int = 0) {
        document = Document(bounds: bounds, literalDepth: literalDepth, seed: 7)
    }

    public var viewCount: Int { watched.count }

    public mutating func addView(_ mask: Mask, keepsHash: Bool) {
        guard let id = document.addView(mask) else { return }
        document.keepHash(of: id, keepsHash)
        watched.append(
            Watched(
                id: id, mask: mask, keepsHash: keepsHash, number: UInt64(300 + watched.count)))
        hold(watched.count - 1)
    }

    public mutating func removeView(_ index: Int) {
        document.removeView(watched.remove(at: index).id)
    }

    /// The server starts again from its checkpoint: the document is the same, the views are made
    /// anew, and the readers go on.
    public mutating func restart() {
        let checkpoint = document.checkpoint
        document = Document(
            checkpoint, bounds: document.bounds, literalDepth: document.literalDepth, seed: 11)
        FuzzEntry.require(document.checkpoint == checkpoint, "the checkpoint leads elsewhere")
        for i in watched.indices.reversed() {
            guard let id = document.addView(watched[i].mask) else { fatalError("no view") }
            watched[i].id = id
            document.keepHash(of: id, watched[i].keepsHash)
        }
    }

    /// Readers who stopped before the present version are looked at no more.
    public mutating func begin() { oldest = naive.version }

    /// A reader takes a snapshot of the present version and stops there.
    private mutating func hold(_ index: Int) {
        let version = naive.version
        let shown = naive.view(watched[index].mask, at: version)
        var mirror = Mirror(keepsHash: true, seed: 9)
        mirror.reset(to: shown, version: UInt64(version))
        mirror.define(document.definitions(after: 0, in: watched[index].id))
        watched[index].held[version] = mirror
        watched[index].shown[version] = shown
        watched[index].hash = ViewHash(of: shown)
    }

    /// Applies a patch to both; false when it was refused, and then nothing changed.
    public mutating func apply(_ patch: Patch) -> Bool {
        let applied: Document.Applied
        do throws(PatchRefusal) {
            applied = try document.apply(patch)
        } catch {
            FuzzEntry.require(document.version == UInt64(naive.version), "refused, yet a version")
            return false
        }
        naive.apply(patch)
        FuzzEntry.require(applied.version == UInt64(naive.version), "a version was skipped")
        for i in watched.indices { hold(i) }
        for entry in watched where applied.views & entry.id.mask == 0 {
            FuzzEntry.require(
                entry.shown[naive.version] == entry.shown[naive.version - 1],
                "a view that was not named has changed")
        }
        return true
    }

    /// Every view shows what the model shows, and every reader gets there, from wherever a diff is
    /// offered.
    public mutating func check() {
        for i in watched.indices {
            checkView(watched[i])
            for from in max(oldest, Int(document.floor))...naive.version {
                checkDiff(i, from: from)
            }
        }
        FuzzEntry.require(!document.reaches(UInt64(naive.version + 1)), "reaches the future")
        if document.floor > 0 {
            FuzzEntry.require(!document.reaches(document.floor - 1), "reaches below the floor")
        }
    }

    private func checkView(_ entry: Watched) {
        let shown = entry.shown[naive.version]
        FuzzEntry.require(document.snapshot(of: entry.id) == shown, "the view shows another thing")
        FuzzEntry.require(document.hash(of: entry.id) == entry.hash, "the hash is another")
    }

    /// The diff from a version, applied by readers who hold that version or any later one.
    private mutating func checkDiff(_ index: Int, from: Int) {
        let entry = watched[index]
        guard let shown = entry.shown[naive.version] else { return }
        var writer = Writer()
        let wrote = document.writeDiff(
            from: UInt64(from), in: entry.id, number: entry.number, to: &writer)
        let content = document.diff(from: UInt64(from), in: entry.id)
        FuzzEntry.require(wrote == !content.isEmpty, "a frame and a diff disagree")
        for held in from..<max(naive.version, from) {
            guard let mirror = entry.held[held] else { continue }
            if !wrote {
                FuzzEntry.require(entry.shown[held] == shown, "a change was not told")
                continue
            }
            diffs += 1
            var first = mirror
            FuzzEntry.apply(writer.bytes(), to: &first, number: entry.number)
            FuzzEntry.require(first.document == shown, "the frame leads to another place")
            FuzzEntry.require(first.version == UInt64(naive.version), "to another version")
            FuzzEntry.require(first.hash == entry.hash, "to another hash")
            guard held == from else { continue }
            var second = mirror
            let diff = Diff(
                view: entry.number, from: UInt64(from), to: document.version, content: content)
            FuzzEntry.require(second.apply(diff) == .applied, "the diff was not taken")
            FuzzEntry.require(second.document == shown, "the diff leads to another place")
            FuzzEntry.require(second.hash == entry.hash, "the diff to another hash")
        }
    }
}

extension FuzzEntry {
    /// As a client does: the head tells the view, the mirror reads the rest.
    static func apply(_ frame: [UInt8], to mirror: inout Mirror, number: UInt64) {
        var reader = MessagePackReader(frame.span)
        do throws(DecodeError) {
            let head = try MessageHead(&reader)
            require(head.code == UInt64(Message.Kind.diff.rawValue), "not a diff")
            require(try reader.readInteger() == number, "another view")
            require(try mirror.apply(&reader, fields: head.fields) == .applied, "not applied")
            try reader.finish()
        } catch {
            fatalError("a frame of ours: \(error)")
        }
    }
}
