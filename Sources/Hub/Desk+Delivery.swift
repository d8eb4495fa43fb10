public import Wire

/// How frames reach readers, and what happens to those who cannot keep up (rules 14 and 15).
extension Desk {
    /// Takes a notice from the hub of a shard.
    public mutating func receive(
        _ notice: Notice, fromShard shard: Int, now: Instant, carrier: any Carrier
    ) {
        switch notice {
        case .frame(let audience, let frame):
            deliver(frame, to: SectionKey(shard: shard, audience: audience), now, carrier)
        case .joined(let seat, let joined): seated(seat, joined, shard, now, carrier)
        case .refused(let seat, let code):
            ended(seat, code, now, carrier)
        case .caughtUp(let seat, let fill): caughtUp(seat, fill, now, carrier)
        case .outcome(let origin, let outcome): take(outcome, for: origin, now, carrier)
        case .event(let seat, let bytes):
            guard seats.holds(seat), let place = seats[seat.index] else { return }
            send(bytes, to: place.station, now, carrier)
            seats[seat.index]?.passed += UInt64(bytes.count)
            giveRoom(seat.index, now, carrier)
        case .signal(let audience, let bytes):
            signal(bytes, to: SectionKey(shard: shard, audience: audience), now, carrier)
        case .ended(let seat, let code): ended(seat, code, now, carrier)
        case .anew(let audience): seatAnew(audience, shard, carrier)
        case .overtaken(let seat):
            guard seats.holds(seat), let audience = seats[seat.index]?.audience else { return }
            sitAgain(seat.index, audience, carrier)
        case .page(let origin, let page):
            guard stations.holds(origin.connection) else { return }
            answered(origin.connection.index, .page(page), now, carrier)
        }
    }

    private mutating func ended(
        _ seat: SeatID, _ code: Code, _ now: Instant, _ carrier: any Carrier
    ) {
        guard seats.holds(seat), let place = seats[seat.index] else { return }
        remove(seat.index, carrier)
        let answer = Unsubscribed(id: place.subscribe.id, code: code)
        send(.unsubscribed(answer), to: place.station, now, carrier)
    }

    private mutating func seatAnew(_ audience: AudienceID, _ shard: Int, _ carrier: any Carrier) {
        for index in seats.indices {
            let index = UInt32(index)
            guard let seat = seats[index], seat.audience == audience, seat.shard == shard else {
                continue
            }
            sitAgain(index, audience, carrier)
        }
    }

    /// A seat takes its place again, without a cursor, as if it had just been asked for.
    private mutating func sitAgain(
        _ index: UInt32, _ audience: AudienceID, _ carrier: any Carrier
    ) {
        guard let seat = seats[index] else { return }
        leaveSection(index)
        switch seat.standing {
        case .filling, .behind: stations[seat.station]?.waiting -= 1
        case .joining, .level, .catchingUp: break
        }
        if seat.holdsRoom { stations[seat.station]?.waiting -= 1 }
        leave(audience, index, carrier)
        seats[index]?.holdsRoom = false
        seats[index]?.passed = 0
        seats[index]?.audience = nil
        seats[index]?.standing = .joining
        join(index, cursor: nil, carrier)
    }

    /// To everybody who keeps up; whoever is behind does without.
    private mutating func signal(
        _ bytes: [UInt8], to key: SectionKey, _ now: Instant, _ carrier: any Carrier
    ) {
        for member in sections[key]?.members ?? [] where !isBehind(member.station, now) {
            send(bytes, to: member.station, now, carrier)
        }
    }

    func isBehind(_ station: UInt32, _ now: Instant) -> Bool {
        stations[station]?.session.flow.isLagging(settings.terms, now: now) ?? true
    }

    // MARK: Everybody

    /// The hot path: for each member a look at its flow, and a reference in its queue.
    private mutating func deliver(
        _ frame: Notice.Frame, to key: SectionKey, _ now: Instant, _ carrier: any Carrier
    ) {
        guard var section = sections[key] else { return }
        sections[key] = nil
        let length = frame.bytes.count
        let members = section.members.count
        var behind: [Int] = []
        var isPrepared = false
        // Somebody is always served last: the start goes round, so that it is not always the same.
        section.turn = section.turn &+ 1
        let first = members > 0 ? Int(section.turn % UInt64(members)) : 0
        for i in 0..<members {
            let place = first + i < members ? first + i : first + i - members
            let member = section.members[place]
            if member.holds >= frame.leads { continue }
            let encoding = isPrepared ? nil : stations[member.station]?.encoding
            let line = stations[member.station]?.admit(length, settings.terms, now: now)
            guard let line else {
                fallBehind(member, holding: section.sent, now)
                behind.append(place)
                continue
            }
            if let encoding {
                carrier.prepare(frame.bytes, encoding)
                isPrepared = true
            }
            carrier.carryPrepared(to: line)
            counts.deliveries += 1
            counts.deliveredBytes += UInt64(length)
        }
        // From the back, so that the places of those still to be removed stay what they are.
        for place in behind.sorted(by: >) { remove(memberAt: place, from: &section) }
        section.sent = frame.to
        sections[key] = section
    }

    private mutating func remove(memberAt place: Int, from section: inout Section) {
        let last = section.members.count - 1
        if place != last {
            section.members[place] = section.members[last]
            seats[section.members[place].seat]?.place = place
        }
        section.members.removeLast()
    }

    private mutating func fallBehind(
        _ member: Section.Member, holding version: UInt64, _ now: Instant
    ) {
        counts.lags += 1
        seats[member.seat]?.standing = .behind(from: version)
        stations[member.station]?.waiting += 1
        guard let since = seats[member.seat]?.lagsSince else { return }
        if now.since(since) > .seconds(60) {
            seats[member.seat]?.lagsSince = now
            seats[member.seat]?.lags = 0
        }
        seats[member.seat]?.lags += 1
    }

    // MARK: One seat

    private mutating func seated(
        _ id: SeatID, _ joined: Notice.Joined, _ shard: Int, _ now: Instant,
        _ carrier: any Carrier
    ) {
        guard seats.holds(id), let seat = seats[id.index] else {
            // It left before it was seated.
            carrier.post(
                .leave(joined.audience, desk: number, principal: joined.principal), toShard: shard)
            return
        }
        seats[id.index]?.audience = joined.audience
        seats[id.index]?.view = joined.view
        seats[id.index]?.kind = joined.kind
        seats[id.index]?.cursor = joined.cursor
        let answer = Subscribed(
            id: seat.subscribe.id, view: joined.view, verdict: joined.verdict, kind: joined.kind,
            cursor: joined.cursor, rate: joined.rate.number, gone: joined.gone)
        send(.subscribed(answer), to: seat.station, now, carrier)
        let held = joined.kind == .event ? joined.cursor.version : seat.joinedFrom
        if postpones(joined.fill, id.index, holding: held, now) { return }
        take(joined.fill, id.index, now, carrier)
    }

    private mutating func caughtUp(
        _ id: SeatID, _ fill: Notice.Fill, _ now: Instant, _ carrier: any Carrier
    ) {
        guard seats.holds(id), let seat = seats[id.index] else { return }
        // A proof or a repair that comes when its reader has fallen behind waits as well.
        if !fill.frames.isEmpty && waits(id.index, now) {
            if fill.isSnapshot {
                seats[id.index]?.owesSnapshot = true
            } else {
                seats[id.index]?.owesProof = true
            }
            return
        }
        if case .catchingUp(let from) = seat.standing {
            if postpones(fill, id.index, holding: from, now) { return }
            let rung = fill.isSnapshot ? Lag.Rung.snapshot : .merging
            let merged = fill.to > from ? fill.to - from : 0
            counts.merged += merged
            seats[id.index]?.merged += merged
            if fill.isSnapshot { counts.snapshotRungs += 1 }
            if merged > 0 {
                let lag = Lag(view: seat.view, rung: rung, merged: merged)
                send(.lag(lag), to: seat.station, now, carrier)
            }
        }
        take(fill, id.index, now, carrier)
    }

    /// What a seat is owed has come too late: its reader is behind again. It is thrown away, and
    /// asked for anew when the reader has confirmed, so that nobody's fills pile up.
    private mutating func postpones(
        _ fill: Notice.Fill, _ index: UInt32, holding version: UInt64, _ now: Instant
    ) -> Bool {
        guard let station = seats[index]?.station, !fill.frames.isEmpty, !fill.isParted,
            isBehind(station, now)
        else { return false }
        seats[index]?.standing = .behind(from: fill.isSnapshot ? 0 : version)
        seats[index]?.owesSnapshot = fill.isSnapshot
        stations[station]?.waiting += 1
        return true
    }

    /// Sends what a seat is owed, and makes it level with its audience, or begins to fill it.
    private mutating func take(
        _ fill: Notice.Fill, _ index: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let seat = seats[index] else { return }
        if fill.isParted {
            if seat.standing == .level { leaveSection(index) }
            seats[index]?.standing = .filling(parts: fill.frames, next: 0, to: fill.to)
            stations[seat.station]?.waiting += 1
            advance(seat.station, now, carrier)
            return
        }
        for frame in fill.frames { send(frame, to: seat.station, now, carrier) }
        if fill.isPartial {
            if seat.standing == .level { leaveSection(index) }
            seats[index]?.standing = .behind(from: fill.to)
            stations[seat.station]?.waiting += 1
            advance(seat.station, now, carrier)
            return
        }
        if seat.standing == .level {
            // It has been served alone: the frame to there would tell it nothing more.
            if let audience = seat.audience {
                let key = SectionKey(shard: seat.shard, audience: audience)
                sections[key]?.members[seat.place].holds = fill.to
            }
        } else {
            makeLevel(index, holding: fill.to, now, carrier)
        }
        if seat.owesProof {
            seats[index]?.owesProof = false
            ask(index, .proof, carrier)
        }
    }

    private mutating func makeLevel(
        _ index: UInt32, holding version: UInt64, _ now: Instant, _ carrier: any Carrier
    ) {
        guard let seat = seats[index], let audience = seat.audience else { return }
        if seat.lags >= settings.lagsBeforeSlowing, let slower = seat.rate.slower {
            slow(index, to: slower, holding: version, now, carrier)
            return
        }
        let key = SectionKey(shard: seat.shard, audience: audience)
        let member = Section.Member(station: seat.station, seat: index, holds: version)
        seats[index]?.standing = .level
        seats[index]?.place = sections[key]?.members.count ?? 0
        sections[key, default: Section(sent: version)].members.append(member)
    }

    /// A level seat whose reader lags falls behind before it is sent anything that it asked for.
    mutating func waits(_ index: UInt32, _ now: Instant) -> Bool {
        guard let seat = seats[index], seat.standing == .level, let held = held(index),
            isBehind(seat.station, now)
        else { return false }
        leaveSection(index)
        seats[index]?.standing = .behind(from: held)
        stations[seat.station]?.waiting += 1
        return true
    }

    /// What the reader at a level seat holds at least.
    func held(_ index: UInt32) -> UInt64? {
        guard let seat = seats[index], let audience = seat.audience,
            let section = sections[SectionKey(shard: seat.shard, audience: audience)]
        else { return nil }
        return max(section.sent, section.members[seat.place].holds)
    }

    /// Takes a seat out of its section, without leaving the audience.
    private mutating func leaveSection(_ index: UInt32) {
        guard let seat = seats[index], let audience = seat.audience, seat.standing == .level
        else { return }
        let key = SectionKey(shard: seat.shard, audience: audience)
        guard var section = sections[key] else { return }
        sections[key] = nil
        remove(memberAt: seat.place, from: &section)
        sections[key] = section
    }

    /// Ends a seat: out of the section, out of the audience, out of the books.
    mutating func vacate(_ index: UInt32, _ carrier: any Carrier) {
        guard let seat = seats[index] else { return }
        leaveSection(index)
        switch seat.standing {
        case .filling, .behind: stations[seat.station]?.waiting -= 1
        case .joining, .level, .catchingUp: break
        }
        if seat.holdsRoom { stations[seat.station]?.waiting -= 1 }
        // Also before it is seated: the hub hears of the seat before the word, and the name would
        // stay with nobody.
        tell(index, .released, carrier)
        if let audience = seat.audience { leave(audience, index, carrier) }
        seats.remove(index)
    }

    mutating func leave(_ audience: AudienceID, _ index: UInt32, _ carrier: any Carrier) {
        guard let seat = seats[index] else { return }
        let principal = stations[seat.station]?.principal?.name ?? Text()
        carrier.post(
            .leave(audience, desk: number, principal: principal), toShard: seat.shard)
        let key = SectionKey(shard: seat.shard, audience: audience)
        if sections[key]?.members.isEmpty == true { sections[key] = nil }
    }
}
