import Hub
import Transport
import Wire

/// Polling, event streams and posts (rule 27): each request is a guest at the desk that says what a
/// WebSocket would say, so every right and limit holds for it as for any connection.
extension NodeLoop {
    /// Answers what is not a WebSocket.
    func answer(_ route: Route, _ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        let encoding = Encoding(accepting: request)
        let origin = request.fields.first("origin")
        if let origin, !settings.allows(origin: origin) {
            return refuse(
                Problem(code: .notAllowed, reason: "this origin is not allowed here"), encoding, nil
            )
        }
        if case .preflight = route { return .respond(HTTPResponse(preflightFor: origin)) }
        readWall()
        let bearer: Bearer
        switch self.bearer(of: request) {
        case .success(let found): bearer = found
        case .failure(let problem): return refuse(problem, encoding, origin)
        }
        if route.lasts, !shared.census.enter(bearer.principal, limits) {
            let problem = Problem(
                code: .tooMany, reason: "too many connections of this user or tenant")
            return refuse(problem, encoding, origin)
        }
        switch route {
        case .webSocket, .health, .preflight: return .respond(HTTPResponse(.notFound))
        case .read(let subscribe, let wait, let known):
            let waits = wait.nanoseconds > 0
            let reading = Reading(.messages, subscribe, encoding, known: known, waits: waits)
            begin(reading, bearer, waits ? wait : NodeLoop.patience, id, origin)
        case .document(let subscribe, let known):
            var whole = subscribe
            whole.cursor = nil
            let reading = Reading(.document, whole, encoding, known: known, waits: false)
            begin(reading, bearer, NodeLoop.patience, id, origin)
        case .stream(let subscribe):
            let streaming = Streaming()
            let exchange = open(
                .streaming(streaming), .json, bearer, nil, until: Instant(nanoseconds: .max), id,
                origin)
            desk.received(
                .subscribe(subscribe), from: exchange.station, now: loop.now, carrier: self)
        case .history(let history):
            let posting = Posting(encoding, ids: [1], isList: false)
            let exchange = open(
                .posting(posting), encoding, bearer, nil, until: loop.now + NodeLoop.patience, id,
                origin)
            desk.received(.history(history), from: exchange.station, now: loop.now, carrier: self)
        case .post(.ticket): return ticket(bearer, encoding, origin)
        case .post(let kind):
            if let problem = post(kind, request, bearer, encoding, id, origin) {
                return refuse(problem, encoding, origin)
            }
        }
        return .hold
    }

    /// How long an answer that should come at once is waited for.
    private static let patience = Interval.seconds(10)

    private func refuse(
        _ problem: Problem, _ encoding: Encoding, _ origin: String?
    ) -> HTTPAnswer {
        .respond(HTTPResponse(problem, encoding).allowing(origin))
    }

    func refuse(_ refusal: Route.Refusal, _ request: HTTPRequest) -> HTTPAnswer {
        var response = HTTPResponse(
            Problem(code: refusal.code, reason: refusal.reason), Encoding(accepting: request))
        response.status = refusal.status
        if let allow = refusal.allow { response.fields.append(("allow", allow)) }
        return .respond(response.allowing(request.fields.first("origin")))
    }

    // MARK: Who asks

    enum Found {
        case success(Bearer)
        case failure(Problem)
    }

    func bearer(of request: HTTPRequest) -> Found {
        if let ticket = request.queryValue("ticket") {
            if let bearer = shared.tickets.take(Text(ticket), now: loop.now) {
                return .success(bearer)
            }
            return .failure(
                Problem(code: .tokenInvalid, reason: "the ticket was used, or its time is over"))
        }
        guard let field = request.fields.first("authorization"),
            let blank = field.firstIndex(of: " "), field[..<blank].lowercased() == "bearer"
        else {
            return .failure(
                Problem(code: .notAuthenticated, reason: "say who you are: Authorization: Bearer"))
        }
        switch verify(Text(String(field[field.index(after: blank)...]))) {
        case .accepted(let principal, let lifetime):
            return .success(
                Bearer(principal: principal, expires: lifetime.map { loop.now + $0 }))
        case .rejected(let code, let reason):
            return .failure(Problem(code: code, reason: reason))
        }
    }

    private func ticket(_ bearer: Bearer, _ encoding: Encoding, _ origin: String?) -> HTTPAnswer {
        guard let ticket = shared.tickets.issue(to: bearer, now: loop.now) else {
            return refuse(
                Problem(code: .overloaded, reason: "too many tickets are out"), encoding, origin)
        }
        let body: Map = [
            "ticket": .text(ticket), "expires": .unsigned(Tickets.life.wholeMilliseconds),
        ]
        var writer = Writer()
        switch encoding {
        case .json: writer.writeJSON(body)
        case .messagePack: writer.pack(body)
        }
        let response = HTTPResponse(
            .created,
            fields: [("content-type", encoding.mediaType), ("cache-control", "no-store")],
            body: writer.bytes())
        return .respond(response.allowing(origin))
    }

    // MARK: Beginning

    private func begin(
        _ reading: Reading, _ bearer: Bearer, _ wait: Interval, _ id: ConnectionID,
        _ origin: String?
    ) {
        let exchange = open(
            .reading(reading), reading.encoding, bearer, nil, until: loop.now + wait, id, origin)
        desk.received(
            .subscribe(reading.first), from: exchange.station, now: loop.now, carrier: self)
    }

    func open(
        _ work: Exchange.Work, _ encoding: Encoding, _ bearer: Bearer, _ instance: Text?,
        until deadline: Instant, _ id: ConnectionID, _ origin: String?
    ) -> Exchange {
        let isCounted = work.lasts
        let station = desk.openGuest(
            line: id.line, work.spoken ?? encoding, bearer.principal,
            lifetime: bearer.lifetime(at: loop.now), instance: instance, now: loop.now)
        let exchange = Exchange(
            id, encoding, station: station, work, bearer.principal, isCounted: isCounted,
            deadline: deadline, origin: origin)
        setLine(.exchange(exchange), of: id)
        exchanges[id] = exchange
        return exchange
    }

    // MARK: What guests are told

    func tell(_ exchange: Exchange, _ message: Message, _ bytes: [UInt8]) {
        stir(exchange)
        exchange.take(message, bytes)
        guard let streaming = exchange.streaming else { return }
        if case .unsubscribed(let body) = message, !streaming.isOpen {
            let problem = Problem(
                code: body.code ?? .notAllowed, reason: "the topic cannot be read that way")
            return finish(exchange, HTTPResponse(problem, .json))
        }
        stream(streaming.event(bytes, of: message), exchange, streaming)
        if case .unsubscribed = message { finish(exchange, nil) }
    }

    func tell(_ exchange: Exchange, _ prepared: Prepared) {
        guard let message = prepared.message else { return }
        stir(exchange)
        exchange.take(message, prepared.bytes)
        guard let streaming = exchange.streaming else { return }
        stream(prepared.event(for: streaming, message), exchange, streaming)
    }

    private func stream(_ frame: Frame, _ exchange: Exchange, _ streaming: Streaming) {
        if !streaming.isOpen {
            streaming.isOpen = true
            loop.stream(
                .ok, fields: Streaming.fields + HTTPResponse.allowance(exchange.origin),
                to: exchange.connection)
        }
        if !streaming.owesConfirmation {
            streaming.owesConfirmation = true
            unconfirmed.append(exchange.connection)
        }
        // The desk stops sending long before the queue is full; whoever fills it is given up.
        if loop.send(frame, to: exchange.connection) == .refused {
            loop.abort(exchange.connection)
        }
    }

    private func stir(_ exchange: Exchange) {
        if !exchange.isStirred { stirred.append(exchange.connection) }
    }

    /// The desk ends a guest: its token's time is over, or it reads too slowly.
    func end(_ exchange: Exchange, _ code: Code, _ reason: Text) {
        guard let streaming = exchange.streaming, streaming.isOpen else {
            return finish(
                exchange, HTTPResponse(Problem(code: code, reason: reason), exchange.encoding))
        }
        let close = Message.close(Close(code: code, reason: reason))
        stream(streaming.event(close.encoded(.json), of: close), exchange, streaming)
        finish(exchange, nil)
    }

    /// The request has its answer, and its guest leaves; without one its stream ends.
    func finish(_ exchange: Exchange, _ response: HTTPResponse?) {
        let id = exchange.connection
        guard exchanges.removeValue(forKey: id) != nil else { return }
        setLine(nil, of: id)
        if exchange.isCounted { shared.census.leave(exchange.principal) }
        leaving.append(exchange.station)
        if let response {
            loop.respond(response.allowing(exchange.origin), to: id)
        } else {
            loop.endStream(id)
        }
    }

    // MARK: Turns

    /// Gives their answers to those whose answer is there. Called when the turn's letters have been
    /// delivered; what it makes the desk ask for is answered in the same turn.
    func settleExchanges() {
        let stirred = self.stirred
        self.stirred = []
        for id in stirred {
            guard let exchange = exchanges[id] else { continue }
            exchange.isStirred = false
            settle(exchange, isLate: false)
        }
        // Not while the desk speaks: a guest leaves between two of its sentences.
        for station in leaving { desk.closed(station, carrier: self) }
        leaving = []
    }

    private func settle(_ exchange: Exchange, isLate: Bool) {
        switch exchange.work {
        case .streaming: break
        case .posting(let posting):
            if let response = posting.answer(isLate: isLate) { finish(exchange, response) }
        case .reading(let reading):
            if reading.beginsAnew {
                desk.received(
                    .subscribe(reading.again()), from: exchange.station, now: loop.now,
                    carrier: self)
                return
            }
            // What is kept for the answer has been received, for all that the desk need know.
            desk.confirmAll(exchange.station, now: loop.now, carrier: self)
            let isWaiting = desk.isWaiting(exchange.station)
            if let response = reading.answer(isWaiting: isWaiting, isLate: isLate) {
                finish(exchange, response)
            }
        }
    }

    /// A stream has no way to confirm: what its kernel has acknowledged counts as received.
    func confirmStreams() {
        guard !unconfirmed.isEmpty else { return }
        let ids = unconfirmed
        unconfirmed = []
        for id in ids {
            guard let exchange = exchanges[id], let streaming = exchange.streaming else { continue }
            if loop.outstandingBytes(id) > 0 {
                unconfirmed.append(id)
            } else {
                streaming.owesConfirmation = false
                desk.confirmAll(exchange.station, now: loop.now, carrier: self)
            }
        }
    }

    private static let heartbeatSweeps: UInt64 = 15

    /// Once a second: those whose time is over get what there is, and streams a sign of life.
    func sweepExchanges() {
        for exchange in Array(exchanges.values) {
            if let streaming = exchange.streaming {
                if streaming.isOpen && sweeps % NodeLoop.heartbeatSweeps == 0 {
                    _ = loop.send(Streaming.heartbeat, to: exchange.connection)
                }
            } else if exchange.deadline <= loop.now || isDraining {
                settle(exchange, isLate: true)
            }
        }
    }
}
