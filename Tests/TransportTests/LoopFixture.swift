import Testing
import Wire

@testable import Transport

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
    var wokenCount = 0
    var reachedCount = 0

    init(_ limits: LoopLimits = LoopLimits()) throws {
        loop = try Loop(limits, on: .epoll)
        address = try loop.listen(at: .loopback(port: 0))
        loop.begin(self)
    }

    func connect(target: String = "/", subprotocols: [String] = []) throws -> ConnectionID {
        let id = try loop.connect(
            to: address,
            WebSocketWish(host: "test", target: target, subprotocols: subprotocols))
        clients.insert(id)
        return id
    }

    /// Turns until `done`, and fails when that takes longer than anything here may.
    func turn(
        until done: () -> Bool, _ what: Comment = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let limit = System.now + .seconds(20)
        while !done() {
            guard System.now < limit, loop.turn(atMostUntil: limit) else {
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

/// Bare bytes over a socket of the same loop's address: for what a correct client never sends.
struct RawPeer {
    let kernel: EpollKernel
    let descriptor: Int32

    init(_ address: SocketAddress) throws {
        kernel = try EpollKernel()
        descriptor = try kernel.connect(to: address, from: nil, SocketOptions())
        try kernel.add(descriptor, Token(bits: 1), [])
    }

    func write(_ bytes: [UInt8]) -> Transfer {
        var outbox = Transport.Outbox()
        outbox.append(Frame(bytes))
        return kernel.send(outbox, on: descriptor, Token(bits: 1))
    }

    func write(_ text: String) { #expect(write([UInt8](text.utf8)) == .moved(text.utf8.count)) }

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

    func close() { kernel.close(descriptor, Token(bits: 1)) }
    func shutWriting() { kernel.shutWriting(descriptor) }
}
