import Hub
import Transport
import Wire

/// What a connection is at the desk.
enum Line {
    case socket(Socket)
    case exchange(Exchange)
    /// A WebSocket that speaks an application's own language.
    case application(Int)
}

/// A connection that stays: a WebSocket or a framed stream.
final class Socket {
    let station: UInt32
    let encoding: Encoding
    let isFramed: Bool
    /// Who it was counted in as.
    var principal: Principal?
    var mayCompress = false
    var allowance = Allowance()
    /// Not read while it said too much at once, or while too much of it is under way.
    var isThrottled = false
    var isHeld = false

    init(station: UInt32, _ encoding: Encoding, isFramed: Bool) {
        self.station = station
        self.encoding = encoding
        self.isFramed = isFramed
    }
}

extension NodeLoop {
    // MARK: Coming

    func accepted(_ id: ConnectionID, from peer: SocketAddress) -> Bool {
        // Those who cannot stay are let in to be told so, unless they come without end.
        if shared.census.refuses >= .connections {
            refusals.connections += 1
            sayRefused("a connection is refused for want of memory", [])
            guard unwelcome.count < NodeLoop.unwelcomeLimit else { return false }
            unwelcome[id] = Problem(code: .overloaded, reason: "the server is short of memory")
        } else if !settings.trustedProxies.trusts(peer),
            let problem = refusal(of: peer) ?? (countIn(id, peer) ? nil : .tooManyFromThere)
        {
            guard unwelcome.count < NodeLoop.unwelcomeLimit else { return false }
            unwelcome[id] = problem
        }
        return true
    }

    /// Why clients of an address are not let in, if they are not.
    private func refusal(of address: SocketAddress) -> Problem? {
        if limits.admits(address) { return nil }
        refusals.connections += 1
        sayRefused(
            "a client's address is not among 'allowed_addresses', or among 'denied_addresses'",
            [("address", .text(Text(address.host)))])
        return Problem(code: .notAllowed, reason: "clients of this address are not let in")
    }

    /// Counts a connection in under the address that it comes from. Of a trusted proxy's only those
    /// count that become WebSockets, under the clients that it names: the others carry everybody's
    /// requests in turn.
    private func countIn(_ id: ConnectionID, _ address: SocketAddress) -> Bool {
        guard limits.connectionsPerAddress != nil, addresses[id] == nil else { return true }
        guard shared.census.enter(from: address, limits) else {
            refusals.connections += 1
            sayRefused(
                "more connections from one address than 'connections_per_address'",
                [("address", .text(Text(address.host)))])
            return false
        }
        addresses[id] = address
        return true
    }

    private static let unwelcomeLimit = 1_000

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        // Behind a proxy the requests of one connection may be many clients'.
        if let problem = unwelcome[id] ?? refusal(of: request.client) {
            let wait: UInt64? = problem.code == .notAllowed ? nil : 5_000
            return .respond(HTTPResponse(problem, Encoding(accepting: request), after: wait))
        }
        if let page = settings.pages?.answer(request) { return .respond(page) }
        if !shared.applications.isEmpty, let application = application(for: request.path) {
            return answer(request, by: application, on: id)
        }
        do throws(Route.Refusal) {
            let route = try Route(request)
            switch route {
            case .health: return .respond(HTTPResponse(.ok, text: "ok\n"))
            case .webSocket: return upgrade(request, id)
            default: return answer(route, request, on: id)
            }
        } catch {
            return refuse(error, request)
        }
    }

    private func upgrade(_ request: HTTPRequest, _ id: ConnectionID) -> HTTPAnswer {
        if let origin = request.fields.first("origin"), !settings.allows(origin: origin) {
            return .respond(HTTPResponse(.forbidden, text: "this origin is not allowed here\n"))
        }
        let known = request.subprotocols.first { Encoding(subprotocol: Text($0)) != nil }
        guard let known else {
            let offer = Encoding.allCases.map { $0.subprotocol.string }
            return .respond(
                HTTPResponse(
                    .badRequest,
                    text: "offer one of these WebSocket subprotocols: "
                        + offer.joined(separator: ", ") + "\n"))
        }
        guard countIn(id, request.client) else {
            let encoding = Encoding(accepting: request)
            return .respond(HTTPResponse(.tooManyFromThere, encoding, after: 5_000))
        }
        return .upgrade(subprotocol: known)
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        if openedForApplication(id) { return }
        guard let encoding = subprotocol.flatMap({ Encoding(subprotocol: Text($0)) }) else {
            loop.close(id, code: .protocolError, reason: "no subprotocol")
            return
        }
        var isFramed = false
        if case .framed? = loop.speech(of: id) { isFramed = true }
        let station = desk.open(line: id.line, encoding, now: loop.now)
        setLine(.socket(Socket(station: station, encoding, isFramed: isFramed)), of: id)
        if let problem = unwelcome[id] {
            desk.disconnect(station, problem.code, problem.reason, carrier: self)
        }
    }

    // MARK: Being there

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        if case .application(let application)? = line(of: id) {
            return received(message, binary: binary, for: application, on: id)
        }
        guard case .socket(let socket)? = line(of: id) else { return }
        readWall()
        if let rate = limits.messagesPerSecond,
            let wait = socket.allowance.take(perSecond: rate, now: loop.now)
        {
            throttle(socket, id, for: wait)
        }
        desk.received(message, from: socket.station, now: loop.now, carrier: self)
    }

    /// What it said already counts, but it is not read until its allowance is there again. It is
    /// told so once for each time.
    private func throttle(_ socket: Socket, _ id: ConnectionID, for wait: Interval) {
        guard !socket.isThrottled else { return }
        socket.isThrottled = true
        refusals.throttled += 1
        sayThrottled(id, socket.principal)
        let pause = max(wait, .milliseconds(100))
        throttled.append((id, loop.now + pause))
        loop.pause(id)
        desk.warn(
            socket.station,
            Problem(
                code: .rateExceeded,
                reason: Text(
                    "too many messages; the next are read in \(pause.wholeMilliseconds) ms")),
            now: loop.now, carrier: self)
    }

    func releaseThrottled() {
        guard !throttled.isEmpty else { return }
        let due = throttled.filter { $0.until <= loop.now }
        throttled.removeAll { $0.until <= loop.now }
        for (id, _) in due {
            guard case .socket(let socket)? = line(of: id) else { continue }
            socket.isThrottled = false
            if !socket.isHeld { loop.resume(id) }
        }
    }

    /// The desk has enough of it under way, or not any more.
    func hold(_ id: ConnectionID, _ isHeld: Bool) {
        guard case .socket(let socket)? = line(of: id) else { return }
        socket.isHeld = isHeld
        if isHeld { loop.pause(id) } else if !socket.isThrottled { thawing.append(id) }
    }

    /// Not while the desk speaks: what a connection kept back is said to the desk at once.
    func thaw() {
        let ids = thawing
        thawing = []
        for id in ids {
            guard case .socket(let socket)? = line(of: id), !socket.isHeld, !socket.isThrottled
            else { continue }
            loop.resume(id)
        }
    }

    // MARK: Going

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        unwelcome[id] = nil
        upgrading[id] = nil
        if let address = addresses.removeValue(forKey: id) { shared.census.leave(from: address) }
        guard let line = line(of: id) else { return }
        setLine(nil, of: id)
        switch line {
        case .application(let application): closedForApplication(application, id)
        case .socket(let socket):
            if let principal = socket.principal { shared.census.leave(principal) }
            desk.closed(socket.station, carrier: self)
        case .exchange(let exchange):
            exchanges[id] = nil
            if exchange.isCounted { shared.census.leave(exchange.principal) }
            desk.closed(exchange.station, carrier: self)
        }
    }

    func line(of id: ConnectionID) -> Line? {
        Int(id.index) < lines.count ? lines[Int(id.index)] : nil
    }

    func setLine(_ line: Line?, of id: ConnectionID) {
        while lines.count <= Int(id.index) { lines.append(nil) }
        lines[Int(id.index)] = line
    }
}

extension Problem {
    fileprivate static let tooManyFromThere = Problem(
        code: .tooMany, reason: "too many connections from this address")
}
