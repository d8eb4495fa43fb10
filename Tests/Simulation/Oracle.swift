import Hub
import Wire

/// Watches a simulation and knows what must hold.
///
/// It sees what the hubs are asked and what they answer, writes every topic down in its own way
/// (`Model`), and compares with that whatever a client shows, at every frame that it applies.
final class Oracle {
    /// What holds no more; nothing is looked at after the first.
    private(set) var violation: String?
    /// Views compared, whole.
    var comparisons = 0
    /// A sum over everything compared: equal for equal runs.
    private(set) var digest: UInt64 = 0

    let scenario: Scenario
    private var life = 0
    /// By life and topic.
    private(set) var models: [[Model]] = []
    private var epochs: [[Text?]] = []
    /// Asked of a hub, and not answered.
    private var asked: [OriginKey: [Request.Publication]] = [:]
    /// Said by clients.
    private var said: [Model.Author: (topic: Int, change: Publish.Change)] = [:]
    var readers: [ReaderKey: Reader] = [:]

    private struct OriginKey: Hashable {
        let desk: UInt32
        let connection: SeatID
        let id: UInt64
    }

    private let trace: Trace

    init(_ scenario: Scenario, _ trace: Trace) {
        self.scenario = scenario
        self.trace = trace
    }

    func fail(_ text: @autoclosure () -> String) {
        if violation == nil { violation = text() }
    }

    func begin(life: Int) {
        self.life = life
        // What is durable goes on from one life to the next.
        var next = scenario.topics.map { _ in Model(lenses: Lens.all.count) }
        var known = scenario.topics.map { _ in nil as Text? }
        for topic in scenario.topics.indices where life > 1 && scenario.isDurable(topic) {
            next[topic] = models[life - 2][topic]
            known[topic] = epochs[life - 2][topic]
        }
        models.append(next)
        epochs.append(known)
        asked = [:]
    }

    private func topic(_ name: Text) -> Int {
        scenario.topics.firstIndex(of: name) ?? 0
    }

    // MARK: The node

    func published(_ instance: Text, _ id: UInt64, _ topic: Int, _ change: Publish.Change) {
        said[Model.Author(instance: instance, id: id)] = (topic, change)
    }

    /// A desk lets a publish through to the hub.
    func admitted(_ publication: Request.Publication, _ line: Line, _ tokens: Tokens) {
        guard let token = line.token else {
            fail("a publish was let through before a token was accepted")
            return
        }
        guard case .patch(let patch) = publication.change else { return }
        let patterns = Tokens.writable(tokens[token].allowed)?.patterns ?? []
        for path in patch.writes where !Lens.matches(patterns, path.segments) {
            fail("a publish to \(path) was let through, which the token does not allow")
        }
    }

    func requested(_ publication: Request.Publication) {
        let origin = publication.origin
        let key = OriginKey(desk: origin.desk, connection: origin.connection, id: origin.id)
        asked[key, default: []].append(publication)
    }

    func answered(_ letters: [(desk: Int, notice: Notice)]) {
        for (_, notice) in letters {
            guard case .outcome(let origin, let outcome) = notice else { continue }
            let key = OriginKey(desk: origin.desk, connection: origin.connection, id: origin.id)
            guard var waiting = asked[key], !waiting.isEmpty else {
                fail("publish \(origin.id) was answered more often than it was said")
                return
            }
            let publication = waiting.removeFirst()
            asked[key] = waiting.isEmpty ? nil : waiting
            answered(publication, outcome)
        }
    }

    private func answered(_ publication: Request.Publication, _ outcome: Notice.Outcome) {
        let author = Model.Author(
            instance: publication.instance ?? Text(), id: publication.origin.id)
        let topic = topic(publication.topic.name)
        guard let original = said[author], original.topic == topic,
            original.change == publication.change
        else {
            fail("\(author) reached the hub as something that its client never said")
            return
        }
        let known = models[life - 1][topic].version(of: author)
        switch outcome {
        case .done(let version):
            if let known {
                if known != version {
                    fail("\(author) was done as version \(known), and again as \(version)")
                }
            } else if scenario.isDurable(topic) {
                fail("\(author) was acknowledged as version \(version) and is not stored")
            } else {
                apply(publication.change, author, topic, version)
            }
        case .refused(let code, _, let reason):
            if known != nil && code != .storeFailed {
                fail("\(author) was done, and refused when it was said again")
            }
            let patch = publication.change.asPatch
            switch code {
            case .conflict where !patch.conditions.isEmpty: break
            case .invalidPatch where !patch.increments.isEmpty: break
            case .tooLarge where scenario.isCramped: break
            case .idTooOld, .storeFailed: break
            default: fail("\(author) was refused with \(code.rawValue): \(reason ?? Text())")
            }
        }
    }

    private func apply(
        _ change: Publish.Change, _ author: Model.Author, _ topic: Int, _ version: UInt64
    ) {
        let patch = change.asPatch
        let head = models[life - 1][topic].head
        if version != head + 1 {
            fail("\(author) was done as version \(version), after version \(head)")
            return
        }
        for condition in patch.conditions
        where !models[life - 1][topic].isUnchanged(condition.path, since: condition.version) {
            fail("\(author) was done although \(condition.path) had changed")
        }
        models[life - 1][topic].apply(patch, by: author)
        trace.note("\(scenario.topics[topic]) \(version) is \(Trace.text(patch))")
    }

    /// A write is on the disk, and so what the topic is from now on.
    func stored(_ write: TopicWrite) {
        let topic = topic(write.key.name)
        for record in write.records {
            guard let answer = record.answer else {
                fail("version \(record.version) of \(write.key.name) has no author")
                return
            }
            let author = Model.Author(instance: answer.instance, id: answer.id)
            guard let original = said[author], original.topic == topic else {
                fail("\(author) was stored, and its client never said it")
                return
            }
            if let known = models[life - 1][topic].version(of: author) {
                fail("\(author) was done as \(known) and stored again as \(record.version)")
            }
            apply(original.change, author, topic, record.version)
        }
        for letter in write.deadLetters { check(letter, topic) }
    }

    func closed(_ code: Code) {
        switch code {
        case .tooSlow, .heartbeatMissed, .tokenExpired, .tokenInvalid, .inactive,
            .authenticationLate, .tooManyProblems:
            break
        default: fail("the server closed a connection with \(code.rawValue)")
        }
    }

    /// Rule 14: what a reader has not read is bounded, however slow it is.
    func checkCost(_ line: Line) {
        let bound = Int(scenario.terms.unconfirmedBytes) + line.largest * 12 + 4_096
        if line.outstanding > bound {
            fail("\(line.outstanding) bytes wait for line \(line.number); the bound is \(bound)")
        }
    }

    // MARK: Clients

    func heard(
        _ notice: ClientSession.Notice, _ client: Client, _ line: Line, _ tokens: Tokens
    ) {
        switch notice {
        case .subscribed(let id, .continued), .subscribed(let id, .caughtUp):
            // Seated anew, on this connection too when its token changed: what it is owed was sent
            // before what it said meanwhile was heard.
            line.refused.removeAll { $0.id == id }
            compare(id, client, line, tokens)
        case .snapshot(let id): compare(id, client, line, tokens, isSnapshot: true)
        case .changed(let id, let versions):
            if versions == 0 { fail("client \(client.number) applied a diff that said nothing") }
            compare(id, client, line, tokens)
        case .proven(let id, _): compare(id, client, line, tokens)
        case .diverged(_, let version):
            fail("client \(client.number) found another hash at version \(version)")
        case .malformed(let error):
            fail("client \(client.number) was sent what is no message: \(error)")
        case .gap:
            if !line.isLossy { fail("client \(client.number) found a gap") }
        case .unsubscribed(let id, let code): refused(id, code, client, line, tokens)
        case .outcome(let id, let outcome): learned(id, outcome, client, line)
        case .problem(let problem):
            switch problem.code {
            case .tokenInvalid, .notAllowed, .unknownMessage: break
            case .malformed where line.encoding == .json: break
            default: fail("client \(client.number) was told \(problem)")
            }
        case .authenticated, .subscribed, .stale, .lag, .signal, .event, .page, .drain, .closing:
            break
        }
    }

    /// What a client shows is what the model has, at that version, through that lens; exactly.
    private func compare(
        _ id: UInt64, _ client: Client, _ line: Line, _ tokens: Tokens, isSnapshot: Bool = false
    ) {
        guard let subscription = client.session[id], !subscription.awaitsSnapshot,
            let place = client.wanted.firstIndex(where: { $0.id == id }),
            !scenario.isEvents(client.wanted[place].topic)
        else { return }
        let wanted = client.wanted[place]
        let version = subscription.mirror.version
        let epoch = subscription.cursor?.epoch ?? Text()
        let who = "client \(client.number)'s view \(id) of \(scenario.topics[wanted.topic])"
        guard let token = line.acceptedToken else {
            fail("\(who) was shown before a token was accepted")
            return
        }
        check(epoch, line.life, wanted.topic, version)
        if epoch == wanted.epoch && version < wanted.version {
            // A snapshot from the cache may be older than what it replaces; then the diff that
            // makes up for it is right behind.
            if isSnapshot && !wanted.isBehind {
                client.wanted[place].isBehind = true
                client.wanted[place].epoch = epoch
            } else if !line.isLossy {
                fail("\(who) went back from version \(wanted.version) to \(version)")
            }
        } else {
            client.wanted[place].isBehind = false
            client.wanted[place].epoch = epoch
            client.wanted[place].version = version
        }
        guard version <= models[line.life - 1][wanted.topic].head else {
            fail("\(who) is at version \(version), which nobody was promised")
            return
        }
        let lens = Lens.of(asked: wanted.asked, allowed: tokens[token].allowed)
        let truth = models[line.life - 1][wanted.topic].seen(lens, at: version)
        comparisons += 1
        let hash = subscription.mirror.hash
        digest = (digest ^ hash.word ^ version) &* 0x100_0000_01b3
        if subscription.mirror.document != truth.document {
            let shown = Trace.text(subscription.mirror.document)
            fail("\(who) at \(version) shows \(shown) and not \(Trace.text(truth.document))")
        } else if hash != truth.hash {
            fail("\(who) at \(version) has the hash \(hash.hex), not \(truth.hash.hex)")
        }
    }

    private func check(_ epoch: Text, _ life: Int, _ topic: Int, _ version: UInt64) {
        if epoch.isEmpty {
            if version > 0 { fail("topic \(topic) has version \(version) in no epoch") }
            return
        }
        if let known = epochs[life - 1][topic] {
            if known != epoch { fail("topic \(topic) changed its epoch within a life") }
            return
        }
        if !scenario.isDurable(topic) && epochs.contains(where: { $0[topic] == epoch }) {
            fail("topic \(topic) has an epoch of before the crash")
        }
        epochs[life - 1][topic] = epoch
    }

    private func refused(
        _ id: UInt64, _ code: Code?, _ client: Client, _ line: Line, _ tokens: Tokens
    ) {
        guard let place = client.wanted.firstIndex(where: { $0.id == id }) else { return }
        client.wanted[place].id = nil
        if code == .storeFailed { return }
        guard let token = line.acceptedToken else {
            fail("client \(client.number) was refused before a token was accepted")
            return
        }
        let lens = Lens.of(
            asked: client.wanted[place].asked, allowed: tokens[token].allowed)
        if code != .notAllowed || !lens.showsNothing {
            fail("client \(client.number)'s subscription ended with \(code?.rawValue ?? 0)")
        }
    }

    /// What a publisher is told is what was done.
    private func learned(
        _ id: UInt64, _ outcome: Outbox.Outcome, _ client: Client, _ line: Line
    ) {
        let author = Model.Author(instance: client.session.settings.instance, id: id)
        guard let topic = said[author]?.topic else { return }
        let version = models[line.life - 1][topic].version(of: author)
        switch outcome {
        case .acknowledged(let told):
            if version != told {
                fail("\(author) was acknowledged as \(told), and is \(version ?? 0)")
            }
        case .refused(let nack):
            // Who lost the right to say it does not learn that it was done before.
            if version != nil && nack.code != .notAllowed {
                fail("\(author) was done, and its client told \(nack)")
            }
            if nack.code == .idTooOld {
                fail("\(author) is too old, although it was never answered")
            }
        case .postponed, .replied, .unknown: break
        }
    }

    // MARK: The end

    /// Whether a client is where it should be in the end, or what is missing.
    func missing(_ client: Client, _ tokens: Tokens) -> String? {
        guard let line = client.line, client.session.isReady else { return "is not connected" }
        if !client.session.outbox.isEmpty { return "has unanswered publishes" }
        guard let token = line.acceptedToken else { return "has no token" }
        for wanted in client.wanted {
            let lens = Lens.of(asked: wanted.asked, allowed: tokens[token].allowed)
            guard let id = wanted.id else {
                if lens.showsNothing { continue }
                return "has no subscription"
            }
            if scenario.isEvents(wanted.topic) {
                guard let event = firstUnsettled(wanted, client, line.life) else { continue }
                return "has not been given event \(event) of \(scenario.topics[wanted.topic])"
            }
            guard let subscription = client.session[id], !subscription.awaitsSnapshot else {
                return "awaits a snapshot of \(scenario.topics[wanted.topic])"
            }
            let head = models[line.life - 1][wanted.topic].head
            let truth = models[line.life - 1][wanted.topic].seen(lens, at: head)
            if subscription.mirror.document != truth.document {
                return "does not show the head of \(scenario.topics[wanted.topic])"
            }
        }
        return nil
    }
}

extension Publish.Change {
    /// An event as a change of a document that holds the last event.
    fileprivate var asPatch: Patch {
        switch self {
        case .patch(let patch): patch
        case .event(let data): Patch(set: ["event": data])
        }
    }
}
