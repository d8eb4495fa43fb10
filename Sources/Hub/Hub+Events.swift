import Wire

/// Event topics and signals.
extension Hub {
    // MARK: Named readers

    /// A seat takes a durable name; whoever had it is told that it was replaced.
    mutating func seatReader(
        _ reader: Request.Join.Reader, _ join: Request.Join, _ audience: AudienceID, _ topic: Topic
    ) -> UInt64 {
        let place: Int
        if let known = topic.name(reader.name) {
            place = known
        } else {
            topic.names.append(DurableName(name: reader.name, done: start(reader.start, topic)))
            place = topic.names.count - 1
        }
        if let old = topic.names[place].holder, old.seat != join.seat || old.desk != join.desk,
            !Fault.replacedNotTold.isPlanted
        {
            letters.append((Int(old.desk), .ended(old.seat, .replaced)))
        }
        topic.names[place].take(
            DurableName.Holder(
                desk: join.desk, seat: join.seat, audience: audience,
                knowsEpoch: topic.epoch != nil),
            credit: reader.credit, room: Int(clamping: reader.room),
            unordered: reader.isUnordered)
        owe(topic)
        // Retention wins over a reader who stayed away too long, and it is told (rule 23).
        let oldest = topic.log.first ?? topic.version + 1
        let done = topic.names[place].state.done
        guard oldest > done + 1 else { return 0 }
        topic.names[place].acknowledge(upTo: oldest - 1, [], head: topic.version)
        return oldest - done - 1
    }

    /// The sequence before the first that a new name reads.
    private func start(_ start: Start, _ topic: Topic) -> UInt64 {
        let oldest = topic.log.first ?? topic.version + 1
        switch start {
        case .now: return topic.version
        case .earliest: return oldest - 1
        case .sequence(let sequence):
            return min(max(sequence, oldest) - (max(sequence, oldest) > 0 ? 1 : 0), topic.version)
        case .time(let time):
            return topic.log.sequence(at: time).map { $0 - 1 } ?? topic.version
        }
    }

    mutating func receive(_ word: Request.Acknowledgement, _ now: Instant) {
        // The word of a seat that has left meanwhile still counts while nobody took the name over:
        // it was said before.
        guard let topic = topic(ofNameIn: word), let name = topic.name(word.name),
            word.seat.map({ topic.names[name].listens(to: $0, at: word.desk) }) ?? true
        else {
            if let origin = word.origin {
                answer(origin, .refused(.notAllowed, version: nil, reason: "no such name"))
            }
            return
        }
        switch word.word {
        case .done(let sequence, let ranges):
            topic.names[name].acknowledge(upTo: sequence, ranges, head: topic.version)
        case .refused(let sequence, let code, let delay):
            let deliveries = topic.names[name].deliveries(of: sequence)
            let fate = topic.names[name].refuse(
                sequence, code, after: delay, limit: topic.settings.deliveryLimit, now: now)
            if case .dead(let reason) = fate {
                bury(sequence, topic, word.name, reason, deliveries)
            }
        case .credit(let amount): topic.names[name].add(credit: amount)
        case .room(let bytes): topic.names[name].add(room: bytes)
        case .released: topic.names[name].release()
        }
        if let origin = word.origin {
            answer(origin, .done(version: topic.names[name].state.done))
        }
        owe(topic)
    }

    private mutating func bury(
        _ sequence: UInt64, _ topic: Topic, _ name: Text, _ code: Code, _ deliveries: UInt64
    ) {
        counts.deadLetters += 1
        let letter = DeadLetter(
            name: name, sequence: sequence, code: code, deliveries: deliveries,
            data: topic.log[sequence]?.data ?? .null)
        if topic.deadLetters.count >= Hub.deadLetterLimit { settleLetters(topic, 1) }
        topic.deadLetters.append(letter)
        if topic.settings.isDurable { topic.batch.deadLetters.append(letter) }
    }

    /// Sends named readers what they are owed, within their credit and what their desks have room
    /// for; the rest is read from the log later.
    mutating func serveReaders(now: Instant) {
        var later: [Int] = []
        for place in owing {
            guard let topic = topics[place] else { continue }
            guard topic.isReady else {
                later.append(place)
                continue
            }
            for i in topic.names.indices { serve(i, topic, now) }
            let isOwing = topic.names.contains {
                $0.deadline != nil || $0.isDirty && topic.settings.isDurable
            }
            if isOwing { later.append(place) }
        }
        owing = later
    }

    mutating func serve(_ i: Int, _ topic: Topic, _ now: Instant) {
        // Events of an epoch that the reader does not know could not be told from another's.
        if let holder = topic.names[i].holder, !holder.knowsEpoch,
            let audience = audiences[Int(holder.audience.index)],
            let frame = epochFrame(audience, topic)
        {
            letters.append((Int(holder.desk), .event(holder.seat, frame)))
            topic.names[i].spend(frame.count)
            topic.names[i].holder?.knowsEpoch = true
        }
        while let holder = topic.names[i].holder,
            let audience = audiences[Int(holder.audience.index)],
            let delivery = topic.names[i].nextDelivery(head: topic.version, now: now)
        {
            let encoding = audience.key.encoding
            guard let entry = topic.log[delivery.sequence],
                let frame = topic.eventFrame(
                    audience.key.view, entry, before: delivery.before, encoding, wall)
            else {
                // Retention was faster than its reader, who must hear of it (rule 23).
                topic.names[i].release()
                letters.append((Int(holder.desk), .overtaken(holder.seat)))
                return
            }
            topic.names[i].spend(frame.count)
            letters.append((Int(holder.desk), .event(holder.seat, frame)))
        }
    }

    // MARK: Everybody else

    /// A topic that came into being has an epoch, which whoever watched it absent must learn to
    /// resume in it: from a snapshot that holds nothing.
    mutating func tellEpoch(_ id: AudienceID, _ audience: Audience, _ topic: Topic) {
        guard let frame = epochFrame(audience, topic) else { return }
        audiences[Int(id.index)]?.needsSnapshot = false
        send(frame, to: id, audience, version: audience.sent, leads: .max)
    }

    func epochFrame(_ audience: Audience, _ topic: Topic) -> [UInt8]? {
        guard let view = topic.views[audience.key.view], let epoch = topic.epoch else { return nil }
        let snapshot = Snapshot(
            view: view.number, epoch: epoch, version: audience.sent, document: Map(),
            hash: ViewHash())
        return topic.encode(.snapshot(snapshot), audience.key.encoding, wall)
    }

    /// The events that an audience has not been sent.
    mutating func sendEvents(
        _ id: AudienceID, _ audience: Audience, _ topic: Topic
    ) {
        for entry in topic.log.entries(from: audience.sent + 1, limit: .max / 2) {
            let frame = topic.eventFrame(
                audience.key.view, entry, before: 0, audience.key.encoding, wall)
            if let frame { send(frame, to: id, audience, version: entry.sequence) }
        }
        audiences[Int(id.index)]?.sent = topic.version
    }

    mutating func signal(_ key: TopicKey, _ from: Text, _ data: Value) {
        guard let place = places[key], let topic = topics[place] else { return }
        counts.signals += 1
        let signal = Message.signal(Signal(topic: key.name, data: data, from: from))
        for view in topic.views {
            for id in view?.audiences ?? [] {
                guard let audience = audiences[Int(id.index)] else { continue }
                let bytes = topic.encode(signal, audience.key.encoding, wall)
                for desk in audience.members.indices where audience.members[desk] > 0 {
                    letters.append((desk, .signal(id, bytes)))
                    if Fault.signalRepeated.isPlanted { letters.append((desk, .signal(id, bytes))) }
                }
            }
        }
    }
}
