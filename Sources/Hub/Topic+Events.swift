import Wire

extension Topic {
    /// Appends an event; its sequence is the topic's next version.
    func append(_ data: Value, at time: WallTime) -> UInt64 {
        let sequence = document.advance()
        log.append(EventLog.Entry(sequence: sequence, time: time, data: data))
        return sequence
    }

    /// The frame of an event for one view.
    func eventFrame(
        _ place: Int, _ entry: EventLog.Entry, before deliveries: UInt64, _ encoding: Encoding,
        _ wall: WallTime
    ) -> [UInt8]? {
        guard let view = views[place] else { return nil }
        let event = Event(
            view: view.number, sequence: entry.sequence, data: entry.data, time: entry.time,
            deliveries: deliveries)
        return encode(.event(event), encoding, wall)
    }

    /// The events after `from`, as many as one answer takes; where there are more, the last
    /// sequence that is among them, and how many are gone.
    func eventFrames(
        _ place: Int, after from: UInt64, _ encoding: Encoding, _ wall: WallTime
    ) -> (frames: [[UInt8]], to: UInt64, gone: UInt64) {
        let oldest = log.first ?? version + 1
        let gone = oldest > from + 1 ? oldest - from - 1 : 0
        var frames: [[UInt8]] = []
        var bytes = 0
        var last = max(from, oldest - 1)
        for entry in log.entries(from: from + 1, limit: 1_024) {
            guard bytes < settings.partBytes,
                let frame = eventFrame(place, entry, before: 0, encoding, wall)
            else { break }
            frames.append(frame)
            bytes += frame.count
            last = entry.sequence
        }
        return (frames, last, gone)
    }

    // MARK: Expiry

    /// Notes fields that will unset themselves; a field's newer expiry takes the place of its
    /// older.
    func expire(_ wishes: [Publish.Expiry], _ wall: WallTime) {
        for wish in wishes {
            expiries.removeAll { $0.path == wish.path }
            let at = wall + .milliseconds(wish.after)
            let entry = Expiry(path: wish.path, version: version, at: at)
            let place = expiries.firstIndex { $0.at > at } ?? expiries.count
            expiries.insert(entry, at: place)
        }
    }

    /// The fields whose time has come and that have not changed since.
    func takeExpired(_ wall: WallTime) -> [Path] {
        var due: [Path] = []
        while let first = expiries.first, first.at <= wall {
            expiries.removeFirst()
            if isUnchanged(first) || Fault.expiryUnconditional.isPlanted { due.append(first.path) }
        }
        return due
    }

    func isUnchanged(_ expiry: Expiry) -> Bool {
        document.isUnchanged(at: expiry.path, since: expiry.version)
    }

    // MARK: Waiting

    /// Whether a request must wait for the store; then it has been put in the queue. Who leaves
    /// need not wait, nor who signals.
    func postpones(_ request: Request) -> Bool {
        switch request {
        // Leaving shows nothing, and a signal says nothing of what is stored.
        case .leave, .signal: return false
        case .join, .catchUp, .publish, .acknowledge, .presence, .past, .operate: break
        }
        switch standing {
        case .ready:
            // What was applied in this turn is not even under way to the disk: it may be changed
            // further, and not be seen.
            if case .publish = request { return false }
            if batch.records.isEmpty || Fault.readsBeforeCommit.isPlanted { return false }
            held.append(request)
        case .loading(var waiting):
            standing = .ready
            waiting.append(request)
            standing = .loading(waiting: waiting)
        case .committing(let id, var waiting):
            standing = .ready
            waiting.append(request)
            standing = .committing(id, waiting: waiting)
        }
        return true
    }
}
