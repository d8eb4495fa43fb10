public import Wire

/// What clients ask for.
extension Desk {
    mutating func take(
        _ message: Message, from station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        switch message {
        case .subscribe(let body): subscribe(body, station, now, carrier)
        case .unsubscribe(let body):
            guard let seat = seat(withID: body.id, at: station) else { return }
            remove(seat, carrier)
            send(.unsubscribed(Unsubscribed(id: body.id)), to: station, now, carrier)
        case .publish(let body): publish(body, station, now, carrier)
        case .hash(let report): prove(report, station, now, carrier)
        case .command(let body):
            command(body, station, now, carrier)
        case .history(let body): history(body, station, now, carrier)
        case .signal(let body): signal(body, station, now, carrier)
        case .will(let body): will(body, station, now, carrier)
        case .presence(let body): presence(body, station, now, carrier)
        case .ack(let body):
            tell(body.id, .done(upTo: body.version, ranges: body.ranges), station, carrier)
        case .nack(let body):
            let delay = Interval.milliseconds(body.after ?? 1_000)
            tell(
                body.id, .refused(sequence: body.version ?? 0, body.code, after: delay), station,
                carrier)
        case .credit(let body): tell(body.id, .credit(body.amount), station, carrier)
        case .open, .opened, .authenticate, .authenticated, .refresh, .subscribed, .unsubscribed,
            .snapshot, .diff, .event, .reply, .seen, .ping, .pong, .lag, .page, .error, .drain,
            .close:
            // The session keeps these to itself.
            break
        }
    }

    // MARK: Subscribing

    private mutating func subscribe(
        _ body: Subscribe, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        // Under an id that is taken, a subscription begins anew: so a client resumes one view.
        if let old = seat(withID: body.id, at: station) { remove(old, carrier) }
        let refusal: Code?
        let mask = allowed(body, station)
        if body.window != nil {
            refusal = .unsupported
        } else if pressure >= .subscriptions {
            refusal = .overloaded
        } else if UInt64(stations[station]?.seats.count ?? 0) >= settings.terms.subscriptions {
            refusal = .tooMany
        } else {
            refusal = mask == nil ? .notAllowed : nil
        }
        guard refusal == nil, let mask, let tenant = stations[station]?.principal?.tenant else {
            let code = refusal ?? .notAllowed
            send(.unsubscribed(Unsubscribed(id: body.id, code: code)), to: station, now, carrier)
            return
        }
        sit(body, TopicKey(tenant: tenant, name: body.topic), mask, station, carrier)
    }

    /// The fields asked for, of those that may be seen; nil when that is nothing: absent and not
    /// allowed answer alike.
    private func allowed(_ body: Subscribe, _ station: UInt32) -> Mask? {
        guard body.topic.namesTopic, let principal = stations[station]?.principal else {
            return nil
        }
        // Whoever may watch a topic may see who else does.
        if let watched = body.topic.watchedTopic {
            return principal.readable(watched) == nil ? nil : body.fields ?? .everything
        }
        guard let readable = principal.readable(body.topic) else { return nil }
        if Fault.maskIgnored.isPlanted { return body.fields ?? .everything }
        let mask = body.fields.map { $0.intersection(readable) } ?? readable
        return mask.isNothing ? nil : mask
    }

    private mutating func sit(
        _ body: Subscribe, _ topic: TopicKey, _ mask: Mask, _ station: UInt32,
        _ carrier: any Carrier
    ) {
        let index = seats.insert(
            Seat(
                station: station, subscribe: body, topic: topic, shard: topic.shard(of: shards),
                mask: mask, rate: RateClass(asked: body.rate)))
        stations[station]?.seats.append(index)
        join(index, cursor: body.cursor, carrier)
    }

    /// Asks the hub for an audience.
    mutating func join(_ index: UInt32, cursor: Cursor?, _ carrier: any Carrier) {
        guard let seat = seats[index], let encoding = stations[seat.station]?.encoding else {
            return
        }
        seats[index]?.joinedFrom = cursor?.version ?? 0
        // The hub has room for all of a name's events again.
        seats[index]?.passed = 0
        if seat.holdsRoom { stations[seat.station]?.waiting -= 1 }
        seats[index]?.holdsRoom = false
        let join = Request.Join(
            desk: number, seat: seats.id(index), topic: seat.topic, mask: seat.mask,
            rate: seat.rate, encoding: encoding, hash: seat.subscribe.hash, cursor: cursor,
            principal: stations[seat.station]?.principal?.name ?? Text(),
            reader: seat.subscribe.name.map {
                Request.Join.Reader(
                    name: $0, start: seat.subscribe.start ?? .now,
                    credit: seat.subscribe.credit ?? 64, room: readerRoom,
                    isUnordered: seat.subscribe.unordered)
            })
        carrier.post(.join(join), toShard: seat.shard)
    }

    func seat(withID id: UInt64, at station: UInt32) -> UInt32? {
        stations[station]?.seats.first { seats[$0]?.subscribe.id == id }
    }

    /// Takes a seat away from its connection.
    mutating func remove(_ index: UInt32, _ carrier: any Carrier) {
        guard let station = seats[index]?.station else { return }
        stations[station]?.seats.removeAll { $0 == index }
        vacate(index, carrier)
    }

    /// A refreshed token may show more or less: a view that differs begins anew (rule 9).
    mutating func reviewSeats(of station: UInt32, _ now: Instant, _ carrier: any Carrier) {
        for index in stations[station]?.seats ?? [] {
            guard let seat = seats[index] else { continue }
            let mask = allowed(seat.subscribe, station)
            if mask == seat.mask || Fault.permissionWithoutSnapshot.isPlanted { continue }
            remove(index, carrier)
            let id = seat.subscribe.id
            if let mask {
                var again = seat.subscribe
                again.cursor = nil
                sit(again, seat.topic, mask, station, carrier)
            } else {
                let gone = Unsubscribed(id: id, code: .notAllowed)
                send(.unsubscribed(gone), to: station, now, carrier)
            }
        }
    }

    // MARK: Publishing

    private mutating func publish(
        _ body: Publish, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let principal = stations[station]?.principal else { return }
        if let refusal = refusal(of: body, station)
            ?? excess(body.id, principal, .publishes, carrier)
        {
            send(.nack(refusal), to: station, now, carrier)
            return
        }
        writer.clear()
        Message.publish(body).write(messagePack: &writer)
        let topic = TopicKey(tenant: principal.tenant, name: body.topic)
        let publication = Request.Publication(
            origin: Origin(desk: number, connection: stations.id(station), id: body.id),
            topic: topic, principal: principal.name, instance: stations[station]?.session.instance,
            fingerprint: writer.fingerprint, change: body.change, expiries: body.expiries,
            size: writer.count)
        carrier.post(.publish(publication), toShard: topic.shard(of: shards))
        begin(station, carrier)
    }

    /// Why a request must wait: too many of them, or too little memory.
    func excess(
        _ id: UInt64, _ principal: Principal, _ level: Pressure, _ carrier: any Carrier
    ) -> Nack? {
        if pressure >= level {
            return Nack(
                id: id, code: .overloaded, reason: "the server is short of memory", after: 5_000)
        }
        guard let wait = carrier.wait(for: principal) else { return nil }
        return Nack(
            id: id, code: .rateExceeded, reason: "too many requests in this time",
            after: max(wait.wholeMilliseconds, 1))
    }

    mutating func refusal(of body: Publish, _ station: UInt32) -> Nack? {
        guard body.topic.namesTopic, !body.topic.isReserved,
            let writable = writable(body.topic, station)
        else { return Nack(id: body.id, code: .notAllowed) }
        if body.holdsReserved {
            return Nack(
                id: body.id, code: .unsupported,
                reason: "sealed and signed values are not supported yet")
        }
        for expiry in body.expiries where !writable.holds(expiry.path) {
            return Nack(id: body.id, code: .notAllowed)
        }
        guard case .patch(let patch) = body.change, !writable.isEverything else { return nil }
        for path in patch.writes where !writable.holds(path) {
            return Nack(id: body.id, code: .notAllowed)
        }
        // Whether a condition holds tells when its field last changed, which is for those who may
        // see the field. The topic's own version is no secret (rule 30).
        for condition in patch.conditions where !condition.path.segments.isEmpty {
            let readable = stations[station]?.principal?.readable(body.topic) ?? .nothing
            guard writable.holds(condition.path) || readable.holds(condition.path) else {
                return Nack(id: body.id, code: .notAllowed)
            }
        }
        return nil
    }

    private mutating func writable(_ topic: Text, _ station: UInt32) -> Mask? {
        if let known = stations[station]?.permits.mask(for: topic) { return known }
        let mask = stations[station]?.principal?.writable(topic)
        stations[station]?.permits.keep(mask, for: topic)
        return mask
    }

    mutating func take(
        _ outcome: Notice.Outcome, for origin: Origin, _ now: Instant, _ carrier: any Carrier
    ) {
        guard stations.holds(origin.connection) else { return }
        let message: Message =
            switch outcome {
            case .done(let version): .ack(Ack(id: origin.id, version: version))
            case .refused(let code, let version, let reason):
                .nack(
                    Nack(
                        id: origin.id, code: code, version: version, reason: reason,
                        after: code == .storeFailed ? Desk.storeRetryMillis : nil))
            }
        answered(origin.connection.index, message, now, carrier)
    }

    /// A disk that is full or gone does not come back sooner.
    private static let storeRetryMillis: UInt64 = 1_000

    /// One request less is under way.
    mutating func answered(
        _ station: UInt32, _ message: Message, _ now: Instant, _ carrier: any Carrier
    ) {
        stations[station]?.inFlight -= 1
        send(message, to: station, now, carrier)
        guard let state = stations[station], state.isPaused,
            UInt64(state.inFlight) <= settings.terms.inFlight / 2
        else { return }
        stations[station]?.isPaused = false
        carrier.resume(state.line)
    }

    // MARK: Commands

    private mutating func command(
        _ body: Command, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let principal = stations[station]?.principal else { return }
        let origin = Origin(desk: number, connection: stations.id(station), id: body.id)
        let refusal =
            excess(body.id, principal, .publishes, carrier)
            ?? carrier.take(
                body, from: origin, principal, instance: stations[station]?.session.instance)
        if let refusal {
            send(.nack(refusal), to: station, now, carrier)
        } else {
            begin(station, carrier)
        }
    }

    /// One request more is under way; at the limit the connection is not read.
    private mutating func begin(_ station: UInt32, _ carrier: any Carrier) {
        stations[station]?.inFlight += 1
        guard let state = stations[station], !state.isPaused,
            UInt64(state.inFlight) >= settings.terms.inFlight
        else { return }
        stations[station]?.isPaused = true
        carrier.pause(state.line)
    }

    /// What an application answers to a command.
    public mutating func answer(
        _ message: Message, to origin: Origin, now: Instant, carrier: any Carrier
    ) {
        guard stations.holds(origin.connection) else { return }
        answered(origin.connection.index, message, now, carrier)
    }

    // MARK: Events

    /// A reader's word on the events of one of its subscriptions; also of one that is being
    /// seated, for the hub hears of the seat before the word.
    private func tell(
        _ id: UInt64, _ word: Request.Acknowledgement.Word, _ station: UInt32,
        _ carrier: any Carrier
    ) {
        if let index = seat(withID: id, at: station) { tell(index, word, carrier) }
    }

    /// Passes a word about a seat's events on to the hub, if it reads under a name.
    func tell(
        _ index: UInt32, _ word: Request.Acknowledgement.Word, _ carrier: any Carrier
    ) {
        guard let seat = seats[index], let name = seat.subscribe.name else { return }
        let acknowledgement = Request.Acknowledgement(
            topic: seat.topic, desk: number, seat: seats.id(index), name: name,
            word: word)
        carrier.post(.acknowledge(acknowledgement), toShard: seat.shard)
    }

    private mutating func history(
        _ body: History, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let principal = stations[station]?.principal, body.topic.namesTopic,
            body.topic.watchedTopic.map({ principal.readable($0) != nil })
                ?? (principal.readable(body.topic)?.isEverything == true)
        else {
            send(.nack(Nack(id: body.id, code: .notAllowed)), to: station, now, carrier)
            return
        }
        if let refusal = excess(body.id, principal, .subscriptions, carrier) {
            send(.nack(refusal), to: station, now, carrier)
            return
        }
        let topic = TopicKey(tenant: principal.tenant, name: body.topic)
        let origin = Origin(desk: number, connection: stations.id(station), id: body.id)
        stations[station]?.inFlight += 1
        let wish = Request.PastWish(
            origin: origin, topic: topic, limit: body.limit, start: body.start)
        carrier.post(.past(wish), toShard: topic.shard(of: shards))
    }
}

extension Publish {
    /// Rule 12: kinds of leaves that are kept for later.
    fileprivate var holdsReserved: Bool {
        switch change {
        case .event(let value): value.holdsReserved
        case .patch(let patch): patch.set.entries.contains { $0.value.holdsReserved }
        }
    }
}

extension Writer {
    /// A hash of what was written, to tell equal messages from others.
    var fingerprint: UInt64 {
        var digest = Digest()
        digest.add(span)
        return ViewHash(digest).word
    }
}
