extension ClientSession {
    /// Takes the bytes of one message from the server.
    public mutating func received(
        _ bytes: Span<UInt8>, now: Instant, using generator: inout some RandomNumberGenerator
    ) {
        heard = now
        receipt.add(bytes.count, now: now)
        switch settings.encoding {
        case .messagePack:
            do throws(DecodeError) {
                if try applyDiff(bytes, now) { return }
            } catch {
                notices.append(.malformed(.malformed(error)))
                return
            }
            do throws(MessageError) {
                let message = try Message(messagePack: bytes)
                take(message, now: now, using: &generator)
            } catch {
                notices.append(.malformed(error))
            }
        case .json:
            #if !hasFeature(Embedded)
                do throws(MessageError) {
                    let message = try Message(json: bytes)
                    take(message, now: now, using: &generator)
                } catch {
                    notices.append(.malformed(error))
                }
            #endif
        }
    }

    /// A diff goes straight from its bytes into the mirror; false when it is another message.
    private mutating func applyDiff(
        _ bytes: Span<UInt8>, _ now: Instant
    ) throws(DecodeError) -> Bool {
        var reader = MessagePackReader(bytes)
        let head = try MessageHead(&reader)
        guard head.code == UInt64(Message.Kind.diff.rawValue) else { return false }
        let view = try reader.readInteger()
        let start = reader.offset
        // A view that was just given up may still have frames under way: they find nobody.
        for place in subscriptions.indices
        where subscriptions[place].view == view && !subscriptions[place].awaitsSnapshot {
            reader.offset = start
            let held = subscriptions[place].mirror.version
            do throws(DecodeError) {
                let verdict = try subscriptions[place].mirror.apply(&reader, fields: head.fields)
                note(verdict, place, held)
            } catch {
                // Half applied is worth nothing: begin anew.
                subscriptions[place].awaitsSnapshot = true
                repair(place, now)
                throw error
            }
        }
        return true
    }

    private mutating func note(_ verdict: Mirror.Verdict, _ place: Int, _ held: UInt64) {
        let id = subscriptions[place].request.id
        switch verdict {
        case .applied:
            let version = subscriptions[place].mirror.version
            let versions = version > held ? version - held : 0
            notices.append(.changed(id: id, versions: versions))
        case .stale: notices.append(.stale(id: id))
        case .gap:
            notices.append(.gap(id: id))
            resume(place)
        }
    }

    /// Subscribes again under the same id, with the cursor if what is held is whole.
    private mutating func resume(_ place: Int) {
        subscriptions[place].view = nil
        outgoing.append(.subscribe(subscriptions[place].resumed()))
    }

    /// What came was wrong: the subscription begins anew, at once or when the wait since the last
    /// repair is over (rule 24).
    private mutating func repair(_ place: Int, _ now: Instant) {
        subscriptions[place].view = nil
        subscriptions[place].resumesAt = subscriptions[place].nextRepair(now)
        resumeRepaired(now)
    }

    mutating func resumeRepaired(_ now: Instant) {
        for place in subscriptions.indices {
            guard let due = subscriptions[place].resumesAt, due <= now else { continue }
            subscriptions[place].resumesAt = nil
            resume(place)
        }
    }

    private mutating func take(
        _ message: Message, now: Instant, using generator: inout some RandomNumberGenerator
    ) {
        switch message {
        case .opened(let opened):
            terms = opened.terms
            outbox.inFlightLimit = Int(clamping: terms.inFlight)
        case .authenticated(let body):
            state = .ready
            earlierToken = nil
            notices.append(.authenticated(body))
        case .subscribed(let answer):
            guard let place = place(ofID: answer.id) else { return }
            subscriptions[place].received(answer)
            notices.append(.subscribed(id: answer.id, answer.verdict))
        case .unsubscribed(let body): ended(body, now, &generator)
        case .snapshot(let snapshot):
            for place in places(ofView: snapshot.view) { take(snapshot, place, now) }
        case .diff(let diff):
            for place in places(ofView: diff.view) where !subscriptions[place].awaitsSnapshot {
                let held = subscriptions[place].mirror.version
                note(subscriptions[place].mirror.apply(diff), place, held)
            }
        case .hash(let report):
            for place in places(ofView: report.view) { compare(report, place, now) }
        case .event(let event):
            for place in places(ofView: event.view) {
                let verdict = subscriptions[place].inbox.received(event.sequence)
                notices.append(.event(id: subscriptions[place].request.id, event, verdict))
            }
        case .signal(let signal): notices.append(.signal(signal))
        case .lag(let lag):
            for place in places(ofView: lag.view) {
                notices.append(.lag(id: subscriptions[place].request.id, lag))
            }
        case .ack(let ack): answered(ack.id, outbox.received(ack))
        case .reply(let reply): answered(reply.id, outbox.received(reply))
        case .nack(let nack):
            answered(nack.id, outbox.received(nack, now: now, using: &generator))
        case .page(let page): notices.append(.page(page))
        case .ping(let ping):
            outgoing.append(.pong(Pong(nonce: ping.nonce, position: receipt.say())))
        case .pong: break
        case .error(let problem):
            // A refused refresh leaves the token that was good before (S17).
            if problem.code.remedy == .authenticateAgain {
                settings.token = earlierToken ?? settings.token
                earlierToken = nil
            }
            notices.append(.problem(problem))
        case .drain(let drain): notices.append(.drain(drain))
        case .close(let close): notices.append(.closing(close))
        case .open, .authenticate, .refresh, .subscribe, .unsubscribe, .publish, .command, .seen,
            .credit, .will, .history, .presence:
            // What only clients say is no message from a server.
            notices.append(.malformed(.unknown(message.kind.name)))
        }
    }

    /// The hundred of the code says whether the subscription begins again by itself, and when (X1).
    private mutating func ended(
        _ body: Unsubscribed, _ now: Instant, _ generator: inout some RandomNumberGenerator
    ) {
        let remedy = body.code?.remedy ?? .giveUp
        guard let place = place(ofID: body.id), let code = body.code,
            remedy != .giveUp, remedy != .authenticateAgain
        else {
            subscriptions.removeAll { $0.request.id == body.id }
            notices.append(.unsubscribed(id: body.id, body.code))
            return
        }
        if remedy == .takeSnapshot { subscriptions[place].awaitsSnapshot = true }
        let wait = subscriptions[place].retry.next(remedy, now: now, using: &generator)
        subscriptions[place].view = nil
        subscriptions[place].filling = nil
        subscriptions[place].resumesAt = now + wait
        notices.append(.postponed(id: body.id, code))
        resumeRepaired(now)
    }

    private mutating func answered(_ id: UInt64, _ outcome: Outbox.Outcome) {
        notices.append(.outcome(id: id, outcome))
    }

    private mutating func take(_ snapshot: Snapshot, _ place: Int, _ now: Instant) {
        let id = subscriptions[place].request.id
        if snapshot.part == 0 {
            subscriptions[place].mirror.reset(to: snapshot.document, version: snapshot.version)
            subscriptions[place].begin(snapshot.epoch, at: snapshot.version)
            subscriptions[place].awaitsSnapshot = true
        } else if let filling = subscriptions[place].filling,
            filling == (snapshot.version, snapshot.part)
        {
            subscriptions[place].mirror.add(part: snapshot.document)
        } else {
            // Another's part, or of a snapshot that was given up (S14).
            return
        }
        subscriptions[place].filling = (snapshot.version, snapshot.part + 1)
        subscriptions[place].mirror.define(snapshot.definitions)
        guard let hash = snapshot.hash else { return }
        subscriptions[place].filling = nil
        guard hash == subscriptions[place].mirror.hash else {
            notices.append(.diverged(id: id, version: snapshot.version))
            repair(place, now)
            return
        }
        subscriptions[place].awaitsSnapshot = false
        notices.append(.snapshot(id: id))
    }

    /// Compared only at the very version (rule 24). A mirror that differs reports it, at most once
    /// in a wait that doubles, and is repaired by a snapshot.
    private mutating func compare(_ report: HashReport, _ place: Int, _ now: Instant) {
        guard let version = report.version, let hash = report.hash,
            !subscriptions[place].awaitsSnapshot,
            subscriptions[place].mirror.version == version
        else { return }
        let id = subscriptions[place].request.id
        let own = subscriptions[place].mirror.hash
        if own == hash {
            notices.append(.proven(id: id, version: version))
            return
        }
        notices.append(.diverged(id: id, version: version))
        guard subscriptions[place].mayRepair(now) else { return }
        outgoing.append(.hash(HashReport(view: report.view, version: version, hash: own)))
    }
}
