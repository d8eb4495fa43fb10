internal import Transport
internal import Wire

/// Events beside the document: one client appends them at their times, and each worker reads them
/// under a durable name of its own, acknowledges, refuses every fiftieth once, and gives credit.
extension LoadRun {
    var appender: VirtualClient? {
        plan.workers > 0 ? clients[plan.publishers + plan.connections] : nil
    }
    var workers: ArraySlice<VirtualClient> {
        plan.workers > 0 ? clients[(plan.publishers + plan.connections + 1)...] : []
    }

    var eventSchedule: Schedule {
        Schedule(rate: plan.eventRate, length: plan.length, shape: .steady)
    }

    /// The appender and the workers, behind all others.
    func addWorkers(_ now: Instant, _ token: (Int) -> Text) {
        guard plan.workers > 0 else { return }
        let first = clients.count
        for n in first...first + plan.workers {
            let speaker = Speaker(token: token(n), instance: instance(of: n))
            if n > first {
                speaker.events = EventAudit()
                _ = speaker.session.subscribe(
                    Text(plan.eventTopic), name: Text("probe-\(plan.seed)-\(n - first)"),
                    start: .now, credit: EventAudit.window)
            }
            clients.append(
                VirtualClient(
                    number: n, role: n == first ? .appender : .worker, encoding: .messagePack,
                    speaker: speaker, connectAt: now))
        }
    }

    /// What an appender or a worker hears.
    func takeEvent(_ notice: ClientSession.Notice, _ client: VirtualClient, _ now: Instant) {
        guard let speaker = client.speaker else { return }
        switch notice {
        case .authenticated:
            stages.authenticate.record(now.since(client.openedAt))
            if case .appender = client.role { eventSideReady(client) }
        case .subscribed(let id, _):
            guard speaker.session[id]?.kind == .event else {
                openProblem = "\(plan.eventTopic) is no topic of events"
                return enter(.over, now)
            }
            guard let cursor = speaker.session[id]?.cursor else { return }
            speaker.events?.began(at: cursor.version)
            speaker.events?.connected()
            eventSideReady(client)
        case .event(let id, let event, _): heard(event, id, speaker, now)
        case .outcome(let id, .acknowledged(let sequence)):
            guard let entry = speaker.pending.removeValue(forKey: id) else { return }
            account.acknowledgedEvents += 1
            lastSequence = max(lastSequence, sequence)
            stages.eventAck.record(now.since(Instant(nanoseconds: entry.intended)))
        case .outcome(let id, .refused(let nack)):
            speaker.pending[id] = nil
            account.refused += 1
            errors.add("an event was refused with code \(nack.code.rawValue)")
        case .unsubscribed(_, let code):
            errors.add("a worker was told unsubscribed \(code?.rawValue ?? 0)")
            if phase <= .connecting {
                openProblem =
                    "\(plan.eventTopic) cannot be read under a name: code \(code?.rawValue ?? 0)"
                enter(.over, now)
            }
        case .outcome(_, .unknown):
            if phase <= .connecting {
                openProblem = "\(plan.eventTopic) cannot be read under a name"
                enter(.over, now)
            }
        case .problem(let problem): errors.add("error \(problem.code.rawValue): \(problem.reason)")
        case .malformed(let error):
            client.audit.malformed += 1
            errors.add("malformed: \(error)")
        case .closing(let close):
            errors.add("closing, code \(close.code.rawValue): \(close.reason)")
        default: break
        }
    }

    private func eventSideReady(_ client: VirtualClient) {
        guard client.stage == .opening else { return }
        client.stage = .ready
        client.wasReady = true
        client.backoff.reset()
        workersReady += 1
    }

    private func heard(_ event: Event, _ id: UInt64, _ speaker: Speaker, _ now: Instant) {
        var number: UInt64?
        if case .map(let map) = event.data, map["run"] == .unsigned(plan.seed) {
            if case .number(let n)? = map["n"] { number = n.uint64 }
        }
        let isFirst = event.sequence > speaker.events?.highest ?? 0
        if let number, isFirst, number < UInt64(eventSchedule.count) {
            let meant = measureStart + eventSchedule.offset(of: Int(number))
            stages.eventReceipt.record(now.since(meant))
        }
        switch speaker.events?.received(event, number: number) {
        case .done?: speaker.session.done(id, event.sequence)
        case .refuse?: speaker.session.refuse(id, event.sequence, .notNow, after: 100)
        case nil: break
        }
        if let more = speaker.events?.creditDue() {
            speaker.session.say(.credit(Credit(id: id, amount: more)))
        }
    }

    /// Appends what was meant for now or before.
    func appendDue(_ now: Instant) {
        guard phase == .measuring, let client = appender, let speaker = client.speaker else {
            return
        }
        while nextEvent < eventSchedule.count {
            let meant = measureStart + eventSchedule.offset(of: nextEvent)
            guard meant <= now else { break }
            let data: Value = ["run": .unsigned(plan.seed), "n": .unsigned(UInt64(nextEvent))]
            let id = speaker.session.publish(Text(plan.eventTopic), .event(data))
            speaker.pending[id] = VersionTable.Entry(
                intended: meant.nanoseconds, sent: 0, views: 0)
            nextEvent += 1
            account.events += 1
            pump(client, now)
        }
    }

    /// Whether all that was meant to be appended is.
    var isAppended: Bool {
        plan.workers == 0
            || nextEvent >= eventSchedule.count && appender?.speaker?.pending.isEmpty == true
    }

    /// Whether every worker has done all of it.
    var isWorkDone: Bool {
        workers.allSatisfy {
            guard let events = $0.speaker?.events else { return true }
            return events.highest >= lastSequence && events.isSettled
        }
    }

    /// All workers together, once the run is over.
    func eventAudit() -> EventAudit? {
        guard plan.workers > 0 else { return nil }
        var sum = EventAudit()
        for client in workers {
            guard var events = client.speaker?.events else { continue }
            if phase == .over, lastSequence > 0 { events.settle(at: lastSequence) }
            sum.add(events)
        }
        return sum
    }
}
