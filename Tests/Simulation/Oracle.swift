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
    var life = 0
    /// By life and topic.
    var models: [[Model]] = []
    private var epochs: [[Text?]] = []
    /// Asked of a hub, and not answered.
    var asked: [OriginKey: [Request.Publication]] = [:]
    /// Said by clients.
    var said: [Model.Author: Said] = [:]
    var readers: [ReaderKey: Reader] = [:]

    /// What is known of the hubs' readers, rosters and wills in the present life.
    var seats = Seats()
    var rosters: [Int: Roster] = [:]
    /// Last wills for durable topics, posted and not stored, by topic.
    var bequests: [Int: [Publish.Change]] = [:]
    /// The signals said, by their data.
    var signals: [Int64: (topic: Text, from: Text)] = [:]

    struct Said {
        let topic: Int
        let change: Publish.Change
        let expiries: [Publish.Expiry]
    }

    struct OriginKey: Hashable {
        let desk: UInt32
        let connection: SeatID
        let id: UInt64
    }

    let trace: Trace

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
        seats = Seats()
        rosters = [:]
        bequests = [:]
    }

    func topic(_ name: Text) -> Int {
        scenario.topics.firstIndex(of: name) ?? 0
    }

    // MARK: The node

    func published(_ instance: Text, _ id: UInt64, _ said: Said) {
        self.said[Model.Author(instance: instance, id: id)] = said
    }

    private func name(_ author: Model.Author?) -> String {
        author.map { "\($0)" } ?? "a change of the server's own"
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

    func apply(
        _ change: Publish.Change, _ author: Model.Author?, _ topic: Int, _ version: UInt64,
        expiries: [Publish.Expiry] = [], _ wall: WallTime
    ) {
        let patch = change.asPatch
        let head = models[life - 1][topic].head
        if version != head + 1 {
            fail("\(name(author)) was done as version \(version), after version \(head)")
            return
        }
        for condition in patch.conditions
        where !models[life - 1][topic].isUnchanged(condition.path, since: condition.version) {
            fail("\(name(author)) was done although \(condition.path) had changed")
        }
        models[life - 1][topic].apply(patch, by: author, expiries: expiries, at: wall)
        trace.note("\(scenario.topics[topic]) \(version) is \(Trace.text(patch))")
    }

    func closed(_ code: Code) {
        switch code {
        case .tooSlow, .heartbeatMissed, .tokenExpired, .tokenInvalid, .inactive,
            .authenticationLate, .tooManyProblems, .draining, .goodbye:
            break
        default: fail("the server closed a connection with \(code.rawValue)")
        }
    }

    /// Rule 14: what waits for a reader is bounded, however slow it is. Frames go while no more
    /// than the window waits, so one may exceed it, or a snapshot and the diff behind it, with a
    /// word on either; a name has room of its own, which its last event may exceed.
    func checkCost(_ line: Line) {
        let window = Int(scenario.terms.unconfirmedBytes)
        let words = 320
        let bound = window + line.largest * 2 + words + line.named * (window / 4 + line.largest)
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
        case .postponed(_, let code):
            if code != .storeFailed { fail("client \(client.number) was put off with \(code)") }
        case .outcome(let id, let outcome): learned(id, outcome, client, line)
        case .problem(let problem):
            switch problem.code {
            case .tokenInvalid, .tokenExpired, .notAllowed, .unknownMessage: break
            // A hash is asked for of whatever is watched, also where there is none.
            case .wrongKind: break
            case .malformed where line.encoding == .json: break
            default: fail("client \(client.number) was told \(problem)")
            }
        case .signal(let signal): signalled(signal, client, line)
        case .page(let page): paged(page, client, line)
        case .authenticated, .subscribed, .stale, .lag, .event, .drain, .closing: break
        }
    }

    /// What a client sees of a topic. Who is there may be seen, whole, by whoever may see anything.
    func lens(_ wanted: Client.Wanted, _ token: Tokens.Token) -> Lens {
        let seesAll =
            scenario.kinds[wanted.topic] == .roster && !Scenario.allowed[token.allowed].isNothing
        return Lens.of(asked: wanted.asked, allowed: seesAll ? 0 : token.allowed)
    }

    /// What a client shows is what the model has, at that version, through that lens; exactly.
    private func compare(
        _ id: UInt64, _ client: Client, _ line: Line, _ tokens: Tokens, isSnapshot: Bool = false
    ) {
        guard let subscription = client.session[id], !subscription.awaitsSnapshot,
            let place = client.wanted.firstIndex(where: { $0.id == id }),
            scenario.isDocument(client.wanted[place].topic)
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
        let lens = lens(wanted, tokens[token])
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
        // A reader's name may be taken by who came later, even by what the same client said before.
        if code == .replaced { return }
        guard let token = line.acceptedToken else {
            fail("client \(client.number) was refused before a token was accepted")
            return
        }
        let lens = lens(client.wanted[place], tokens[token])
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
}

extension Publish.Change {
    /// An event as a change of a document that holds the last event.
    var asPatch: Patch {
        switch self {
        case .patch(let patch): patch
        case .event(let data): Patch(set: ["event": data])
        }
    }
}
