public import Wire

/// How durable topics are loaded, committed, and begun again when a commit fails.
extension Hub {
    /// What the store is asked to do, in order.
    public mutating func takeStoreRequests() -> [StoreRequest] {
        defer { storeRequests = [] }
        return storeRequests
    }

    /// Hands the turn's changes to the store, one commit for all topics. Called at the end of a
    /// turn, before `flush`.
    mutating func beginCommits() {
        var writes: [TopicWrite] = []
        var places: [Int] = []
        commits += 1
        for place in touched + owing {
            guard let topic = topics[place], topic.settings.isDurable, topic.isReady,
                let write = write(of: topic)
            else { continue }
            writes.append(write)
            places.append(place)
            topic.underWay = topic.batch.answers
            topic.seatedUnderWay = topic.seated
            topic.seated = []
            topic.batch = Topic.Batch()
            topic.standing = .committing(commits, waiting: topic.held)
            topic.held = []
        }
        if !writes.isEmpty {
            counts.commits += 1
            committing.append((commits, places))
            storeRequests.append(.commit(Commit(id: commits, writes: writes)))
        }
    }

    private func write(of topic: Topic) -> TopicWrite? {
        guard let epoch = topic.epoch else { return nil }
        if topic.batch.isLast { return TopicWrite(key: topic.key, epoch: epoch, isLast: true) }
        var names: [DurableName.State] = []
        for i in topic.names.indices where topic.names[i].isDirty {
            names.append(topic.names[i].handOver())
        }
        if topic.batch.isEmpty && names.isEmpty { return nil }
        topic.recordsSinceCheckpoint += topic.batch.records.count
        var checkpoint: TopicCheckpoint?
        if topic.recordsSinceCheckpoint >= topic.recordsPerCheckpoint {
            topic.recordsSinceCheckpoint = 0
            checkpoint = topic.checkpoint
        }
        // A topic that began anew says so even where it holds nothing yet.
        if topic.batch.isAnew || topic.batch.isTrimmed { checkpoint = topic.checkpoint }
        var write = TopicWrite(
            key: topic.key, epoch: epoch, records: topic.batch.records, names: names,
            deadLetters: topic.batch.deadLetters, checkpoint: checkpoint)
        write.settledLetters = topic.batch.settledLetters
        return write
    }

    public mutating func receive(_ answer: StoreAnswer, now: Instant) {
        switch answer {
        case .loaded(let key, let stored):
            // Only who waits for it: another answer may come of a topic that was dropped meanwhile.
            guard let place = places[key], let topic = topics[place],
                case .loading = topic.standing
            else { return }
            topic.failedLoads = 0
            topic.isResting = false
            if Fault.failedCommitKept.isPlanted && topic.version > 0 {
                release(topic, now)
            } else if let stored {
                restore(topic, stored)
            } else if topic.version > 0 {
                // What was taken back was all there ever was of it.
                empty(topic)
            }
            release(topic, now)
        case .loadFailed(let key):
            guard let place = places[key], let topic = topics[place] else { return }
            refuseWaiting(topic, now)
        case .committed(let id):
            for topic in topics(committing: id) {
                for (origin, outcome) in topic.underWay { self.answer(origin, outcome) }
                topic.underWay = []
                letters += topic.seatedUnderWay
                topic.seatedUnderWay = []
                if topic.isGoing { gone(topic) }
                release(topic, now)
            }
        case .failed(let id):
            counts.failedCommits += 1
            for topic in topics(committing: id) { takeBack(topic) }
        case .listed(let list): receive(list)
        }
    }

    /// The topics whose changes were in a commit that has been answered.
    private mutating func topics(committing id: UInt64) -> [Topic] {
        guard let i = committing.firstIndex(where: { $0.id == id }) else { return [] }
        return committing.remove(at: i).places.compactMap { topics[$0] }
    }

    /// The topic may be used again: first what waited for it, in order.
    private mutating func release(_ topic: Topic, _ now: Instant) {
        let waiting: [Request]
        switch topic.standing {
        case .ready: return
        case .loading(let requests), .committing(_, let requests): waiting = requests
        }
        topic.standing = .ready
        if topic.epoch == nil {
            // There is nothing to store, and their names are stored with the first event.
            letters += topic.seated
            topic.seated = []
        }
        flushCommitted(topic, now: now)
        for request in waiting { receive(request, now: now) }
        dropIfUnused(topic)
    }

    /// The commit failed: nobody saw it, so it is as if it had not been. The topic is read again
    /// from the store, and whoever published is told to try again.
    private mutating func takeBack(_ topic: Topic) {
        for (origin, _) in topic.underWay {
            answer(
                origin,
                .refused(.storeFailed, version: nil, reason: "it could not be stored; try again"))
        }
        topic.underWay = []
        topic.seated = topic.seatedUnderWay + topic.seated
        topic.seatedUnderWay = []
        topic.isGoing = false
        if case .committing(_, let waiting) = topic.standing {
            topic.standing = .loading(waiting: waiting)
        }
        for view in topic.views {
            for id in view?.audiences ?? [] { audiences[Int(id.index)]?.isDirty = false }
        }
        storeRequests.append(.load(topic.key))
    }

    /// The topic cannot be read: what waited is refused. While somebody watches it, the store is
    /// asked again after a wait that doubles; otherwise by whoever wants it next.
    private mutating func refuseWaiting(_ topic: Topic, _ now: Instant) {
        guard case .loading(let waiting) = topic.standing else { return }
        var kept: [Request] = []
        for request in waiting where !refuse(request) { kept.append(request) }
        topic.standing = .ready
        topic.epoch = nil
        dropIfUnused(topic)
        if places[topic.key] != nil {
            // Still watched: it stays unknown until the store gives it.
            topic.standing = .loading(waiting: kept)
            topic.isResting = true
            let wait = Interval.milliseconds(100 << UInt64(min(topic.failedLoads, 8)))
            topic.failedLoads += 1
            resting.append((topic.place, now + wait))
        }
    }

    /// Refuses what asks for a topic that cannot be read; false for what must wait.
    mutating func refuse(_ request: Request) -> Bool {
        let reason: Text = "the topic cannot be read"
        switch request {
        case .join(let join):
            letters.append((Int(join.desk), .refused(join.seat, .storeFailed)))
        case .publish(let publication):
            // The server's own changes are made when they can be.
            if publication.origin.isNobody { return false }
            answer(publication.origin, .refused(.storeFailed, version: nil, reason: reason))
        case .past(let wish):
            answer(wish.origin, .refused(.storeFailed, version: nil, reason: reason))
        case .operate(let operation):
            operated.append((operation.number, .refused(.storeFailed)))
        case .signal: break
        // Those who sit already cannot be refused: nobody would ask again for them.
        case .leave, .catchUp, .acknowledge, .presence: return false
        }
        return true
    }

    /// Asks the store again for what it could not give.
    mutating func loadRested(now: Instant) {
        guard !resting.isEmpty else { return }
        for entry in resting where entry.until <= now {
            guard let topic = topics[entry.place], topic.isResting else { continue }
            topic.isResting = false
            storeRequests.append(.load(topic.key))
        }
        resting.removeAll { $0.until <= now }
    }

    /// Makes the topic what the store says it is.
    private mutating func restore(_ topic: Topic, _ stored: StoredTopic) {
        topic.restore(stored, ledgerWindow: settings.dedupWindow)
        // Who watches saw nothing that is not in the store, so the readers hold at most its
        // version; only one that began before the epoch must begin anew.
        for view in topic.views {
            for id in view?.audiences ?? [] {
                let sent = audiences[Int(id.index)]?.sent ?? 0
                if sent < topic.version { markDirty(id, unchangedUpTo: sent) }
            }
        }
        if !topic.names.isEmpty { owe(topic) }
        if !topic.expiries.isEmpty, !expiring.contains(topic.place) {
            expiring.append(topic.place)
        }
    }

    /// The topic is absent again.
    mutating func empty(_ topic: Topic) {
        restore(topic, StoredTopic(epoch: Text()))
        topic.epoch = nil
    }

    // MARK: Expiry

    /// Unsets the fields whose time has come; each is a patch like any other (rule 11).
    mutating func expire(now: Instant) {
        guard !expiring.isEmpty else { return }
        for place in expiring {
            guard let topic = topics[place], topic.isReady else { continue }
            let paths = topic.takeExpired(wall)
            if paths.isEmpty { continue }
            counts.expiries += UInt64(paths.count)
            let publication = Request.Publication(
                origin: .nobody, topic: topic.key, principal: "expiry", instance: nil,
                fingerprint: 0, change: .patch(Patch(unset: paths)), expiries: [])
            receive(.publish(publication), now: now)
        }
        expiring.removeAll { topics[$0]?.expiries.isEmpty ?? true }
    }
}

extension Topic {
    var checkpoint: TopicCheckpoint {
        TopicCheckpoint(
            document: document.checkpoint, events: log.all,
            // One that a later change has made void would be in force again after a restart.
            expiries: expiries.filter { isUnchanged($0) }.map {
                Record.Expiry(path: $0.path, at: $0.at)
            },
            ledger: ledger.chapters)
    }

    /// A checkpoint costs what it holds, the log what is replayed: the larger the one, the longer
    /// the other may become. Events count for nothing, since a store need not write them twice.
    var recordsPerCheckpoint: Int {
        let held = document.fieldCount + document.tombstoneCount + ledger.count
        return max(settings.recordsPerCheckpoint, held / 4)
    }

    func restore(_ stored: StoredTopic, ledgerWindow: Int) {
        epoch = stored.epoch
        let masks = views.map { $0?.mask }
        let literalDepth = settings.kind == .collection ? 1 : 0
        let before = stored.checkpoint
        document = Document(
            before?.document ?? Document.Checkpoint(version: 0, floor: 0, entries: []),
            bounds: settings.bounds, literalDepth: literalDepth, seed: document.seed)
        log = EventLog(limit: settings.eventLimit, entries: before?.events ?? [])
        if !Fault.ledgerOutlives.isPlanted {
            ledger = Ledger(window: ledgerWindow, chapters: before?.ledger ?? [])
        }
        expiries = (before?.expiries ?? []).map {
            Expiry(path: $0.path, version: document.version, at: $0.at)
        }
        for record in stored.records { replay(record) }
        recordsSinceCheckpoint = stored.records.count
        let holders = names
        names = stored.names.map { DurableName($0) }
        keepHolders(holders)
        deadLetters = stored.deadLetters
        batch = Batch()
        // The views are the same, so their audiences go on; what they were told of names is told
        // again.
        for place in views.indices {
            if let mask = masks[place], let old = views[place], let id = document.addView(mask) {
                views[place] = View(
                    id: id, mask: mask, number: old.number, print: old.print,
                    audiences: old.audiences)
            }
        }
    }

    /// Whoever holds a name goes on holding it; what was new about it is stored with the next
    /// commit.
    private func keepHolders(_ before: [DurableName]) {
        for old in before where old.holder != nil {
            if name(old.state.name) == nil {
                names.append(DurableName(name: old.state.name, done: min(old.state.done, version)))
            }
            if let place = name(old.state.name) { names[place].inherit(old) }
        }
    }

    private func replay(_ record: Record) {
        switch record.change {
        case .patch(let patch):
            document.replay(patch)
            document.forgetTombstones(behind: document.version)
        case .event(let data): _ = append(data, at: record.time)
        }
        for expiry in record.expiries {
            expiries.removeAll { $0.path == expiry.path }
            expiries.append(Expiry(path: expiry.path, version: version, at: expiry.at))
        }
        expiries.sort { $0.at < $1.at }
        if let answer = record.answer, !Fault.ledgerDiesEarly.isPlanted { ledger.record(answer) }
    }
}
