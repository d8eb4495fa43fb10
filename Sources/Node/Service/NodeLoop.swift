import Hub
import Transport
import Wire

/// One loop of a node: its connections sit at its desk, its shard of the topics is owned by its
/// hub, and this carries everything between them, the sockets and the other loops.
final class NodeLoop: Service {
    let loop: Loop
    let settings: NodeSettings
    let tokens: Tokens
    let number: Int
    let post: Post
    var desk: Desk
    var hub: Hub
    private var demonstration: Demonstration?

    /// By a connection's index: what it is at the desk.
    private var lines: [Line?] = []
    /// Requests under way, and which of them something was said to in this turn.
    var exchanges: [ConnectionID: Exchange] = [:]
    var stirred: [ConnectionID] = []
    /// Guests who leave the desk when it has finished speaking.
    var leaving: [UInt32] = []
    /// Streams that were sent something and may not have it yet.
    var unconfirmed: [ConnectionID] = []
    var nextSweep: Instant?
    var sweeps: UInt64 = 0
    private(set) var isDraining = false
    let tickets: Tickets

    /// Requests to our own hub, until the turn ends.
    private var requests: [Request] = []
    /// By loop: letters of this turn, and of earlier ones while its box is full.
    private var outgoing: [[Letter]]
    private var prepared = Prepared([], .json)
    var wall = WallTime(seconds: 0)
    private var wallTurn: Instant?

    /// What a connection is at the desk.
    enum Line {
        case socket(station: UInt32)
        case exchange(Exchange)
    }

    init(
        _ loop: Loop, _ settings: NodeSettings, _ tokens: Tokens, _ tickets: Tickets, number: Int,
        _ post: Post
    ) {
        self.loop = loop
        self.tickets = tickets
        self.settings = settings
        self.tokens = tokens
        self.number = number
        self.post = post
        outgoing = [[Letter]](repeating: [], count: settings.loops)
        desk = Desk(settings.desk, number: UInt32(number), shards: settings.loops)
        hub = Hub(
            settings.hub, shard: number, shards: settings.loops, desks: settings.loops,
            seed: System.randomSeed())
        if settings.isDemonstration && number == 0 {
            demonstration = Demonstration(seed: System.randomSeed(), now: loop.now)
        }
        scheduleWake()
    }

    /// The wall is read at most once a turn.
    func readWall() {
        guard wallTurn != loop.now else { return }
        wallTurn = loop.now
        wall = Process.wall
        desk.wall = wall
        hub.wall = wall
    }

    // MARK: Connections

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        if let page = settings.pages?.answer(request) { return .respond(page) }
        do throws(Route.Refusal) {
            let route = try Route(request)
            switch route {
            case .health: return .respond(HTTPResponse(.ok, text: "ok\n"))
            case .webSocket: return upgrade(request)
            default: return answer(route, request, on: id)
            }
        } catch {
            return refuse(error, request)
        }
    }

    private func upgrade(_ request: HTTPRequest) -> HTTPAnswer {
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
        return .upgrade(subprotocol: known)
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        guard let encoding = subprotocol.flatMap({ Encoding(subprotocol: Text($0)) }) else {
            loop.close(id, code: .protocolError, reason: "no subprotocol")
            return
        }
        let station = desk.open(line: id.line, encoding, now: loop.now)
        setLine(.socket(station: station), of: id)
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        guard case .socket(let station)? = line(of: id) else { return }
        readWall()
        desk.received(message, from: station, now: loop.now, carrier: self)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        guard let line = line(of: id) else { return }
        setLine(nil, of: id)
        switch line {
        case .socket(let station): desk.closed(station, carrier: self)
        case .exchange(let exchange):
            exchanges[id] = nil
            desk.closed(exchange.station, carrier: self)
        }
    }

    private func line(of id: ConnectionID) -> Line? {
        Int(id.index) < lines.count ? lines[Int(id.index)] : nil
    }

    func setLine(_ line: Line?, of id: ConnectionID) {
        while lines.count <= Int(id.index) { lines.append(nil) }
        lines[Int(id.index)] = line
    }

    // MARK: Turns

    func woken() {
        readWall()
        for letter in post.collect(for: number) {
            switch letter {
            case .request(let request): requests.append(request)
            case .notice(let notice, let shard):
                desk.receive(notice, fromShard: shard, now: loop.now, carrier: self)
            case .stop:
                isDraining = true
                nextSweep = loop.now
                sweepExchanges()
                desk.drain(
                    after: .milliseconds(0), window: .seconds(5), now: loop.now, carrier: self)
                loop.stop(
                    within: .seconds(5), code: CloseCode(.draining),
                    reason: "the server is stopping")
            }
        }
    }

    func reached(_ now: Instant) {
        readWall()
        desk.reached(now, carrier: self)
        sweepExchanges()
        if let due = demonstration?.deadline, due <= now {
            for publication in demonstration?.publications(now: now, wall: wall) ?? [] {
                post(
                    .publish(publication),
                    toShard: publication.topic.shard(of: settings.loops))
            }
        }
    }

    /// All patches that waited are applied, then every audience gets one frame; what the desk asks
    /// for while it delivers is answered in the same turn.
    func turnEnded(_ now: Instant) {
        // What is beyond a turn's budget waits for the next, so that a flood of patches never keeps
        // the frames of those before it from leaving.
        var budget = NodeLoop.requestsPerTurn
        confirmStreams()
        repeat {
            let batch = requests.prefix(budget)
            requests.removeFirst(batch.count)
            budget -= batch.count
            for request in batch { hub.receive(request, now: now) }
            hub.flush(now: now)
            for (desk, notice) in hub.takeLetters() {
                if desk == number {
                    self.desk.receive(notice, fromShard: number, now: now, carrier: self)
                } else {
                    outgoing[desk].append(.notice(notice, fromShard: number))
                }
            }
            settleExchanges()
        } while !requests.isEmpty && budget > 0
        for reader in outgoing.indices where !outgoing[reader].isEmpty {
            if post.send(outgoing[reader], to: reader) { outgoing[reader] = [] }
        }
        scheduleWake()
    }

    private static let requestsPerTurn = 4_096

    private func scheduleWake() {
        if !requests.isEmpty {
            loop.wake(at: loop.now)
            return
        }
        // What a full box kept back is tried again soon.
        let isBehind = outgoing.contains { !$0.isEmpty } || !unconfirmed.isEmpty
        var soonest = isBehind ? loop.now + .milliseconds(1) : nil
        for deadline in [desk.deadline, hub.deadline, demonstration?.deadline, nextSweep] {
            if let deadline { soonest = min(soonest ?? deadline, deadline) }
        }
        loop.wake(at: soonest)
    }
}

extension NodeLoop: Carrier {
    func carry(_ message: [UInt8], _ encoding: Encoding, to connection: UInt64) {
        let id = ConnectionID(line: connection)
        switch line(of: id) {
        case .socket?: deliver(Frame.server(message, binary: encoding == .messagePack), to: id)
        case .exchange(let exchange)?:
            if let decoded = Message(made: message, encoding) { tell(exchange, decoded, message) }
        case nil: break
        }
    }

    func prepare(_ message: [UInt8], _ encoding: Encoding) {
        prepared = Prepared(message, encoding)
    }

    func carryPrepared(to connection: UInt64) {
        let id = ConnectionID(line: connection)
        switch line(of: id) {
        case .socket?: deliver(prepared.frame, to: id)
        case .exchange(let exchange)?: tell(exchange, prepared)
        case nil: break
        }
    }

    private func deliver(_ frame: Frame, to id: ConnectionID) {
        // The desk stops sending long before the queue is full; whoever fills it is given up.
        if loop.send(frame, to: id) == .refused { loop.abort(id) }
    }

    func close(_ connection: UInt64, _ code: Code, _ reason: Text) {
        let id = ConnectionID(line: connection)
        switch line(of: id) {
        case .exchange(let exchange)?: end(exchange, code, reason)
        case .socket?, nil: loop.close(id, code: CloseCode(code), reason: reason.string)
        }
    }

    func pause(_ connection: UInt64) { loop.pause(ConnectionID(line: connection)) }
    func resume(_ connection: UInt64) { loop.resume(ConnectionID(line: connection)) }

    func post(_ request: Request, toShard shard: Int) {
        if shard == number {
            requests.append(request)
        } else {
            outgoing[shard].append(.request(request))
        }
    }

    func verify(_ token: Text) -> TokenVerdict { tokens.verdict(token, at: wall) }
}

extension CloseCode {
    /// Codes of the protocol travel with 3,000 added.
    fileprivate init(_ code: Code) {
        self.init(rawValue: UInt16(clamping: 3_000 + code.rawValue))
    }
}

extension ConnectionID {
    /// The desk's word for a connection.
    var line: UInt64 { UInt64(generation) << 32 | UInt64(index) }

    fileprivate init(line: UInt64) {
        self.init(
            generation: UInt32(truncatingIfNeeded: line >> 32),
            index: UInt32(truncatingIfNeeded: line))
    }
}
