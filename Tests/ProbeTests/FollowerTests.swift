import Testing
import Wire

@testable import Probe

/// The lean client of a load run, against the whole one of Wire on the same bytes.
@Suite("A follower") struct FollowerTests {
    /// A server's side for one view, which says right and wrong things by the seed.
    private struct Source {
        var document = Document()
        let view: Document.ViewID
        var generator: SeededGenerator
        let encoding: Encoding
        let epoch: Text = "epoch-1"
        /// The first part of a snapshot is out, and so the last follows.
        var isPartial = false

        init(seed: UInt64, _ encoding: Encoding) throws {
            generator = SeededGenerator(seed: seed)
            self.encoding = encoding
            let made = document.addView(.everything)
            view = try #require(made)
            for _ in 0..<5 { change() }
        }

        mutating func change() {
            var patch = Patch()
            let name = Text("f\(UInt64.random(in: 0..<6, using: &generator))")
            if UInt64.random(in: 0..<5, using: &generator) == 0 {
                patch.unset = [Path([name])]
            } else {
                patch.set[name] = .unsigned(UInt64.random(in: 0..<1_000, using: &generator))
            }
            _ = try? document.apply(patch)
        }

        mutating func diff(from: UInt64) -> Message {
            .diff(
                Diff(
                    view: 7, from: from, to: document.version,
                    content: document.diff(from: from, in: view)))
        }

        mutating func snapshot(isRight: Bool = true, part: UInt64 = 0, isLast: Bool = true)
            -> Message
        {
            let hash = document.hash(of: view)
            return .snapshot(
                Snapshot(
                    view: 7, epoch: epoch, version: document.version,
                    document: document.snapshot(of: view), part: part,
                    hash: !isLast ? nil : isRight ? hash : ViewHash(hash.word ^ 1)))
        }

        mutating func hash(isRight: Bool) -> Message {
            let hash = document.hash(of: view)
            return .hash(
                HashReport(
                    view: 7, version: document.version,
                    hash: isRight ? hash : ViewHash(hash.word ^ 1)))
        }

        func subscribed(_ verdict: Subscribed.Verdict) -> Message {
            .subscribed(
                Subscribed(
                    id: 1, view: 7, verdict: verdict, kind: .state,
                    cursor: Cursor(epoch: epoch, version: document.version, print: "p")))
        }

        /// Something that a server may say, or should not.
        mutating func next(held: UInt64) -> Message {
            if isPartial {
                isPartial = false
                return snapshot(isRight: document.version % 3 > 0, part: 1)
            }
            switch UInt64.random(in: 0..<20, using: &generator) {
            case 0...8:
                change()
                return diff(from: document.version - 1)
            case 9:
                change()
                change()
                return diff(from: document.version - 1)
            case 10: return diff(from: document.version - 1)
            case 11: return hash(isRight: false)
            case 12, 13: return hash(isRight: true)
            case 14: return snapshot()
            case 15: return snapshot(isRight: false)
            case 16, 17:
                isPartial = true
                return snapshot(isLast: false)
            case 18: return .ping(Ping(nonce: document.version))
            default:
                let holds = held > 0 && document.reaches(held)
                return subscribed(
                    !holds ? .snapshot : held == document.version ? .continued : .caughtUp)
            }
        }

        func bytes(_ message: Message) -> [UInt8] { message.encoded(encoding) }
    }

    private func session(_ encoding: Encoding) -> ClientSession {
        var session = ClientSession(
            ClientSession.Settings(
                encoding: encoding, token: "t", instance: "i", agent: "fieldcast-probe"))
        _ = session.subscribe("topic")
        return session
    }

    private let words = Follower.Words(
        topic: "topic", fields: nil, hash: false, token: "t", instance: "i")

    @Test(
        "It notices, says and holds what Wire's client does, alone or in company",
        arguments: [Encoding.messagePack, .json])
    func likeWire(encoding: Encoding) throws {
        var kinds: Set<String> = []
        for seed in 1...60 as ClosedRange<UInt64> {
            var source = try Source(seed: seed, encoding)
            var generator = SeededGenerator(seed: seed)
            var session = session(encoding)
            let book = StateBook(fields: 6, keepsHashes: seed % 2 == 0)
            // Two who receive the same: what the first found out, the second only follows.
            var pair = [Follower(encoding), Follower(encoding)]
            var now = Instant(nanoseconds: 1_000_000_000)
            session.connected(now: now)
            for i in pair.indices { pair[i].connected(now: now) }
            let script: [Message] = [
                .opened(Opened(version: 1, features: [], connection: "c", terms: Terms())),
                .authenticated(Authenticated(principal: "p", tenant: "t", expires: nil)),
                source.subscribed(.snapshot),
                source.snapshot(),
            ]
            for step in 0..<120 {
                now = now + .milliseconds(UInt64.random(in: 1...900, using: &generator))
                let held = session.subscriptions.first?.mirror.version ?? 0
                let message = step < script.count ? script[step] : source.next(held: held)
                var bytes = source.bytes(message)
                if step > 8, step % 37 == 0, !source.isPartial { bytes.removeLast() }
                session.received(bytes.span, now: now, using: &generator)
                let expected = session.nextNotice()
                #expect(session.nextNotice() == nil)
                kinds.insert(expected.map { "\($0)".prefix { $0 != "(" } + "" } ?? "nothing")
                session.reached(now)
                var said: [Message] = []
                while let message = session.nextMessage(now: now) { said.append(message) }
                for i in pair.indices {
                    let before = pair[i].version
                    pair[i].hear(bytes.count, now)
                    var notice: ClientSession.Notice?
                    if pair[i].follow(bytes.span) {
                        notice = .changed(id: 1, versions: pair[i].version - before)
                    } else {
                        notice = pair[i].received(bytes.span, now: now, book)
                    }
                    #expect(notice == expected, "seed \(seed), step \(step)")
                    pair[i].reached(now, book.terms)
                    var own: [Message] = []
                    while let message = pair[i].nextMessage(now: now, book.terms, { words }) {
                        own.append(message)
                    }
                    #expect(own == said, "seed \(seed), step \(step)")
                    let mirror = try #require(session.subscriptions.first).mirror
                    #expect(pair[i].version == mirror.version)
                    #expect((pair[i].state?.hash ?? ViewHash()) == mirror.hash)
                }
                #expect(pair[0].state === pair[1].state, "seed \(seed), step \(step)")
            }
        }
        for kind in ["changed", "stale", "gap", "snapshot", "diverged", "proven", "malformed"] {
            #expect(kinds.contains(kind), "the seeds never came to \(kind)")
        }
    }

    @Test("One byte of difference parts two who shared a state")
    func parting() throws {
        var source = try Source(seed: 1, .messagePack)
        let book = StateBook(fields: 6, keepsHashes: false)
        var pair = [Follower(.messagePack), Follower(.messagePack)]
        let now = Instant(nanoseconds: 1)
        func give(_ bytes: [UInt8], _ i: Int) {
            if !pair[i].follow(bytes.span) {
                _ = pair[i].received(bytes.span, now: now, book)
            }
        }
        let opening = [source.subscribed(.snapshot), source.snapshot()].map { source.bytes($0) }
        for i in pair.indices {
            pair[i].connected(now: now)
            for bytes in opening { give(bytes, i) }
        }
        #expect(pair[0].state === pair[1].state)

        let from = source.document.version
        var patch = Patch()
        patch.set["f0"] = 1
        _ = try source.document.apply(patch)
        let right = source.bytes(source.diff(from: from))
        var wrong = right
        wrong[right.count - 1] = 2
        give(right, 0)
        give(wrong, 1)
        #expect(pair[0].version == pair[1].version)
        #expect(pair[0].state !== pair[1].state)
        #expect(pair[0].state?.hash == source.document.hash(of: source.view))
        #expect(pair[1].state?.hash != source.document.hash(of: source.view))
        // The proof finds the one and not the other.
        let proof = source.bytes(source.hash(isRight: true))
        #expect(
            pair[0].received(proof.span, now: now, book)
                == .proven(id: 1, version: source.document.version))
        #expect(
            pair[1].received(proof.span, now: now, book)
                == .diverged(id: 1, version: source.document.version))
    }

    @Test("States that nobody holds and that are no longer new are let go")
    func bounded() throws {
        var source = try Source(seed: 1, .messagePack)
        let book = StateBook(fields: 100_000, keepsHashes: false)
        var follower = Follower(.messagePack)
        let now = Instant(nanoseconds: 1)
        follower.connected(now: now)
        _ = follower.received(source.bytes(source.subscribed(.snapshot)).span, now: now, book)
        _ = follower.received(source.bytes(source.snapshot()).span, now: now, book)
        weak var early: SharedState?
        for step in 0..<40 {
            let from = source.document.version
            source.change()
            _ = follower.received(source.bytes(source.diff(from: from)).span, now: now, book)
            if step == 2 { early = follower.state }
        }
        #expect(early == nil)
        #expect(follower.state?.hash == source.document.hash(of: source.view))
    }
}
