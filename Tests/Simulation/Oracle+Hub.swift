import Hub
import Wire

/// What the hubs are asked, what they answer, and what they store.
extension Oracle {
    /// A hub takes a request.
    func requested(_ request: Request, shard: Int, _ now: Instant) {
        switch request {
        case .publish(let publication):
            let origin = publication.origin
            let key = OriginKey(desk: origin.desk, connection: origin.connection, id: origin.id)
            asked[key, default: []].append(publication)
        case .join(let join): joining(join)
        case .leave(let audience, _, _):
            left(Seats.AudienceKey(shard: shard, audience: audience))
        case .acknowledge(let word):
            guard let seat = word.seat else { break }
            let key = Seats.Key(desk: word.desk, seat: seat)
            switch word.word {
            case .released: seats.released.insert(key)
            case .credit(let amount): seats.credit[key, default: 0] += Int(amount)
            case .refused(let sequence, .never, _): refusedForGood(sequence, key)
            case .done, .refused, .room: break
            }
        case .presence(let presence): present(presence, now)
        case .catchUp, .signal, .past, .operate: break
        }
    }

    /// The letters of a hub, as it wrote them.
    func heard(
        _ letters: [(desk: Int, notice: Notice)], from shard: Int, _ now: Instant,
        _ wall: WallTime
    ) {
        for (desk, notice) in letters {
            switch notice {
            case .outcome(let origin, let outcome): answered(origin, outcome, wall)
            case .joined(let seat, let joined): self.joined(desk, seat, joined, shard)
            case .refused(let seat, _):
                seats.joining[Seats.Key(desk: UInt32(desk), seat: seat)] = nil
            case .frame(let audience, let frame): framed(audience, frame, shard, now)
            case .event(let seat, let bytes):
                given(Seats.Key(desk: UInt32(desk), seat: seat), bytes)
            case .ended(let seat, _):
                seats.ended.insert(Seats.Key(desk: UInt32(desk), seat: seat))
            case .caughtUp, .signal, .page, .anew, .overtaken: break
            }
        }
    }

    private func answered(_ origin: Origin, _ outcome: Notice.Outcome, _ wall: WallTime) {
        if origin.id >= Client.firstHistory { return }
        let key = OriginKey(desk: origin.desk, connection: origin.connection, id: origin.id)
        guard var waiting = asked[key], !waiting.isEmpty else {
            fail("publish \(origin.id) was answered more often than it was said")
            return
        }
        let publication = waiting.removeFirst()
        asked[key] = waiting.isEmpty ? nil : waiting
        if origin.isNobody {
            inherited(publication, outcome, wall)
        } else {
            answered(publication, outcome, wall)
        }
    }

    private func answered(
        _ publication: Request.Publication, _ outcome: Notice.Outcome, _ wall: WallTime
    ) {
        let author = Model.Author(
            instance: publication.instance ?? Text(), id: publication.origin.id)
        let topic = topic(publication.topic.name)
        guard let original = said[author], original.topic == topic,
            original.change == publication.change, original.expiries == publication.expiries
        else {
            fail("\(author) reached the hub as something that its client never said")
            return
        }
        let known = models[life - 1][topic].version(of: author)
        switch outcome {
        case .done(let version):
            if let known {
                if known != version {
                    fail("\(author) was done as version \(known), and again as \(version)")
                }
            } else if scenario.isDurable(topic) {
                fail("\(author) was acknowledged as version \(version) and is not stored")
            } else {
                apply(
                    publication.change, author, topic, version, expiries: original.expiries, wall)
            }
        case .refused(let code, _, let reason):
            if known != nil && code != .storeFailed {
                fail("\(author) was done, and refused when it was said again")
            }
            let patch = publication.change.asPatch
            switch code {
            case .conflict where !patch.conditions.isEmpty: break
            case .invalidPatch where !patch.increments.isEmpty: break
            case .tooLarge where scenario.isCramped: break
            case .idTooOld, .storeFailed: break
            default: fail("\(author) was refused with \(code.rawValue): \(reason ?? Text())")
            }
        }
    }

    /// A write is on the disk, and so what the topic is from now on.
    func stored(_ write: TopicWrite) {
        let topic = topic(write.key.name)
        for record in write.records {
            guard let answer = record.answer else {
                storedOwn(record, topic)
                continue
            }
            let author = Model.Author(instance: answer.instance, id: answer.id)
            guard let original = said[author], original.topic == topic else {
                fail("\(author) was stored, and its client never said it")
                return
            }
            if let known = models[life - 1][topic].version(of: author) {
                fail("\(author) was done as \(known) and stored again as \(record.version)")
            }
            apply(
                original.change, author, topic, record.version, expiries: original.expiries,
                record.time)
        }
        for letter in write.deadLetters { check(letter, topic) }
    }

    /// What nobody published: fields whose time has come, or a last will.
    private func storedOwn(_ record: Record, _ topic: Int) {
        let patch = record.change.asPatch
        if patch.set.isEmpty && patch.increments.isEmpty {
            let due = models[life - 1][topic].takeDue(record.time)
            if Set(due) != Set(patch.unset) {
                fail("\(scenario.topics[topic]) unset \(patch.unset), when \(due) was due")
            }
        } else if let place = bequests[topic]?.firstIndex(of: record.change) {
            bequests[topic]?.remove(at: place)
        } else {
            fail("version \(record.version) of \(scenario.topics[topic]) has no author")
        }
        apply(record.change, nil, topic, record.version, record.time)
    }

    /// A hub's turn is over: what time does to topics has been done.
    func flushed(shard: Int, _ now: Instant, _ wall: WallTime) {
        for topic in scenario.topics.indices where scenario.shard(of: topic) == shard {
            switch scenario.kinds[topic] {
            case .document(isDurable: false):
                let due = models[life - 1][topic].takeDue(wall)
                if due.isEmpty { continue }
                models[life - 1][topic].apply(Patch(unset: due), by: nil)
                trace.note("\(scenario.topics[topic]): \(due) has expired")
            case .roster: forgetLeavers(topic, now)
            case .document(isDurable: true), .events, .signals: break
            }
        }
    }
}
