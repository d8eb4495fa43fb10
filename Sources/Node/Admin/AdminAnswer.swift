import Hub
import Transport
import Wire

/// What the loops found, put together for the operator: JSON, or the metrics' own text.
struct AdminAnswer {
    let response: HTTPResponse

    init(
        _ request: AdminRequest, _ findings: [Finding], _ shared: NodeLoop.Shared,
        _ settings: NodeSettings
    ) {
        switch request {
        case .health, .ready, .metrics:
            var sum = LoopCounters()
            for case .counters(let counters) in findings { sum += counters }
            if case .metrics = request {
                let metrics = Metrics(
                    sum, store: shared.store?.counts, pressure: shared.census.refuses,
                    residentBytes: Process.residentBytes, bytesAtStart: shared.bytesAtStart,
                    loops: settings.loops)
                response = HTTPResponse(
                    .ok, type: "text/plain; version=0.0.4; charset=utf-8", metrics.text)
            } else if sum.isDraining {
                response = AdminAnswer.refusal(.unavailable, "draining")
            } else {
                // While the disk is full reading goes on, so that nobody should be led elsewhere.
                let isFailing = shared.store?.counts.isFailing == true
                let but = ", but what is published to durable topics cannot be stored"
                response = HTTPResponse(.ok, text: "ready\(isFailing ? but : "")\n")
            }
        case .topics(_, _, let limit):
            var reports: [TopicReport] = []
            for case .topics(let found) in findings { reports += found }
            reports.sort { ($0.key.tenant, $0.key.name) < ($1.key.tenant, $1.key.name) }
            response = AdminAnswer.json([
                "topics": .array(reports.prefix(limit).map { .map($0.map) })
            ])
        case .connections(_, _, let id, _, let limit):
            var reports: [ConnectionReport] = []
            for case .connections(let found) in findings { reports += found }
            if id != nil {
                response =
                    reports.first.map { AdminAnswer.json($0.map(whole: true)) }
                    ?? AdminAnswer.refusal(.notFound, "no connection has that id any more")
            } else {
                response = AdminAnswer.json([
                    "connections": .array(
                        reports.prefix(limit).map { .map($0.map(whole: false)) })
                ])
            }
        case .readers(_, let limit):
            var reports: [ConnectionReport] = []
            for case .connections(let found) in findings { reports += found }
            response = AdminAnswer.json([
                "readers": .array(reports.flatMap(\.rows).prefix(limit).map { .map($0) })
            ])
        case .disconnect, .revoke:
            var count = 0
            for case .disconnected(let found) in findings { count += found }
            response = AdminAnswer.json(["disconnected": .integer(Int64(count))])
        case .operate(let key, _):
            guard case .operated(let outcome)? = findings.first else {
                response = AdminAnswer.refusal(.internalError, "the loop gave no answer")
                return
            }
            response = AdminAnswer.operated(outcome, key)
        }
    }

    private static func operated(_ outcome: Operation.Outcome, _ key: TopicKey) -> HTTPResponse {
        switch outcome {
        case .topic(let report, let document):
            var map = report.map
            map["document"] = .map(document)
            return json(map)
        case .letters(let letters):
            return json(["deadLetters": .array(letters.map { .map($0.map) })])
        case .done(let count): return json(["done": .integer(Int64(count))])
        case .absent: return refusal(.notFound, "there is no topic \(key.name) in \(key.tenant)")
        case .refused(let code):
            return refusal(HTTPStatus(code), "refused with code \(code.rawValue)")
        }
    }

    static func json(_ map: Map, _ status: HTTPStatus = .ok) -> HTTPResponse {
        var writer = Writer()
        writer.writeJSON(map)
        writer.append(0x0a)
        var response = HTTPResponse(status, type: "application/json", writer.bytes())
        response.fields.append(("cache-control", "no-store"))
        return response
    }

    static func refusal(_ status: HTTPStatus, _ text: String) -> HTTPResponse {
        json(["error": .text(text)], status)
    }
}

extension TopicReport {
    fileprivate var map: Map {
        var map: Map = [
            "tenant": .text(key.tenant), "topic": .text(key.name), "kind": .text(kind.word),
            "durable": .boolean(isDurable), "version": .unsigned(version),
            "size": .integer(Int64(size)), "readers": .integer(Int64(readers)),
        ]
        map["epoch"] = epoch.map { .text($0) }
        if deadLetters > 0 { map["deadLetters"] = .integer(Int64(deadLetters)) }
        if !names.isEmpty {
            map["names"] = .array(
                names.map {
                    .map([
                        "name": .text($0.name), "done": .unsigned($0.done),
                        "held": .boolean($0.isHeld),
                    ])
                })
        }
        return map
    }
}

extension ConnectionReport {
    /// `whole` with every subscription's cursor and rung: the connection's trace.
    fileprivate func map(whole: Bool) -> Map {
        var map: Map = [
            "id": .text(id), "encoding": encoding == .json ? "json" : "msgpack",
            "subscriptions": .integer(Int64(seats.count)),
            "inFlight": .integer(Int64(inFlight)), "sentBytes": .unsigned(sentBytes),
            "unconfirmedBytes": .unsigned(unconfirmedBytes),
            "silence": .unsigned(silence.wholeMilliseconds), "slow": .boolean(isSlow),
        ]
        map["user"] = user.map { .text($0) }
        map["tenant"] = tenant.map { .text($0) }
        if whole { map["seats"] = .array(seats.map { .map($0.map) }) }
        return map
    }
}

extension ConnectionReport {
    /// A row for each of its subscriptions.
    fileprivate var rows: [Map] {
        seats.map { seat in
            var row: Map = ["connection": .text(self.id)]
            row["user"] = user.map { .text($0) }
            for entry in seat.map.entries where entry.key != "topic" {
                row[entry.key] = entry.value
            }
            row["unconfirmedBytes"] = .unsigned(unconfirmedBytes)
            row["silence"] = .unsigned(silence.wholeMilliseconds)
            return row
        }
    }
}

extension SeatReport {
    fileprivate var map: Map {
        var map: Map = [
            "id": .unsigned(id), "topic": .text(topic), "view": .unsigned(view),
            "standing": .text(standing), "lags": .integer(Int64(lags)),
            "merged": .unsigned(merged),
        ]
        map["version"] = version.map { .unsigned($0) }
        map["epoch"] = epoch.map { .text($0) }
        map["rate"] = rate.map { .number($0) }
        map["name"] = name.map { .text($0) }
        return map
    }
}

extension DeadLetter {
    fileprivate var map: Map {
        [
            "name": .text(name), "sequence": .unsigned(sequence), "code": .unsigned(code.rawValue),
            "deliveries": .unsigned(deliveries), "data": data,
        ]
    }
}

extension Subscribed.TopicKind {
    var word: Text {
        switch self {
        case .state: "state"
        case .collection: "collection"
        case .event: "event"
        case .signal: "signal"
        }
    }
}
