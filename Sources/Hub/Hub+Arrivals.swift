import Wire

/// What a reader who comes, perhaps not for the first time, must be sent before it goes with the
/// others of its audience (rules 9, 13, 19, 22).
extension Hub {
    /// Where the reader stands before what it is sent: the head, or for a reader of events the
    /// last that it is taken to have.
    func cursorVersion(
        of join: Request.Join, _ topic: Topic, _ fill: Notice.Fill
    ) -> UInt64 {
        guard topic.settings.kind == .event else { return fill.to }
        if let reader = join.reader, let name = topic.name(reader.name) {
            return topic.names[name].state.done
        }
        return eventStart(of: join, topic)
    }

    /// The event after which a reader without a name begins.
    private func eventStart(of join: Request.Join, _ topic: Topic) -> UInt64 {
        guard let (held, _) = held(by: join, topic) else { return topic.version }
        return max(held, (topic.log.first ?? topic.version + 1) - 1)
    }

    /// What a reader of events says it has; nil for one that begins. Of another epoch it has
    /// nothing, and how much of that it missed nobody knows.
    private func held(
        by join: Request.Join, _ topic: Topic
    ) -> (version: UInt64, isOfAnotherEpoch: Bool)? {
        guard let cursor = join.cursor else { return nil }
        if cursor.epoch == topic.epoch ?? Text() {
            return cursor.version <= topic.version ? (cursor.version, false) : nil
        }
        // Whoever watched the topic absent has missed nothing before its beginning.
        return (0, !cursor.epoch.isEmpty)
    }

    /// Whether the reader has come further in this epoch than its log, which then was put back to
    /// what it once was: sequences will stand for other events, and the reader must be told.
    private func isAhead(_ join: Request.Join, _ topic: Topic) -> Bool {
        guard let cursor = join.cursor, let epoch = topic.epoch, cursor.epoch == epoch else {
            return false
        }
        return cursor.version > topic.version
    }

    /// What a reader with this cursor must be sent before it goes with the others.
    mutating func arrival(
        of join: Request.Join, _ topic: Topic, _ view: Int, _ audience: AudienceID
    ) -> (Subscribed.Verdict, Notice.Fill, gone: UInt64?) {
        let nothing = Notice.Fill(
            frames: [], to: topic.version, isSnapshot: false, isParted: false)
        switch topic.settings.kind {
        case .signal: return (.continued, nothing, nil)
        case .event:
            let begun: Subscribed.Verdict = isAhead(join, topic) ? .snapshot : .continued
            if let reader = join.reader {
                let gone = seatReader(reader, join, audience, topic)
                if begun == .snapshot { return (begun, nothing, gone > 0 ? gone : nil) }
                return (gone > 0 ? .gone : .continued, nothing, gone > 0 ? gone : nil)
            }
            guard let (held, isOfAnotherEpoch) = held(by: join, topic) else {
                return (begun, nothing, nil)
            }
            if held == topic.version {
                return (isOfAnotherEpoch ? .gone : .continued, nothing, nil)
            }
            let (fill, gone) = eventFill(topic, view, after: held, join.encoding)
            if isOfAnotherEpoch { return (.gone, fill, nil) }
            return (gone > 0 ? .gone : .caughtUp, fill, gone > 0 ? gone : nil)
        case .state, .collection:
            let (verdict, fill) = arrivalAtDocument(of: join, topic, view)
            return (verdict, fill, nil)
        }
    }

    mutating func eventFill(
        _ topic: Topic, _ view: Int, after version: UInt64, _ encoding: Encoding
    ) -> (Notice.Fill, gone: UInt64) {
        counts.catchUps += 1
        let (frames, to, gone) = topic.eventFrames(view, after: version, encoding, wall)
        var fill = Notice.Fill(frames: frames, to: to, isSnapshot: false, isParted: false)
        fill.isPartial = to < topic.version
        return (fill, gone)
    }

    private mutating func arrivalAtDocument(
        of join: Request.Join, _ topic: Topic, _ view: Int
    ) -> (Subscribed.Verdict, Notice.Fill) {
        guard let cursor = join.cursor, cursor.epoch == topic.epoch ?? Text(),
            cursor.print == topic.views[view]?.print, topic.document.reaches(cursor.version)
        else { return (.snapshot, snapshotFill(topic, view, join.encoding)) }
        if topic.epoch == nil {
            // It is as absent as it was.
            return (
                .continued, Notice.Fill(frames: [], to: 0, isSnapshot: false, isParted: false)
            )
        }
        // Even an empty diff is sent: it raises the reader to where the audience is.
        let diff = topic.diff(
            view, from: cursor.version, join.encoding, wall, forced: true, &writer)
        if diff != nil { counts.catchUps += 1 }
        let fill = Notice.Fill(
            frames: diff.map { [$0] } ?? [], to: topic.document.version, isSnapshot: false,
            isParted: false)
        return (diff == nil ? .continued : .caughtUp, fill)
    }

    mutating func snapshotFill(
        _ topic: Topic, _ view: Int, _ encoding: Encoding
    ) -> Notice.Fill {
        counts.snapshots += 1
        let snapshot = topic.snapshot(view, encoding, wall)
        let head = topic.document.version
        if snapshot.frames.count > 1 {
            return Notice.Fill(
                frames: snapshot.frames, to: snapshot.version, isSnapshot: true, isParted: true)
        }
        let rest =
            snapshot.version < head
            ? topic.diff(view, from: snapshot.version, encoding, wall, forced: true, &writer) : nil
        return Notice.Fill(
            frames: snapshot.frames + (rest.map { [$0] } ?? []), to: head, isSnapshot: true,
            isParted: false)
    }
}
