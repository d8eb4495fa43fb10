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
        let name = body.topic.string
        if name.hasPrefix(Desk.rosterPrefix) {
            let watched = Text(String(name.dropFirst(Desk.rosterPrefix.count)))
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
        guard body.topic.namesTopic, !body.topic.isReserved,
            let writable = principal.writable(body.topic)
        else { return Nack(id: body.id, code: .notAllowed) }
        for expiry in body.expiries where !writable.holds(expiry.path) {
            return Nack(id: body.id, code: .notAllowed)
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
        let message: Message =
            switch outcome {
            case .done(let version): .ack(Ack(id: origin.id, version: version))
            case .refused(let code, let version, let reason):
                .nack(Nack(id: origin.id, code: code, version: version, reason: reason))
            }
        answered(origin.connection.index, message, now, carrier)
    }

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
            principal.readable(body.topic)?.isEverything == true
        else {
            send(.nack(Nack(id: body.id, code: .notAllowed)), to: station, now, carrier)
            return
        }
        let topic = TopicKey(tenant: principal.tenant, name: body.topic)
        let origin = Origin(desk: number, connection: stations.id(station), id: body.id)
        stations[station]?.inFlight += 1
        let wish = Request.PastWish(
            origin: origin, topic: topic, limit: body.limit, start: body.start)
        carrier.post(.past(wish), toShard: topic.shard(of: shards))
    }

    // MARK: Being there

    private mutating func signal(
        _ body: Signal, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let principal = stations[station]?.principal, body.topic.namesTopic,
            !body.topic.isReserved, principal.writable(body.topic) != nil
        else {
            refuse("signals to that topic", station, now, carrier)
            return
        }
        let topic = TopicKey(tenant: principal.tenant, name: body.topic)
        carrier.post(
            .signal(topic, principal.name, body.data), toShard: topic.shard(of: shards))
    }

    /// How many last wills, and how many rosters, a connection may have.
    private static let bequestLimit = 16

    private mutating func will(
        _ body: Will, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let principal = stations[station]?.principal,
            let wills = stations[station]?.wills, wills.count < Desk.bequestLimit,
            refusal(of: Publish(id: 0, topic: body.topic, change: .patch(body.patch)), principal)
                == nil
        else {
            refuse("a last will for that topic", station, now, carrier)
            return
        }
        stations[station]?.wills.removeAll { $0.topic == body.topic }
        // An empty patch takes the will back.
        if body.patch != Patch() { stations[station]?.wills.append(body) }
    }

    private mutating func presence(
        _ body: Presence, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let state = stations[station], let principal = state.principal,
            body.topic.namesTopic, !body.topic.isReserved,
            principal.readable(body.topic) != nil,
            state.presences.count < Desk.bequestLimit || state.presences.contains(body.topic)
        else {
            refuse("presence at that topic", station, now, carrier)
            return
        }
        stations[station]?.presences.removeAll { $0 == body.topic }
        if body.state != nil { stations[station]?.presences.append(body.topic) }
        announce(body.topic, body.state, state, principal, carrier)
    }

    private mutating func refuse(
        _ what: Text, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        let problem = Problem(code: .notAllowed, reason: Text("\(what) is not allowed"))
        send(.error(problem), to: station, now, carrier)
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
            switch seat.standing {
            case .level, .behind: break
            // Something is on its way to it, and it says again if that was not enough.
            case .joining, .filling, .catchingUp: return
            }
            counts.repairs += 1
            seats[index]?.repaired = now
            let wait = seat.repairWait
            seats[index]?.repairWait = wait < .seconds(60) ? wait + wait : wait
            if seat.standing == .level && !waits(index, now) {
                ask(index, .snapshot, carrier)
            } else {
                seats[index]?.owesSnapshot = true
            }
        } else if seat.standing == .level && !waits(index, now) {
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
