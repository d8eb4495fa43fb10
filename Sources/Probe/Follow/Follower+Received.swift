internal import Wire

extension Follower {
    /// Takes a message that `follow` did not know. What its owner may want to know comes back, in
    /// the words of `Wire.ClientSession`; one message gives at most one notice.
    mutating func received(
        _ bytes: Span<UInt8>, now: Instant, _ book: StateBook
    ) -> ClientSession.Notice? {
        if let next = book.root(bytes, in: view) { return laid(next, now) }
        if isFilling, let next = state?.end(ofPart: bytes, in: view) {
            return laid(next, now)
        }
        switch encoding {
        case .messagePack:
            do throws(DecodeError) {
                var reader = MessagePackReader(bytes)
                let head = try MessageHead(&reader)
                if head.code == UInt64(Message.Kind.diff.rawValue) {
                    return try packed(&reader, head.fields, bytes, now, book)
                }
            } catch {
                return .malformed(.malformed(error))
            }
            do throws(MessageError) {
                return take(try Message(messagePack: bytes), bytes, now, book)
            } catch {
                return .malformed(error)
            }
        case .json:
            do throws(MessageError) {
                return take(try Message(json: bytes), bytes, now, book)
            } catch {
                return .malformed(error)
            }
        }
    }

    // MARK: Diffs

    private mutating func packed(
        _ reader: inout MessagePackReader, _ fields: Int, _ bytes: Span<UInt8>, _ now: Instant,
        _ book: StateBook
    ) throws(DecodeError) -> ClientSession.Notice? {
        // A view that was just given up may still have frames under way: they find nobody.
        guard try reader.readInteger() == view, !awaitsSnapshot, let state else { return nil }
        var mirror = state.mirror
        do throws(DecodeError) {
            return settle(try mirror.apply(&reader, fields: fields), mirror, bytes, book)
        } catch {
            // Half applied is worth nothing: begin anew.
            mistrust()
            repair(now)
            throw error
        }
    }

    private mutating func diff(
        _ diff: Diff, _ bytes: Span<UInt8>, _ book: StateBook
    ) -> ClientSession.Notice? {
        guard diff.view == view, !awaitsSnapshot, let state else { return nil }
        var mirror = state.mirror
        return settle(mirror.apply(diff), mirror, bytes, book)
    }

    private mutating func settle(
        _ verdict: Mirror.Verdict, _ mirror: Mirror, _ bytes: Span<UInt8>, _ book: StateBook
    ) -> ClientSession.Notice? {
        switch verdict {
        case .applied:
            guard let state else { return nil }
            let next = SharedState(mirror, epoch: state.epoch)
            state.lead(bytes, in: view, to: next, isDiff: true)
            book.add(next)
            let held = state.version
            move(to: next)
            return .changed(id: Follower.id, versions: next.version - held)
        case .stale: return .stale(id: Follower.id)
        case .gap:
            resume()
            return .gap(id: Follower.id)
        }
    }

    // MARK: Snapshots

    private mutating func snapshot(
        _ snapshot: Snapshot, _ bytes: Span<UInt8>, _ now: Instant, _ book: StateBook
    ) -> ClientSession.Notice? {
        guard snapshot.view == view else { return nil }
        var mirror = Mirror(keepsHash: book.keepsHashes)
        let isFirst = snapshot.part == 0
        if isFirst {
            mirror.reset(to: snapshot.document, version: snapshot.version)
        } else {
            // Another's part, or of a snapshot that was given up (S14), is nobody's.
            guard isFilling, let state, state.version == snapshot.version,
                state.nextPart == snapshot.part
            else { return nil }
            mirror = state.mirror
            mirror.add(part: snapshot.document)
        }
        mirror.define(snapshot.definitions)
        let standing: SharedState.Standing =
            snapshot.hash.map { $0 == mirror.hash ? .whole : .wrong } ?? .partial
        let next = SharedState(
            mirror, epoch: book.shared(snapshot.epoch), standing: standing,
            nextPart: snapshot.part + 1)
        if isFirst {
            book.addRoot(bytes, in: view, next)
        } else {
            state?.lead(bytes, in: view, to: next, isDiff: false)
            book.add(next)
        }
        return laid(next, now)
    }

    private mutating func laid(_ next: SharedState, _ now: Instant) -> ClientSession.Notice? {
        laid(next)
        switch next.standing {
        case .whole: return .snapshot(id: Follower.id)
        case .partial: return nil
        case .wrong:
            repair(now)
            return .diverged(id: Follower.id, version: next.version)
        }
    }

    // MARK: Others

    /// Compared only at the very version (rule 24).
    private mutating func compare(
        _ report: HashReport, _ now: Instant
    ) -> ClientSession.Notice? {
        guard report.view == view, let version = report.version, let hash = report.hash,
            !awaitsSnapshot, let state, state.version == version
        else { return nil }
        if state.hash == hash { return .proven(id: Follower.id, version: version) }
        if mayReport(now) { self.report() }
        return .diverged(id: Follower.id, version: version)
    }

    private mutating func take(
        _ message: Message, _ bytes: Span<UInt8>, _ now: Instant, _ book: StateBook
    ) -> ClientSession.Notice? {
        switch message {
        case .opened(let opened):
            book.terms = opened.terms
            return nil
        case .authenticated(let body):
            authenticated()
            return .authenticated(body)
        case .subscribed(let answer):
            subscribed(answer, book)
            return .subscribed(id: answer.id, answer.verdict)
        case .unsubscribed(let body):
            guard unsubscribed(body.code, now), let code = body.code else {
                return .unsubscribed(id: body.id, body.code)
            }
            return .postponed(id: body.id, code)
        case .nack(let nack):
            // Nothing but the subscription was asked for.
            return unsubscribed(nack.code, now)
                ? .postponed(id: nack.id, nack.code) : .unsubscribed(id: nack.id, nack.code)
        case .snapshot(let snapshot): return self.snapshot(snapshot, bytes, now, book)
        case .diff(let diff): return self.diff(diff, bytes, book)
        case .hash(let report): return compare(report, now)
        case .lag(let lag): return lag.view == view ? .lag(id: Follower.id, lag) : nil
        case .ping(let ping):
            pinged(ping)
            return nil
        case .pong, .event, .signal, .ack, .reply, .page: return nil
        case .error(let problem): return .problem(problem)
        case .drain(let drain): return .drain(drain)
        case .close(let close): return .closing(close)
        case .open, .authenticate, .refresh, .subscribe, .unsubscribe, .publish, .command, .seen,
            .credit, .will, .history, .presence:
            // What only clients say is no message from a server.
            return .malformed(.unknown(message.kind.name))
        }
    }
}
