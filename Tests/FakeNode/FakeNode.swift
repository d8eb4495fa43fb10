package import Transport
package import Wire

/// A small server of state topics on a thread of its own, right but for the faults that it is
/// told to have.
package final class FakeNode: Service {
    private final class Peer {
        let encoding: Encoding
        var session: ServerSession
        var views: [(topic: Text, number: Int, hash: Bool)] = []
        var held: [UInt8]?

        init(_ encoding: Encoding, _ session: ServerSession) {
            self.encoding = encoding
            self.session = session
        }
    }

    private struct Late {
        let at: Instant
        let id: ConnectionID
        let bytes: [UInt8]
        let binary: Bool
        let arrived: Instant?
    }

    private final class Topic {
        var document = Document()
        let epoch: Text = "epoch-1"
        var masks: [Mask] = []
        var views: [Document.ViewID] = []
        /// The version of the newest frame of each view.
        var told: [UInt64] = []
    }

    private let loop: Loop
    private let faults: Faults
    private var peers: [ConnectionID: Peer] = [:]
    /// The ids of the peers, in the order in which they came.
    private var order: [ConnectionID] = []
    private var topics: [Text: Topic] = [:]
    private var writer = Writer()
    private var sentDiffs = 0
    private var sentHashes = 0
    private var patches = 0
    private var stalledUntil = Instant(nanoseconds: 0)
    private var kept: [(ConnectionID, [UInt8], Bool)] = []
    /// Diffs that are sent later, on purpose.
    private var late: [Late] = []
    /// For how long each diff was kept here, from the patch's coming to the diff's going.
    package private(set) var keptTimes: [Interval] = []
    private var arrived = Instant(nanoseconds: 0)
    private var isMeasured = false
    /// Told when the last of the connections is gone.
    package var whenEmpty: (() -> Void)?

    package init(_ loop: Loop, _ faults: Faults) {
        self.loop = loop
        self.faults = faults
    }

    /// Runs one until `stop`; returns where it is.
    package struct Running {
        package let address: SocketAddress
        private let mailbox: Mailbox<Bool>
        private let thread: LoopThread

        package init(_ faults: Faults = Faults()) throws {
            let made = try Latch<(SocketAddress, Mailbox<Bool>)?>()
            thread = try LoopThread {
                guard let loop = try? Loop(LoopLimits(), on: .auto),
                    let address = try? loop.listen(at: .loopback(port: 0))
                else { return made.open(with: nil) }
                let node = FakeNode(loop, faults)
                node.mailbox = Mailbox(limit: 4, waking: loop.waker)
                made.open(with: node.mailbox.map { (address, $0) })
                loop.run(node)
            }
            guard let found = made.wait() else { throw Errno.unsupported }
            (address, mailbox) = found
        }

        package func stop() {
            _ = mailbox.post(true)
            thread.join()
        }
    }

    private var mailbox: Mailbox<Bool>?

    package func woken() {
        if mailbox?.collect().isEmpty == false { loop.stop(within: .milliseconds(200)) }
    }

    // MARK: Connections

    package func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        request.path == "/v1/ws"
            ? .upgrade(subprotocol: request.subprotocols.first)
            : .respond(HTTPResponse(.notFound))
    }

    package func opened(_ id: ConnectionID, subprotocol: String?) {
        guard let subprotocol, let encoding = Encoding(subprotocol: Text(subprotocol)) else {
            return loop.close(id, code: .policyViolation)
        }
        var terms = Terms()
        // Short, so that clients say in every run how far they have come.
        terms.unconfirmedTime = 300
        let session = ServerSession(connection: "fake", terms: terms, now: loop.now)
        peers[id] = Peer(encoding, session)
        order.append(id)
    }

    package func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        peers[id] = nil
        order.removeAll { $0 == id }
        if order.isEmpty { whenEmpty?() }
    }

    package func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        var bytes: [UInt8] = []
        for i in message.indices { bytes.append(message[i]) }
        if loop.now < stalledUntil || !kept.isEmpty { return kept.append((id, bytes, binary)) }
        take(bytes, binary, id)
    }

    package func reached(_ now: Instant) {
        let due = kept
        if now >= stalledUntil {
            kept = []
            for (id, bytes, binary) in due { take(bytes, binary, id) }
        }
        while let first = late.first, first.at <= now {
            late.removeFirst()
            say(first.bytes, first.binary, first.id)
            if let arrived = first.arrived { keptTimes.append(System.now.since(arrived)) }
        }
        rest()
    }

    private func rest() {
        let stall = stalledUntil > loop.now ? stalledUntil : nil
        let soonest = [stall, late.first?.at].compactMap { $0 }.min()
        loop.wake(at: soonest)
    }

    private func take(_ bytes: [UInt8], _ binary: Bool, _ id: ConnectionID) {
        guard let peer = peers[id] else { return }
        let now = loop.now
        let reaction: ServerSession.Reaction
        do throws(MessageError) {
            let message =
                binary ? try Message(messagePack: bytes.span) : try Message(json: bytes.span)
            reaction = peer.session.received(message, now: now)
        } catch {
            reaction = peer.session.received(error, now: now)
        }
        react(reaction, id, peer)
        rest()
    }

    private func react(_ reaction: ServerSession.Reaction, _ id: ConnectionID, _ peer: Peer) {
        switch reaction {
        case .none: break
        case .answer(.pong(let pong)) where faults.mixesNonces:
            send(.pong(Pong(nonce: pong.nonce + 1)), id, peer)
        case .answer(.error) where faults.isMute: break
        case .answer(let message): send(message, id, peer)
        case .verify(let token):
            let verdict =
                !faults.trustsAnybody && !["good", "good-token"].contains(token)
                ? peer.session.rejected(.tokenInvalid, "no")
                : peer.session.accepted(
                    principal: "somebody", tenant: "test", lifetime: nil, now: loop.now)
            react(verdict, id, peer)
        case .close(let code, let reason):
            loop.close(
                id, code: CloseCode(rawValue: UInt16(3000 + code.rawValue)),
                reason: reason.string)
        case .pass(let message): pass(message, id, peer)
        }
    }

    private func encoded(_ message: Message, _ encoding: Encoding) -> [UInt8] {
        writer.clear()
        switch encoding {
        case .json: message.write(json: &writer)
        case .messagePack: message.write(messagePack: &writer)
        }
        return writer.bytes()
    }

    private func send(_ message: Message, _ id: ConnectionID, _ peer: Peer) {
        say(encoded(message, peer.encoding), peer.encoding == .messagePack, id)
    }

    /// Everything leaves here, and is counted: a client that is slow says how far it has come, and
    /// may not have come further than it was sent.
    private func say(_ bytes: [UInt8], _ binary: Bool, _ id: ConnectionID) {
        peers[id]?.session.flow.add(bytes.count, now: loop.now)
        _ = loop.send(message: bytes.span, binary: binary, to: id)
    }

    // MARK: Topics

    private func pass(_ message: Message, _ id: ConnectionID, _ peer: Peer) {
        switch message {
        case .subscribe(let request): subscribe(request, id, peer)
        case .unsubscribe(let body):
            send(.unsubscribed(Unsubscribed(id: body.id)), id, peer)
        case .publish(let body): publish(body, id, peer)
        case .hash(let report):
            guard let view = peer.views.first(where: { UInt64($0.number) == report.view }),
                let topic = topics[view.topic]
            else { return }
            if report.hash != nil {
                sendSnapshot(topic, view.number, id, peer)
            } else {
                sendHash(topic, view.number, id, peer)
            }
        default: break
        }
    }

    private func topic(_ name: Text) -> Topic {
        if let topic = topics[name] { return topic }
        let topic = Topic()
        topics[name] = topic
        return topic
    }

    private func subscribe(_ request: Subscribe, _ id: ConnectionID, _ peer: Peer) {
        let topic = topic(request.topic)
        let mask = request.fields ?? .everything
        let number: Int
        if let known = topic.masks.firstIndex(of: mask) {
            number = known
        } else if let view = topic.document.addView(mask) {
            number = topic.masks.count
            topic.masks.append(mask)
            topic.views.append(view)
            topic.told.append(topic.document.version)
        } else {
            return send(.nack(Nack(id: request.id, code: .tooMany)), id, peer)
        }
        peer.views.removeAll { $0.topic == request.topic && $0.number == number }
        peer.views.append((request.topic, number, request.hash))
        let version = topic.document.version
        let cursor = Cursor(epoch: topic.epoch, version: version, print: Text("v\(number)"))
        var verdict = Subscribed.Verdict.snapshot
        var from: UInt64 = 0
        if let held = request.cursor, held.epoch == topic.epoch, held.print == cursor.print,
            topic.document.reaches(held.version)
        {
            from = held.version
            verdict = from == version ? .continued : .caughtUp
        }
        send(
            .subscribed(
                Subscribed(
                    id: request.id, view: UInt64(number), verdict: verdict, kind: .state,
                    cursor: cursor)), id, peer)
        if verdict == .snapshot {
            sendSnapshot(topic, number, id, peer)
        } else if verdict == .caughtUp {
            // Names that were given aliases while the client was away are told with what it missed.
            let view = topic.views[number]
            let isBinary = peer.encoding == .messagePack
            let diff = Diff(
                view: UInt64(number), from: from, to: version,
                content: topic.document.diff(from: from, in: view),
                definitions: isBinary ? topic.document.definitions(after: from, in: view) : [])
            send(.diff(diff), id, peer)
        }
    }

    private func sendSnapshot(_ topic: Topic, _ number: Int, _ id: ConnectionID, _ peer: Peer) {
        let view = topic.views[number]
        send(
            .snapshot(
                Snapshot(
                    view: UInt64(number), epoch: topic.epoch, version: topic.document.version,
                    document: topic.document.snapshot(of: view),
                    hash: topic.document.hash(of: view),
                    definitions: topic.document.definitions(after: 0, in: view))), id, peer)
    }

    private func sendHash(_ topic: Topic, _ number: Int, _ id: ConnectionID, _ peer: Peer) {
        sentHashes += 1
        var hash = topic.document.hash(of: topic.views[number])
        if sentHashes == faults.wrongHashAfter + 1, faults.wrongHashAfter > 0 {
            hash = ViewHash(hash.word ^ 1)
        }
        send(
            .hash(
                HashReport(view: UInt64(number), version: topic.document.version, hash: hash)),
            id, peer)
    }

    private func publish(_ body: Publish, _ id: ConnectionID, _ peer: Peer) {
        guard case .patch(let patch) = body.change, !faults.refuses else {
            return send(
                .nack(Nack(id: body.id, code: .notAllowed, reason: "not here")), id, peer)
        }
        let topic = topic(body.topic)
        do throws(PatchRefusal) {
            _ = try topic.document.apply(patch)
        } catch {
            return send(.nack(Nack(id: body.id, code: .invalidPatch)), id, peer)
        }
        patches += 1
        // What opens and closes a run is not measured there either.
        isMeasured = patch.set["probe"] == nil
        arrived = System.now
        send(.ack(Ack(id: body.id, version: topic.document.version)), id, peer)
        broadcast(body.topic, topic)
        if faults.stallsAfter > 0, patches == faults.stallsAfter {
            stalledUntil = loop.now + faults.stall
        }
    }

    private func broadcast(_ name: Text, _ topic: Topic) {
        var diffs: [Int: (packed: [UInt8], json: [UInt8])] = [:]
        for number in topic.views.indices {
            var packed = Writer()
            let before = topic.told[number]
            guard
                topic.document.writeDiff(
                    from: before, in: topic.views[number], number: UInt64(number), to: &packed)
            else { continue }
            let content = topic.document.diff(from: before, in: topic.views[number])
            let diff = Diff(
                view: UInt64(number), from: before, to: topic.document.version, content: content)
            topic.told[number] = topic.document.version
            diffs[number] = (packed.bytes(), encoded(.diff(diff), .json))
        }
        for id in order {
            guard let peer = peers[id] else { continue }
            for view in peer.views where view.topic == name {
                guard let diff = diffs[view.number] else { continue }
                let binary = peer.encoding == .messagePack
                deliver(binary ? diff.packed : diff.json, binary, id, peer)
                if view.hash { sendHash(topic, view.number, id, peer) }
            }
        }
    }

    /// Sends a diff, unless a fault is due.
    private func deliver(_ bytes: [UInt8], _ binary: Bool, _ id: ConnectionID, _ peer: Peer) {
        sentDiffs += 1
        func isDue(_ n: Int) -> Bool { n > 0 && sentDiffs % n == 0 }
        if isDue(faults.losesOneIn) { return }
        if faults.lateOfThousand > 0,
            Int(UInt64(sentDiffs) &* 0x9e37_79b9_7f4a_7c15 >> 32 % 1_000) < faults.lateOfThousand
        {
            late.append(
                Late(
                    at: System.now + faults.late, id: id, bytes: bytes, binary: binary,
                    arrived: isMeasured ? arrived : nil))
            return
        }
        if isDue(faults.swapsOneIn), peer.held == nil {
            peer.held = bytes
            return
        }
        var bytes = bytes
        if faults.wrongValueAfter > 0, sentDiffs == faults.wrongValueAfter {
            // The last byte of the last value: a digit in JSON, a part of a number in binary.
            spoil(&bytes, binary)
        }
        say(bytes, binary, id)
        if isMeasured, faults.lateOfThousand > 0 {
            keptTimes.append(System.now.since(arrived))
        }
        if let held = peer.held {
            peer.held = nil
            say(held, binary, id)
        }
        if isDue(faults.repeatsOneIn) { say(bytes, binary, id) }
    }

    private func spoil(_ bytes: inout [UInt8], _ binary: Bool) {
        guard let place = bytes.lastIndex(where: { $0 >= 0x31 && $0 <= 0x38 }) else { return }
        bytes[place] += 1
    }
}
