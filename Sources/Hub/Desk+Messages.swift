import Wire

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
            let nack = Nack(id: body.id, code: .unsupported, reason: "no application has it")
            send(.nack(nack), to: station, now, carrier)
        case .history(let body):
            let nack = Nack(id: body.id, code: .unsupported, reason: "the topic keeps no log")
            send(.nack(nack), to: station, now, carrier)
        case .ack, .nack, .credit, .signal, .will:
            let problem = Problem(code: .unsupported, reason: "not on this server")
            send(.error(problem), to: station, now, carrier)
        case .open, .opened, .authenticate, .authenticated, .refresh, .subscribed, .unsubscribed,
            .snapshot, .diff, .event, .reply, .seen, .ping, .pong, .presence, .lag, .page, .error,
            .drain, .close:
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
        if body.window != nil || body.name != nil {
            refusal = .unsupported
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
        guard body.topic.namesTopic, let principal = stations[station]?.principal,
            let readable = principal.readable(body.topic)
        else { return nil }
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
        let join = Request.Join(
            desk: number, seat: seats.id(index), topic: seat.topic, mask: seat.mask,
            rate: seat.rate, encoding: encoding, hash: seat.subscribe.hash, cursor: cursor)
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
            if mask == seat.mask { continue }
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
        if let refusal = refusal(of: body, principal) {
            send(.nack(refusal), to: station, now, carrier)
            return
        }
        writer.clear()
        Message.publish(body).write(messagePack: &writer)
        let topic = TopicKey(tenant: principal.tenant, name: body.topic)
        let publication = Request.Publication(
            origin: Origin(desk: number, connection: stations.id(station), id: body.id),
            topic: topic, principal: principal.name, instance: stations[station]?.session.instance,
            fingerprint: writer.fingerprint, change: body.change, expiries: body.expiries)
        stations[station]?.inFlight += 1
        carrier.post(.publish(publication), toShard: topic.shard(of: shards))
        guard let state = stations[station], !state.isPaused,
            UInt64(state.inFlight) >= settings.terms.inFlight
        else { return }
        stations[station]?.isPaused = true
        carrier.pause(state.line)
    }

    private func refusal(of body: Publish, _ principal: Principal) -> Nack? {
        guard body.topic.namesTopic, let writable = principal.writable(body.topic) else {
            return Nack(id: body.id, code: .notAllowed)
        }
        if !body.expiries.isEmpty {
            return Nack(id: body.id, code: .unsupported, reason: "fields do not expire here")
        }
        guard case .patch(let patch) = body.change, !writable.isEverything else { return nil }
        for path in patch.writes where !writable.holds(path) {
            return Nack(id: body.id, code: .notAllowed)
        }
        return nil
    }

    mutating func take(
        _ outcome: Notice.Outcome, for origin: Origin, _ now: Instant, _ carrier: any Carrier
    ) {
        guard stations.holds(origin.connection) else { return }
        let station = origin.connection.index
        stations[station]?.inFlight -= 1
        switch outcome {
        case .done(let version):
            send(.ack(Ack(id: origin.id, version: version)), to: station, now, carrier)
        case .refused(let code, let version, let reason):
            let nack = Nack(id: origin.id, code: code, version: version, reason: reason)
            send(.nack(nack), to: station, now, carrier)
        }
        guard let state = stations[station], state.isPaused,
            UInt64(state.inFlight) <= settings.terms.inFlight / 2
        else { return }
        stations[station]?.isPaused = false
        carrier.resume(state.line)
    }

    // MARK: Proving

    /// A client asks for the hash of a view, or says that its own differs and is repaired.
    private mutating func prove(
        _ report: HashReport, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        let found = stations[station]?.seats.first { seats[$0]?.view == report.view }
        guard let index = found, let seat = seats[index] else {
            let problem = Problem(code: .notAllowed, reason: "no subscription has that view")
            send(.error(problem), to: station, now, carrier)
            return
        }
        if report.hash != nil {
            if let last = seat.repaired, now.since(last) < seat.repairWait { return }
            counts.repairs += 1
            seats[index]?.repaired = now
            seats[index]?.repairWait = seat.repairWait + seat.repairWait
            ask(index, .snapshot, carrier)
        } else if seat.standing == .level {
            ask(index, .proof, carrier)
        } else {
            seats[index]?.owesProof = true
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
