internal import Transport
internal import Wire

/// One subscription to a state topic in a script: a mirror, and every frame to it looked at.
final class Watch {
    let talk: Talk
    let request: Subscribe
    private(set) var answer: Subscribed
    private(set) var mirror = Mirror()
    private(set) var epoch: Text
    /// In MessagePack a second mirror reads the same bytes by itself.
    private(set) var naive: NaiveMirror?
    /// The bytes of frames of this view, the newest last.
    private(set) var frames: [[UInt8]] = []
    private(set) var diffs = 0
    private(set) var snapshots = 0
    private(set) var lags: [Lag] = []

    init(_ talk: Talk, _ request: Subscribe, _ answer: Subscribed) {
        (self.talk, self.request, self.answer) = (talk, request, answer)
        epoch = answer.cursor.epoch
        naive = talk.encoding == .messagePack ? NaiveMirror() : nil
    }

    var version: UInt64 { mirror.version }
    var document: Map { mirror.document }
    var cursor: Cursor { Cursor(epoch: epoch, version: version, print: answer.cursor.print) }

    /// Takes what was held before a cut.
    func resume(from old: Watch) {
        mirror = old.mirror
        naive = talk.encoding == .messagePack ? old.naive : nil
    }

    /// What the verdict promises comes.
    func begin() throws(Finding) {
        switch answer.verdict {
        case .snapshot: try hearSnapshot()
        case .caughtUp, .continued, .gone: break
        }
    }

    func hearSnapshot(_ time: Interval? = nil) throws(Finding) {
        let before = snapshots
        let limit = System.now + (time ?? talk.patience)
        while snapshots == before {
            try step("a snapshot", limit)
        }
    }

    /// Waits until the mirror holds a version.
    func come(to version: UInt64, within time: Interval? = nil) throws(Finding) {
        let limit = System.now + (time ?? talk.patience)
        while mirror.version < version {
            try step("a frame to version \(version) (\(mirror.version) is held)", limit)
        }
    }

    /// Looks at the next frame of this view.
    private func step(_ what: String, _ limit: Instant) throws(Finding) {
        let now = System.now
        let left = now < limit ? limit.since(now) : Interval(nanoseconds: 0)
        let view = answer.view
        let said = try talk.hear(what, within: left) { said -> Talk.Said? in
            switch said.message {
            case .snapshot(let body) where body.view == view: said
            case .diff(let body) where body.view == view: said
            case .lag(let body) where body.view == view: said
            default: nil
            }
        }
        try take(said)
    }

    private func take(_ said: Talk.Said) throws(Finding) {
        if case .lag(let lag) = said.message {
            lags.append(lag)
            return
        }
        frames.append(said.bytes)
        if naive?.received(said.bytes) == .nonsense {
            throw .fail("a frame that cannot be read: \(Talk.shown(said.bytes))")
        }
        switch said.message {
        case .snapshot(let snapshot): try take(snapshot)
        case .diff(let diff): try take(diff, said.bytes)
        default: break
        }
        guard let naive, naive.version == mirror.version else { return }
        try demand(
            naive.word == mirror.hash.word,
            "two readings of the same frames differ at version \(version)")
    }

    private func take(_ snapshot: Snapshot) throws(Finding) {
        if snapshot.part == 0 {
            mirror.reset(to: snapshot.document, version: snapshot.version)
        } else {
            mirror.add(part: snapshot.document)
        }
        epoch = snapshot.epoch
        mirror.define(snapshot.definitions)
        guard let hash = snapshot.hash else { return }
        snapshots += 1
        try demand(
            hash == mirror.hash,
            "the hash of a snapshot is \(hash.hex), and of what it holds \(mirror.hash.hex)")
    }

    private func take(_ diff: Diff, _ bytes: [UInt8]) throws(Finding) {
        diffs += 1
        let verdict: Mirror.Verdict
        switch talk.encoding {
        case .json: verdict = mirror.apply(diff)
        case .messagePack:
            do throws(DecodeError) {
                var reader = MessagePackReader(bytes.span)
                let head = try MessageHead(&reader)
                _ = try reader.readInteger()
                verdict = try mirror.apply(&reader, fields: head.fields)
            } catch {
                throw .fail("a diff that cannot be applied: \(error.reason) at \(error.offset)")
            }
        }
        try demand(
            verdict != .gap,
            "a diff from \(diff.from), and only version \(version) had been told")
    }

    /// Asks the server for its hash, and compares.
    func prove() throws(Finding) {
        talk.say(.hash(HashReport(view: answer.view)))
        let report = try talk.hear("a hash of the view") { (said) throws(Finding) -> HashReport? in
            switch said.message {
            case .hash(let report) where report.view == self.answer.view: return report
            case .diff(let diff) where diff.view == self.answer.view:
                try self.take(said)
                return nil
            default: return nil
            }
        }
        guard let hash = report.hash, let at = report.version else {
            throw .fail("a hash without its version or its digits")
        }
        forgetTaken()
        try demand(
            at == version, "a hash at version \(at), and the diffs led to \(version)")
        try demand(
            hash == mirror.hash,
            "the server's hash at \(at) is \(hash.hex), the reader's \(mirror.hash.hex)")
        if let naive {
            try demand(naive.word == hash.word, "a second reading comes to another hash at \(at)")
        }
    }

    /// What was taken while something else was awaited lies unread still.
    private func forgetTaken() {
        let view = answer.view
        while let _ = try? talk.hear(
            "", within: Interval(nanoseconds: 0),
            { said -> Bool? in
                if case .diff(let diff) = said.message, diff.view == view, diff.to <= self.version {
                    true
                } else {
                    nil
                }
            })
        {}
    }

    func expect(_ wanted: Map, _ what: String) throws(Finding) {
        try demand(
            document == wanted,
            "\(what): the view holds \(FieldList.words(.map(document))), "
                + "not \(FieldList.words(.map(wanted)))")
    }
}
