public import Wire

/// Being there: signals, last wills, presence, and what requests say that have no connection.
extension Desk {
    mutating func signal(
        _ body: Signal, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let principal = stations[station]?.principal, body.topic.namesTopic,
            !body.topic.isReserved, principal.writable(body.topic) != nil
        else {
            refuse("signals to that topic", station, now, carrier)
            return
        }
        if let excess = excess(0, principal, .publishes, carrier) {
            let problem = Problem(code: excess.code, reason: excess.reason ?? Text())
            send(.error(problem), to: station, now, carrier)
            return
        }
        let topic = TopicKey(tenant: principal.tenant, name: body.topic)
        carrier.post(
            .signal(topic, principal.name, body.data), toShard: topic.shard(of: shards))
    }

    /// How many last wills, and how many rosters, a connection may have.
    private static let bequestLimit = 16

    mutating func will(
        _ body: Will, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard stations[station]?.principal != nil,
            let wills = stations[station]?.wills, wills.count < Desk.bequestLimit,
            refusal(of: Publish(id: 0, topic: body.topic, change: .patch(body.patch)), station)
                == nil
        else {
            refuse("a last will for that topic", station, now, carrier)
            return
        }
        stations[station]?.wills.removeAll { $0.topic == body.topic }
        // An empty patch takes the will back.
        if body.patch != Patch() { stations[station]?.wills.append(body) }
    }

    mutating func presence(
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

    /// Presence that a request asks for: it ends by itself if it is not asked for again. False
    /// where it is not allowed.
    public mutating func lease(
        _ body: Presence, as client: Text, for lease: Interval, at station: UInt32,
        carrier: any Carrier
    ) -> Bool {
        guard let principal = stations[station]?.principal, body.topic.namesTopic,
            !body.topic.isReserved, principal.readable(body.topic) != nil
        else { return false }
        let roster = Desk.roster(of: body.topic, principal.tenant)
        let presence = Request.Presence(
            roster: roster, user: principal.name, connection: client, state: body.state,
            lease: lease)
        carrier.post(.presence(presence), toShard: roster.shard(of: shards))
        return true
    }

    /// A request's word on the events of a durable name, which it need not hold; the answer comes
    /// as an `ack` with how far the name has come. False where it is not allowed.
    public mutating func acknowledge(
        _ topic: Text, _ name: Text, _ word: Request.Acknowledgement.Word, id: UInt64,
        at station: UInt32, carrier: any Carrier
    ) -> Bool {
        guard let principal = stations[station]?.principal, topic.namesTopic,
            principal.readable(topic)?.isEverything == true
        else { return false }
        let key = TopicKey(tenant: principal.tenant, name: topic)
        let origin = Origin(desk: number, connection: stations.id(station), id: id)
        stations[station]?.inFlight += 1
        let acknowledgement = Request.Acknowledgement(
            topic: key, desk: number, seat: nil, name: name, word: word, origin: origin)
        carrier.post(.acknowledge(acknowledgement), toShard: key.shard(of: shards))
        return true
    }

    mutating func refuse(
        _ what: Text, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        let problem = Problem(code: .notAllowed, reason: Text("\(what) is not allowed"))
        send(.error(problem), to: station, now, carrier)
    }
}
