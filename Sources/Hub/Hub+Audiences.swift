public import Wire

extension Hub {
    // MARK: Joining and leaving

    mutating func receive(_ join: Request.Join, _ now: Instant) {
        guard let topic = topic(join.topic) else {
            letters.append((Int(join.desk), .refused(join.seat, .tooMany)))
            return
        }
        defer { dropIfUnused(topic) }
        let known = topic.views.firstIndex { $0?.mask == join.mask }
        let isAdmitted = viewBook.admits(
            join.principal, of: topic.key.tenant, topic: topic.place, view: known, settings)
        guard isAdmitted, let place = known ?? view(join.mask, of: topic) else {
            letters.append((Int(join.desk), .refused(join.seat, .tooMany)))
            return
        }
        viewBook.sit(join.principal, of: topic.key.tenant, topic: topic.place, view: place)
        let id = audience(of: join, topic, place)
        audiences[Int(id.index)]?.members[Int(join.desk)] += 1
        let (verdict, fill, gone) = arrival(of: join, topic, place, id)
        guard let view = topic.views[place] else { return }
        let joined = Notice.Joined(
            audience: id, principal: join.principal, view: view.number, kind: topic.settings.kind,
            verdict: verdict,
            cursor: Cursor(
                epoch: topic.epoch ?? Text(), version: cursorVersion(of: join, topic, fill),
                print: view.print),
            rate: join.rate, gone: gone, fill: fill)
        let letter = (desk: Int(join.desk), notice: Notice.joined(join.seat, joined))
        guard let reader = join.reader, let name = topic.name(reader.name) else {
            return letters.append(letter)
        }
        if topic.settings.isDurable && topic.epoch != nil && topic.names[name].isNew {
            topic.seated.append(letter)
        } else {
            letters.append(letter)
            // What it is owed is in the store already, and need not wait for what comes next.
            serve(name, topic, now)
        }
    }

    private mutating func audience(
        of join: Request.Join, _ topic: Topic, _ view: Int
    ) -> AudienceID {
        let key = Audience.Key(
            view: view, rate: join.rate, encoding: join.encoding, hash: join.hash,
            isNamed: join.reader != nil)
        let existing = topic.views[view]?.audiences.first {
            audiences[Int($0.index)]?.key == key
        }
        if let existing { return existing }
        let version = topic.document.version
        let audience = Audience(
            key: key, topic: topic.place, sent: version, unchangedUpTo: version,
            members: [Int32](repeating: 0, count: desks))
        let place = freeAudiences.popLast() ?? audiences.count
        if place < audiences.count {
            audiences[place] = audience
        } else {
            audiences.append(audience)
        }
        let id = AudienceID(index: UInt32(place))
        topic.views[view]?.audiences.append(id)
        if join.hash, let bits = topic.views[view]?.id {
            topic.document.keepHash(of: bits, true)
        }
        return id
    }

    /// A view outlives its last member, so that a crowd which reconnects finds it; when room is
    /// needed the ones without members go.
    private mutating func view(_ mask: Mask, of topic: Topic) -> Int? {
        let number = nextViewNumber()
        if let view = topic.view(mask, number: number) { return view }
        for view in topic.views.indices where topic.views[view]?.audiences.isEmpty == true {
            topic.removeView(view)
        }
        return topic.view(mask, number: number)
    }

    mutating func leave(_ id: AudienceID, _ desk: Int, _ principal: Text) {
        let place = Int(id.index)
        audiences[place]?.members[desk] -= 1
        if let audience = audiences[place], let topic = topics[audience.topic] {
            viewBook.rise(
                principal, of: topic.key.tenant, topic: topic.place, view: audience.key.view)
        }
        guard let audience = audiences[place], audience.isEmpty,
            let topic = topics[audience.topic]
        else { return }
        audiences[place] = nil
        freeAudiences.append(place)
        // The word that a name is free may still wait for a commit, and would then find another
        // audience in the place.
        for i in topic.names.indices where topic.names[i].holder?.audience == id {
            topic.names[i].release()
        }
        dirty.removeAll { $0 == id }
        let view = audience.key.view
        topic.views[view]?.audiences.removeAll { $0 == id }
        let others = topic.views[view]?.audiences ?? []
        if !others.contains(where: { audiences[Int($0.index)]?.key.hash == true }),
            let bits = topic.views[view]?.id
        {
            topic.document.keepHash(of: bits, false)
        }
        dropIfUnused(topic)
    }

    // MARK: Catching up

    mutating func receive(_ catchUp: Request.CatchUp) {
        guard let audience = audiences[Int(catchUp.audience.index)],
            let topic = topics[audience.topic]
        else { return }
        let fill = fill(for: catchUp, audience, topic)
        letters.append((Int(catchUp.desk), .caughtUp(catchUp.seat, fill)))
    }

    private mutating func fill(
        for catchUp: Request.CatchUp, _ audience: Audience, _ topic: Topic
    ) -> Notice.Fill {
        let view = audience.key.view
        let encoding = audience.key.encoding
        if topic.settings.kind == .event {
            // Who reads under a name is sent what the name is owed and nothing besides.
            if audience.key.isNamed {
                return Notice.Fill(
                    frames: [], to: topic.version, isSnapshot: false, isParted: false)
            }
            return eventFill(topic, view, after: catchUp.from, encoding).0
        }
        // Who has watched the topic since before it came into being lacks its epoch as well, which
        // no diff tells.
        let holdsNothing = catchUp.from == 0 && topic.epoch != nil
        if catchUp.wish == .snapshot || audience.needsSnapshot || holdsNothing
            || !topic.document.reaches(catchUp.from)
        {
            return snapshotFill(topic, view, encoding)
        }
        counts.catchUps += 1
        var frames: [[UInt8]] = []
        let diff = topic.diff(
            view, from: catchUp.from, encoding, wall, forced: true, &writer)
        if let diff { frames.append(diff) }
        if catchUp.wish == .proof, let hash = topic.hashReport(view, encoding, wall) {
            frames.append(hash)
        }
        return Notice.Fill(
            frames: frames, to: topic.document.version, isSnapshot: false, isParted: false)
    }

    // MARK: Flushing

    /// Ends a turn: every audience whose view changed, and whose rate allows it, gets one frame.
    public mutating func flush(now: Instant) {
        flushed = now
        loadRested(now: now)
        expire(now: now)
        forgetLeavers(now: now)
        tend(now: now)
        beginCommits()
        serveReaders(now: now)
        var waiting: [AudienceID] = []
        var made = FrameCache()
        for id in dirty {
            guard let audience = audiences[Int(id.index)], audience.isDirty else { continue }
            // What is under way to the disk is nobody's to see yet (rule 18).
            let isStoring =
                topics[audience.topic]?.isReady == false && !Fault.framesBeforeCommit.isPlanted
            if audience.due > now && !Fault.rateIgnored.isPlanted || isStoring {
                waiting.append(id)
                continue
            }
            flush(id, audience, now, &made)
        }
        dirty = waiting
        for place in touched {
            guard let topic = topics[place] else { continue }
            topic.isTouched = false
            var slowest = topic.document.version
            for id in waiting {
                if let audience = audiences[Int(id.index)], audience.topic == place {
                    slowest = min(slowest, audience.unchangedUpTo)
                }
            }
            topic.document.forgetTombstones(behind: slowest)
        }
        touched = []
    }

    /// A commit is safe: what it changed goes out before anything else happens to the topic.
    mutating func flushCommitted(_ topic: Topic, now: Instant) {
        var made = FrameCache()
        var waiting: [AudienceID] = []
        for id in dirty {
            guard let audience = audiences[Int(id.index)], audience.isDirty else { continue }
            if audience.topic == topic.place && audience.due <= now {
                flush(id, audience, now, &made)
            } else {
                waiting.append(id)
            }
        }
        dirty = waiting
    }

    /// When a frame that its rate holds back may be made, or an event comes again.
    public var deadline: Instant? {
        var soonest: Instant?
        for id in dirty {
            guard let audience = audiences[Int(id.index)],
                topics[audience.topic]?.isReady == true
            else { continue }
            soonest = min(soonest ?? audience.due, audience.due)
        }
        for place in owing {
            guard let topic = topics[place], topic.isReady else { continue }
            for i in topic.names.indices {
                // What a durable reader has done is stored with the next commit, which must come.
                let isOwed =
                    topic.names[i].isDirty && topic.settings.isDurable && topic.epoch != nil
                let due = isOwed ? flushed : nil
                if let due = due ?? topic.names[i].deadline {
                    soonest = min(soonest ?? due, due)
                }
            }
        }
        for place in lingering {
            if let due = topics[place]?.roster.deadline {
                soonest = min(soonest ?? due, due)
            }
        }
        if let due = tending.deadline(settings.rules) { soonest = min(soonest ?? due, due) }
        for entry in resting { soonest = min(soonest ?? entry.until, entry.until) }
        // Fields expire by the wall, which is looked at often enough.
        if !expiring.isEmpty {
            let due = flushed + .milliseconds(100)
            soonest = min(soonest ?? due, due)
        }
        return soonest
    }

    private mutating func flush(
        _ id: AudienceID, _ audience: Audience, _ now: Instant, _ made: inout FrameCache
    ) {
        guard let topic = topics[audience.topic] else { return }
        let view = audience.key.view
        let encoding = audience.key.encoding
        let head = topic.document.version
        audiences[Int(id.index)]?.isDirty = false
        if topic.settings.kind == .event {
            // Readers under a name are told and served one by one.
            if audience.key.isNamed {
                audiences[Int(id.index)]?.needsSnapshot = false
                return
            }
            if audience.needsSnapshot { tellEpoch(id, audience, topic) }
            sendEvents(id, audience, topic)
            return
        }
        if audience.needsSnapshot || !topic.document.reaches(audience.unchangedUpTo) {
            counts.snapshots += 1
            let snapshot = topic.snapshot(view, encoding, wall)
            // Whoever falls behind between the parts holds nothing, and behind the last of them
            // no more than the snapshot's version.
            let part = Fault.partTakenForWhole.isPlanted ? head : 0
            for frame in snapshot.frames.dropLast() {
                send(frame, to: id, audience, version: part, leads: head)
            }
            if let last = snapshot.frames.last {
                send(last, to: id, audience, version: snapshot.version, leads: head)
            }
            if snapshot.version < head {
                // Even an empty one: it raises the readers to where the audience is.
                let rest = topic.diff(
                    view, from: snapshot.version, encoding, wall, forced: true, &writer)
                if let rest { send(rest, to: id, audience, version: head) }
            }
        } else {
            let key = FrameCache.Key(
                topic: topic.place, view: view, encoding: encoding, from: audience.sent)
            let frame: [UInt8]?
            if let known = made.frame(key) {
                frame = known
            } else {
                frame = topic.diff(view, from: audience.sent, encoding, wall, &writer)
                made.keep(key, frame)
            }
            guard let frame else { return }
            send(frame, to: id, audience, version: head)
        }
        audiences[Int(id.index)]?.needsSnapshot = false
        audiences[Int(id.index)]?.sent = head
        audiences[Int(id.index)]?.due = now + audience.key.rate.interval
        if audience.key.hash && audience.hashDue <= now,
            let hash = topic.hashReport(view, encoding, wall)
        {
            send(hash, to: id, audience, version: head, leads: .max)
            audiences[Int(id.index)]?.hashDue = now + .seconds(1)
        }
    }

    mutating func send(
        _ bytes: [UInt8], to id: AudienceID, _ audience: Audience, version: UInt64,
        leads: UInt64? = nil
    ) {
        counts.frames += 1
        let frame = Notice.Frame(bytes: bytes, to: version, leads: leads ?? version)
        for desk in audience.members.indices where audience.members[desk] > 0 {
            letters.append((desk, .frame(id, frame)))
        }
    }
}

/// The frames made in one flush: audiences that differ in rate alone often need the same one.
private struct FrameCache {
    struct Key: Equatable {
        let topic: Int
        let view: Int
        let encoding: Encoding
        let from: UInt64
    }

    private static let limit = 8

    /// The keys apart, so that looking through them touches no frame.
    private var keys: [Key] = []
    private var frames: [[UInt8]?] = []
    private var next = 0

    /// Nil when none was made; otherwise the frame, or nil where nothing differed.
    func frame(_ key: Key) -> [UInt8]?? { keys.firstIndex(of: key).map { frames[$0] } }

    /// Audiences of one view follow each other, so only the last few are worth keeping.
    mutating func keep(_ key: Key, _ frame: [UInt8]?) {
        if keys.count < FrameCache.limit {
            keys.append(key)
            frames.append(frame)
        } else {
            keys[next] = key
            frames[next] = frame
            next = (next + 1) % FrameCache.limit
        }
    }
}
