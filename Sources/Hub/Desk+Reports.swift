public import Wire

/// A connection at a glance.
public struct ConnectionReport: Equatable, Sendable {
    public let id: Text
    /// The host's word for it.
    public let line: UInt64
    /// Nil before it has proved who it is.
    public let user: Text?
    public let tenant: Text?
    public let encoding: Encoding
    /// Publishes and the like that are not answered.
    public let inFlight: Int
    public let sentBytes: UInt64
    public let unconfirmedBytes: UInt64
    /// How long nothing was confirmed of what is unconfirmed.
    public let silence: Interval
    public let seats: [SeatReport]

    /// Whether it is behind in anything.
    public var isSlow: Bool { seats.contains { $0.standing == "behind" || $0.lags > 0 } }
}

/// A subscription at a glance: how far it is and how it stands, and nothing of what it holds.
public struct SeatReport: Equatable, Sendable {
    public let id: UInt64
    public let topic: Text
    public let view: UInt64
    /// joining, filling, level, behind or catching-up.
    public let standing: Text
    /// What it was sent, at least.
    public let version: UInt64?
    public let epoch: Text?
    /// How often it fell behind lately.
    public let lags: Int
    /// Versions that it was not sent one by one, since it subscribed.
    public let merged: UInt64
    /// Its frames a second at most; nil for as they are made.
    public let rate: Number?
    public let name: Text?
}

extension Desk {
    /// The connections of a tenant and a user, or of all, with their subscriptions.
    public func reports(
        tenant: Text? = nil, user: Text? = nil, id: Text? = nil, onlySlow: Bool = false,
        limit: Int, now: Instant
    ) -> [ConnectionReport] {
        var reports: [ConnectionReport] = []
        for index in stations.indices where reports.count < limit {
            guard let station = stations[UInt32(index)] else { continue }
            if let tenant, station.principal?.tenant != tenant { continue }
            if let user, station.principal?.name != user { continue }
            if let id, station.session.connection != id { continue }
            let report = report(station, now)
            if onlySlow && !report.isSlow { continue }
            reports.append(report)
        }
        return reports
    }

    /// Who reads a topic here, each with the subscriptions to it alone.
    public func readers(of topic: TopicKey, limit: Int, now: Instant) -> [ConnectionReport] {
        var reports: [ConnectionReport] = []
        for index in stations.indices where reports.count < limit {
            guard let station = stations[UInt32(index)],
                station.seats.contains(where: { seats[$0]?.topic == topic })
            else { continue }
            reports.append(report(station, now, of: topic))
        }
        return reports
    }

    /// Those who are to be disconnected: by id, by user, or by the token that let them in.
    public func stations(
        tenant: Text?, user: Text? = nil, id: Text? = nil, token: Text? = nil
    ) -> [UInt32] {
        stations.indices.compactMap { index in
            guard let station = stations[UInt32(index)] else { return nil }
            if let tenant, station.principal?.tenant != tenant { return nil }
            if let user, station.principal?.name != user { return nil }
            if let id, station.session.connection != id { return nil }
            if let token, station.principal?.token != token { return nil }
            return UInt32(index)
        }
    }

    private func report(
        _ station: Station, _ now: Instant, of topic: TopicKey? = nil
    ) -> ConnectionReport {
        ConnectionReport(
            id: station.session.connection, line: station.line, user: station.principal?.name,
            tenant: station.principal?.tenant, encoding: station.encoding,
            inFlight: station.inFlight, sentBytes: station.session.flow.sent,
            unconfirmedBytes: station.session.flow.unconfirmed,
            silence: station.session.flow.silence(now),
            seats: station.seats.compactMap { seats[$0] }
                .filter { topic == nil || $0.topic == topic }.map { report($0) })
    }

    private func report(_ seat: Seat) -> SeatReport {
        let standing: Text
        var version: UInt64?
        switch seat.standing {
        case .joining: standing = "joining"
        case .filling(_, _, let to): (standing, version) = ("filling", to)
        case .level:
            standing = "level"
            if let audience = seat.audience,
                let section = sections[SectionKey(shard: seat.shard, audience: audience)]
            {
                version = max(section.sent, section.members[seat.place].holds)
            }
        case .behind(let from): (standing, version) = ("behind", from)
        case .catchingUp(let from): (standing, version) = ("catching-up", from)
        }
        return SeatReport(
            id: seat.subscribe.id, topic: seat.topic.name, view: seat.view, standing: standing,
            version: version, epoch: seat.cursor?.epoch, lags: seat.lags,
            merged: seat.merged, rate: seat.rate.number, name: seat.subscribe.name)
    }
}
