import Wire

/// Readers who are behind, and the ladder that they go down and up again (rule 15).
extension Desk {
    /// The reader has confirmed something: seats that wait for it go on, if it is no longer
    /// behind.
    mutating func advance(_ station: UInt32, _ now: Instant, _ carrier: any Carrier) {
        guard let all = stations[station]?.seats, !all.isEmpty else { return }
        stations[station]?.turn &+= 1
        let first = (stations[station]?.turn ?? 0) % all.count
        for index in all[first...] + all[..<first] {
            guard let flow = stations[station]?.session.flow else { return }
            let isBehind = flow.unconfirmed > settings.terms.unconfirmedBytes / 2
            if seats[index]?.holdsRoom == true && !isBehind {
                stations[station]?.waiting -= 1
                seats[index]?.holdsRoom = false
                tell(index, .room(seats[index]?.passed ?? 0), carrier)
                seats[index]?.passed = 0
            }
            switch seats[index]?.standing {
            case .behind(let from)?:
                if isBehind { continue }
                stations[station]?.waiting -= 1
                seats[index]?.standing = .catchingUp(from: from)
                ask(index, seats[index]?.owesSnapshot == true ? .snapshot : .diff, carrier)
                seats[index]?.owesSnapshot = false
            case .filling(let parts, let next, let to)?:
                fill(index, station, parts, next, to, now, carrier)
            case .joining?, .level?, .catchingUp?, nil: break
            }
        }
    }

    /// Sends parts of a snapshot while they fit what may be unconfirmed.
    private mutating func fill(
        _ index: UInt32, _ station: UInt32, _ parts: [[UInt8]], _ next: Int, _ to: UInt64,
        _ now: Instant, _ carrier: any Carrier
    ) {
        var next = next
        while next < parts.count {
            let unconfirmed = stations[station]?.session.flow.unconfirmed ?? 0
            let room = settings.terms.unconfirmedBytes
            if unconfirmed > 0 && unconfirmed + UInt64(parts[next].count) > room { break }
            send(parts[next], to: station, now, carrier)
            next += 1
        }
        if next < parts.count {
            seats[index]?.standing = .filling(parts: parts, next: next, to: to)
            return
        }
        stations[station]?.waiting -= 1
        seats[index]?.standing = .catchingUp(from: to)
        ask(index, .diff, carrier)
    }

    /// The room for events of a reader under a name: small beside what may be unconfirmed, for it
    /// comes on top of that when the reader lags.
    var readerRoom: UInt64 { max(settings.terms.unconfirmedBytes / 4, 1) }

    /// Lets the hub send more events when half the room has been passed on, unless the reader is
    /// behind: then when it has confirmed.
    mutating func giveRoom(_ index: UInt32, _ now: Instant, _ carrier: any Carrier) {
        guard let seat = seats[index], !seat.holdsRoom, seat.passed >= readerRoom / 2 else {
            return
        }
        if isBehind(seat.station, now) {
            seats[index]?.holdsRoom = true
            stations[seat.station]?.waiting += 1
            return
        }
        seats[index]?.passed = 0
        tell(index, .room(seat.passed), carrier)
    }

    /// Asks the hub for what a seat lacks.
    mutating func ask(_ index: UInt32, _ wish: Request.CatchUp.Wish, _ carrier: any Carrier) {
        guard let seat = seats[index], let audience = seat.audience else { return }
        let from: UInt64
        switch seat.standing {
        case .level:
            guard let version = held(index) else { return }
            from = version
        case .catchingUp(let version): from = version
        case .joining, .filling, .behind: return
        }
        let request = Request.CatchUp(
            desk: number, seat: seats.id(index), audience: audience, from: from, wish: wish)
        carrier.post(.catchUp(request), toShard: seat.shard)
    }

    /// The rung below merging: a reader that keeps falling behind gets fewer frames.
    mutating func slow(
        _ index: UInt32, to rate: RateClass, holding version: UInt64, _ now: Instant,
        _ carrier: any Carrier
    ) {
        guard let seat = seats[index], let audience = seat.audience else { return }
        counts.slowed += 1
        let lag = Lag(view: seat.view, rung: .slowed, merged: 0)
        send(.lag(lag), to: seat.station, now, carrier)
        leave(audience, index, carrier)
        seats[index]?.audience = nil
        seats[index]?.rate = rate
        seats[index]?.lags = 0
        seats[index]?.standing = .joining
        let cursor = seat.cursor.map {
            Cursor(epoch: $0.epoch, version: version, print: $0.print)
        }
        join(index, cursor: cursor, carrier)
    }

    /// The last rung: who confirms nothing for too long is disconnected, and may resume.
    mutating func checkPatience(_ station: UInt32, _ now: Instant, _ carrier: any Carrier) {
        guard let flow = stations[station]?.session.flow,
            flow.silence(now) > settings.patience
        else { return }
        closeSlow(station, carrier)
    }

    mutating func closeSlow(_ station: UInt32, _ carrier: any Carrier) {
        guard stations[station]?.session.isReady == true else { return }
        counts.closedSlow += 1
        stations[station]?.session.end()
        close(
            station, .tooSlow, "too little was confirmed for too long; resume with the cursor",
            carrier)
    }
}
