import Testing
import Wire

@testable import Transport

/// What a loop stands on: the same tests run over each.
enum Ground: CustomTestStringConvertible, Sendable {
    case epoll, uring
    case simulated(seed: UInt64)

    /// Where the system refuses io_uring, epoll is all there is to test.
    static let real: [Ground] = (try? UringKernel()) == nil ? [.epoll] : [.epoll, .uring]
    static let all: [Ground] = real + (1...12).map { .simulated(seed: $0) }

    var testDescription: String {
        switch self {
        case .epoll: "epoll"
        case .uring: "io_uring"
        case .simulated(let seed): "simulated, seed \(seed)"
        }
    }
}

/// The kernel of a ground, for a loop and for bare peers beside it.
struct Footing {
    let network: SimulatedNetwork?
    let choice: KernelChoice
    /// Of a smaller ring than loops have.
    let ringEntries: Int32?

    init(
        _ ground: Ground, faults: SimulatedNetwork.Faults = .rough, ringEntries: Int32? = nil
    ) {
        self.ringEntries = ringEntries
        choice = if case .uring = ground { .uring } else { .epoll }
        switch ground {
        case .epoll, .uring: network = nil
        case .simulated(let seed): network = SimulatedNetwork(seed: seed, faults: faults)
        }
    }

    func loop(_ limits: LoopLimits) throws -> Loop {
        if let network { return Loop(limits, on: network) }
        if let ringEntries, choice == .uring {
            return Loop(limits, kernel: try UringKernel(entries: ringEntries), seed: 1)
        }
        return try Loop(limits, on: choice)
    }

    func kernel() throws -> any Kernel {
        if let network { return SimulatedKernel(network) }
        return try EpollKernel()
    }

    var now: Instant { network?.now ?? System.now }
}

/// One loop that is server and client at once, turned by hand until something is so.
final class Fixture: Service {
    let loop: Loop
    let address: SocketAddress
    var clients: Set<ConnectionID> = []
    /// Everything that happened, clients and servers apart.
    var openedClients: [ConnectionID] = []
    var openedServers: [ConnectionID] = []
    var heardByClients: [[UInt8]] = []
    var heardByServers: [[UInt8]] = []
    var closedClients: [ConnectionID: ConnectionEnd] = [:]
    var closedServers: [ConnectionID: ConnectionEnd] = [:]
    var subprotocols: [String?] = []
    var drainedIDs: [ConnectionID] = []
    var closeCalls = 0
    var echoes = true
    var onAnswer: ((HTTPRequest, ConnectionID) -> HTTPAnswer)?
    var onServerMessage: ((ConnectionID, [UInt8]) -> Void)?
    var onTurnEnded: (() -> Void)?
    var acceptedCount = 0
    var wokenCount = 0
    var reachedCount = 0

    let footing: Footing
    /// Under TLS, what clients ask for.
    var wish: TLSWish?

    convenience init(_ limits: LoopLimits = LoopLimits(), on ground: Ground) throws {
        try self.init(limits, Footing(ground))
    }

    init(
        _ limits: LoopLimits = LoopLimits(), _ footing: Footing, tls: TLSContext? = nil,
        speaking speech: ListenerSpeech = .http
    ) throws {
        self.footing = footing
        loop = try footing.loop(limits)
        address = try loop.listen(at: .loopback(port: 0), tls: tls, speaking: speech)
        loop.begin(self)
        FixturesMade.current?.add { self.end() }
    }

    /// Lets go of everything that would hold it for ever.
    private func end() {
        loop.begin(Nobody())
        loop.closeListeners()
        loop.dropAll()
        onAnswer = nil
        onServerMessage = nil
        onTurnEnded = nil
    }

    func connect(target: String = "/", subprotocols: [String] = []) throws -> ConnectionID {
        let id = try loop.connect(
            to: address, tls: wish,
            WebSocketWish(host: "test", target: target, subprotocols: subprotocols))
        clients.insert(id)
        return id
    }

    func connectFramed(_ encoding: Encoding = .messagePack) throws -> ConnectionID {
        let id = try loop.connect(to: address, tls: wish, framed: encoding)
        clients.insert(id)
        return id
    }

    /// Turns until `done`, and fails when that takes longer than anything here may.
    func turn(
        until done: () -> Bool, _ what: Comment = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let limit = footing.now + .seconds(100)
        let wall = System.now + .seconds(20)
        while !done() {
            guard footing.now < limit, System.now < wall, loop.turn(atMostUntil: limit) else {
                if !done() {
                    Issue.record("never happened: \(what)", sourceLocation: sourceLocation)
                }
                return
            }
        }
    }

    func openPair() throws -> (client: ConnectionID, server: ConnectionID) {
        let count = openedServers.count
        let client = try connect()
        turn(until: { openedClients.contains(client) && openedServers.count > count })
        return (client, openedServers[count])
    }

    func accepted(_ id: ConnectionID, from peer: SocketAddress) -> Bool {
        acceptedCount += 1
        return true
    }

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        if let onAnswer { return onAnswer(request, id) }
        return request.path == "/plain"
            ? .respond(HTTPResponse(.ok, text: "hello"))
            : .upgrade(subprotocol: request.subprotocols.last)
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        subprotocols.append(subprotocol)
        if clients.contains(id) { openedClients.append(id) } else { openedServers.append(id) }
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        var bytes: [UInt8] = []
        for i in message.indices { bytes.append(message[i]) }
        if clients.contains(id) { return heardByClients.append(bytes) }
        heardByServers.append(bytes)
        if let onServerMessage { return onServerMessage(id, bytes) }
        if echoes { #expect(loop.send(message: message, binary: binary, to: id) != .refused) }
    }

    func drained(_ id: ConnectionID) { drainedIDs.append(id) }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        closeCalls += 1
        if clients.contains(id) {
            #expect(closedClients.updateValue(end, forKey: id) == nil)
        } else {
            #expect(closedServers.updateValue(end, forKey: id) == nil)
        }
    }

    func woken() { wokenCount += 1 }
    func reached(_ now: Instant) { reachedCount += 1 }
    func turnEnded(_ now: Instant) { onTurnEnded?() }

    func send(_ bytes: [UInt8], binary: Bool = true, from id: ConnectionID) -> Outflow {
        loop.send(message: bytes.span, binary: binary, to: id)
    }
}

/// Bare bytes to the fixture's address: for what a correct client never sends.
struct RawPeer {
    let kernel: any Kernel
    let descriptor: Int32
    let fixture: Fixture

    /// Connects, and turns the fixture until it has accepted.
    init(_ fixture: Fixture) throws {
        self.fixture = fixture
        kernel = try fixture.footing.kernel()
        let before = fixture.acceptedCount
        descriptor = try kernel.connect(to: fixture.address, from: nil, SocketOptions())
        try kernel.add(descriptor, Token(bits: 1 << 32), [])
        fixture.turn(until: { fixture.acceptedCount > before })
    }

    /// Writes what the fixture's side will take; it is turned as long as that is not all.
    func write(_ bytes: [UInt8]) {
        var queue = SendQueue()
        queue.append(Frame(bytes))
        fixture.turn(until: {
            if case .moved(let count) = kernel.send(queue, on: descriptor, Token(bits: 1 << 32)) {
                queue.advance(by: count)
            } else {
                fixture.loop.waker.wake()
            }
            return queue.isEmpty
        })
    }

    func write(_ text: String) { write([UInt8](text.utf8)) }

    /// What has come so far; nil at the end of the stream.
    func read() -> [UInt8]? {
        var bytes: [UInt8] = []
        switch kernel.receive(
            descriptor, { span in for i in span.indices { bytes.append(span[i]) } })
        {
        case .bytes, .nothing: return bytes
        case .end, .failed: return nil
        }
    }

    /// Turns the fixture until so many bytes have come.
    func read(atLeast count: Int) -> String {
        var bytes: [UInt8] = []
        fixture.turn(until: {
            bytes += read() ?? []
            fixture.loop.waker.wake()
            return bytes.count >= count
        })
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Turns the fixture until it has hung up.
    func readToEnd() -> String {
        var bytes: [UInt8] = []
        var isEnded = false
        fixture.turn(until: {
            if let more = read() { bytes += more } else { isEnded = true }
            fixture.loop.waker.wake()
            return isEnded
        })
        return String(decoding: bytes, as: UTF8.self)
    }

    func close() { kernel.close(descriptor, Token(bits: 1 << 32)) }
    func shutWriting() { kernel.shutWriting(descriptor) }
}
