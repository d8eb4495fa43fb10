internal import Transport
internal import Wire

/// What is published and what comes.
extension LoadRun {
    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        guard let client = client(of: id) else { return }
        let now = System.now
        let held = client.version
        account.receivedBytes += UInt64(message.count)
        account.messages += 1
        if let speaker = client.speaker {
            speaker.session.received(message, now: now, using: &generator)
            while let notice = speaker.session.nextNotice() {
                if client.isOfEvents {
                    takeEvent(notice, client, now)
                } else {
                    take(notice, client, message, held, now)
                }
            }
            return pump(client, now)
        }
        hear(message, client, held, now)
    }

    /// A subscriber's message, however it came.
    func received(_ message: Span<UInt8>, _ client: VirtualClient) {
        account.receivedBytes += UInt64(message.count)
        account.messages += 1
        hear(message, client, client.version, System.now)
    }

    @inline(__always)
    private func hear(
        _ message: Span<UInt8>, _ client: VirtualClient, _ held: UInt64, _ now: Instant
    ) {
        client.follower.hear(message.count, now)
        if client.follower.follow(message) {
            changed(client, held, client.version - held, now)
        } else {
            receivedOther(message, client, held, now)
        }
        if client.second != nil { second(client, message) }
        applySampler &+= 1
        if applySampler & 63 == 0 { stages.apply.record(System.now.since(now)) }
        pump(client, now)
    }

    private func receivedOther(
        _ message: Span<UInt8>, _ client: VirtualClient, _ held: UInt64, _ now: Instant
    ) {
        switch client.follower.received(message, now: now, book) {
        case .changed(_, let versions)?: changed(client, held, versions, now)
        case let notice?: take(notice, client, message, held, now)
        case nil:
            // A follower that waits to resume drops diffs without a word; the audit looks at them.
            if client.audit.isMissing, let span = DiffSpan(message, client.encoding) {
                client.audit.dropped(span)
            }
        }
    }

    /// What the naive mirror of a client makes of the same bytes.
    private func second(_ client: VirtualClient, _ message: Span<UInt8>) {
        let bytes = [UInt8](capacity: message.count) { output in
            for i in message.indices { output.append(message[i]) }
        }
        switch client.second?.received(bytes) {
        case .nonsense?, .compared(false)?: client.audit.contradicted += 1
        case .nothing?, .compared(true)?, nil: break
        }
    }

    @inline(__always)
    private func changed(
        _ client: VirtualClient, _ held: UInt64, _ versions: UInt64, _ now: Instant
    ) {
        client.audit.receipts += 1
        if client.awaitsCatchUp {
            client.awaitsCatchUp = false
            client.servedAlone = held + versions
        }
        let to = held + versions
        if phase == .measuring || phase == .settling && to < head {
            account.receipts += 1
            current.receipts += 1
        }
        table.received(after: held, to: to, view: client.view, at: now) { sample in
            record(sample)
        }
        reachedHead(client, held, to)
    }

    @inline(__always)
    private func record(_ sample: VersionTable.Sample) {
        stages.receipt.record(sample.corrected)
        stages.uncorrected.record(sample.uncorrected)
        second.record(sample.corrected)
    }

    private func reachedHead(_ client: VirtualClient, _ held: UInt64, _ version: UInt64) {
        if phase == .settling, head > 0, version >= head, held < head { atHead += 1 }
    }

    private func take(
        _ notice: ClientSession.Notice, _ client: VirtualClient, _ bytes: Span<UInt8>,
        _ held: UInt64, _ now: Instant
    ) {
        switch notice {
        case .changed: break
        case .authenticated:
            stages.authenticate.record(now.since(client.openedAt))
            client.authenticatedAt = now
            if case .publisher(let n) = client.role { publisherReady(client, n, now) }
        case .subscribed(_, let verdict):
            client.servedAlone = client.version
            client.awaitsCatchUp = verdict == .caughtUp
            if verdict == .continued || verdict == .caughtUp { subscriberReady(client, now) }
        case .snapshot:
            client.audit.snapshots += 1
            client.servedAlone = client.version
            let version = client.version
            if client.stage == .ready { reachedHead(client, held, version) }
            if !client.wasReady || phase < .measuring { client.start = version }
            subscriberReady(client, now)
        case .stale:
            let to = DiffSpan(bytes, client.encoding)?.to ?? held
            let excused = client.servedAlone == to || client.mayHearAgain && to == held
            client.audit.stale(to: to, held: held, servedAlone: excused)
            client.servedAlone = nil
            client.mayHearAgain = false
        case .gap:
            let span = DiffSpan(bytes, client.encoding)
            client.audit.gap(from: span?.from ?? held + 1, held: held)
        case .proven(_, let version):
            client.audit.proven += 1
            heardProof(client, version)
            if client.finalProof == .asked, version >= head { settleProof(client, .given) }
        case .diverged(_, let version):
            client.audit.diverged += 1
            heardProof(client, version)
            if client.finalProof == .asked { settleProof(client, .failed) }
        case .malformed(let error):
            client.audit.malformed += 1
            errors.add("malformed: \(error)")
        case .lag(_, let lag):
            if lag.rung != .none { client.audit.lags += 1 }
            client.awaitsCatchUp = true
        case .outcome(let id, let outcome): answered(client, id, outcome, now)
        case .unsubscribed(_, let code):
            errors.add("unsubscribed" + (code.map { " with code \($0.rawValue)" } ?? ""))
        case .postponed(_, let code): errors.add("put off with code \(code.rawValue)")
        case .problem(let problem):
            errors.add("error \(problem.code.rawValue): \(problem.reason)")
        case .closing(let close):
            errors.add("closing, code \(close.code.rawValue): \(close.reason)")
        case .event, .signal, .page, .drain: break
        }
    }

    private func heardProof(_ client: VirtualClient, _ version: UInt64) {
        guard client.awaitsProof else { return }
        client.awaitsProof = false
        client.servedAlone = version
    }

    func settleProof(_ client: VirtualClient, _ proof: VirtualClient.Proof) {
        client.finalProof = proof
        proofsDue -= 1
    }

    private func subscriberReady(_ client: VirtualClient, _ now: Instant) {
        guard client.stage == .opening else { return }
        client.stage = .ready
        client.backoff.reset()
        readyCount += 1
        stages.subscribe.record(now.since(client.authenticatedAt))
        client.wasReady = true
        if phase == .settling, head > 0, client.version >= head { atHead += 1 }
    }

    // MARK: Publishing

    private func publisherReady(_ client: VirtualClient, _ n: Int, _ now: Instant) {
        client.stage = .ready
        client.backoff.reset()
        let first = !client.wasReady
        client.wasReady = true
        if n == 0, first, phase == .creating {
            publish(client, script.opening(), now)
        }
    }

    private func publish(_ client: VirtualClient, _ step: Script.Step, _ meant: Instant) {
        guard let speaker = client.speaker else { return }
        let id = speaker.session.publish(Text(plan.topic), .patch(step.patch))
        speaker.pending[id] = VersionTable.Entry(
            intended: meant.nanoseconds, sent: 0, views: step.views)
    }

    /// Publishes what was meant for now or before.
    func publishDue(_ now: Instant) {
        guard phase == .measuring else { return }
        while nextPatch < schedule.count {
            let meant = measureStart + schedule.offset(of: nextPatch)
            guard meant <= now else { break }
            let client = clients[nextPatch % plan.publishers]
            publish(client, script.step(of: nextPatch % plan.publishers), meant)
            nextPatch += 1
            account.published += 1
            current.published += 1
            pump(client, now)
        }
    }

    func publishClosing(_ now: Instant) {
        publish(clients[0], script.closing(), now)
        pump(clients[0], now)
        phaseLimit = now + plan.patience
    }

    private func answered(
        _ client: VirtualClient, _ id: UInt64, _ outcome: Wire.Outbox.Outcome, _ now: Instant
    ) {
        guard let speaker = client.speaker else { return }
        switch outcome {
        case .acknowledged(let version):
            guard let entry = speaker.pending.removeValue(forKey: id) else { return }
            switch phase {
            case .creating:
                head = version
                enter(.connecting, now)
            case .connecting, .settling, .proving, .over: break
            case .measuring:
                if script.isClosed, client.number == 0, speaker.pending.isEmpty {
                    head = version
                    table.end(at: version)
                    enter(.settling, now)
                    atHead = subscribers.count { $0.stage == .ready && $0.version >= head }
                    return
                }
                account.acknowledged += 1
                stages.ack.record(now.since(Instant(nanoseconds: entry.intended)))
                stages.ackUncorrected.record(now.since(Instant(nanoseconds: entry.sent)))
                head = max(head, version)
                table.published(version, entry) { record($0) }
            }
        case .refused(let nack):
            speaker.pending[id] = nil
            account.refused += 1
            let reason = nack.reason.map { ": \($0)" } ?? ""
            errors.add("publish refused with code \(nack.code.rawValue)\(reason)")
            if phase == .creating {
                openProblem = "the topic could not be created: code \(nack.code.rawValue)\(reason)"
                enter(.over, now)
            }
        case .postponed: account.postponed += 1
        case .replied, .unknown: break
        }
    }

    // MARK: Seconds

    /// Closes one second of the series.
    func endSecond(_ now: Instant) {
        nextSecond = nextSecond + .seconds(1)
        if nextSecond <= now { nextSecond = now + .seconds(1) }
        current.connected = readyCount
        current.at = now.since(startedAt)
        current.phase = phase
        current.middle = second.percentile(50)
        current.p99 = second.percentile(99)
        current.worst = second.max
        second.clear()
        series.append(current)
        progress?(Progress(run: self, moment: current))
        if phase < .settling { watch?.ask(on: loop) }
        current = Moment()
    }
}
