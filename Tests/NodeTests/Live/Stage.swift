import Hub
import Testing
import Transport
import Wire

@testable import Node

/// A node on a port that the system gave, and a loop on which clients play a script against it.
///
/// A script is a list of steps; each waits until its condition holds and then acts. Nothing sleeps:
/// conditions are looked at whenever something has happened.
final class Stage: Service {
    /// One client: a session of Wire over a WebSocket.
    final class Player {
        let name: String
        var session: ClientSession
        var connection: ConnectionID?
        var isOpen = false
        var notices: [ClientSession.Notice] = []
        var end: ConnectionEnd?

        init(_ name: String, _ session: ClientSession) {
            self.name = name
            self.session = session
        }

        func count(where matches: (ClientSession.Notice) -> Bool) -> Int {
            notices.count(where: matches)
        }

        func version(of id: UInt64) -> UInt64 { session[id]?.mirror.version ?? 0 }
        func document(of id: UInt64) -> Map { session[id]?.mirror.document ?? Map() }
    }

    struct Step {
        let name: String
        let until: () -> Bool
        let then: () -> Void
    }

    let loop: Loop
    let node: Node
    private(set) var players: [Player] = []
    private var steps: [Step] = []
    private var next = 0
    private var generator = SeededGenerator(seed: 7)
    private(set) var isTimedOut = false

    static let secret = [UInt8]("a secret of thirty-two bytes or more".utf8)

    init(_ settings: NodeSettings) throws {
        node = try Node.start(settings)
        loop = try Loop()
    }

    static func settings(loops: Int = 1) -> NodeSettings {
        var settings = NodeSettings()
        settings.listeners[0].address = .loopback(port: 0)
        settings.access.keys = TokenKeys(secret: secret) ?? TokenKeys()
        settings.loops = loops
        return settings
    }

    static func token(_ principal: Principal, seconds: Int64 = 600) -> Text {
        let tokens = Tokens(secret: secret)
        return tokens?.token(for: principal, at: Process.wall, seconds: seconds) ?? Text()
    }

    func player(_ name: String, _ encoding: Encoding, _ principal: Principal) -> Player {
        let settings = ClientSession.Settings(
            encoding: encoding, token: Stage.token(principal), instance: Text("run-of-\(name)"),
            keepsHashes: encoding == .messagePack)
        let player = Player(name, ClientSession(settings))
        players.append(player)
        return player
    }

    /// Takes on a player of an earlier stage, with all that its session knows.
    func adopt(_ player: Player) {
        player.session.disconnected()
        player.connection = nil
        player.isOpen = false
        players.append(player)
    }

    func connect(_ player: Player) {
        player.end = nil
        let wish = WebSocketWish(
            host: node.address.description, target: "/v1/ws",
            subprotocols: [player.session.settings.encoding.subprotocol.string])
        player.connection = try? loop.connect(to: node.address, wish)
    }

    func cut(_ player: Player) {
        if let connection = player.connection { loop.abort(connection) }
    }

    func step(
        _ name: String, until condition: @escaping () -> Bool,
        then action: @escaping () -> Void = {}
    ) {
        steps.append(Step(name: name, until: condition, then: action))
    }

    /// Plays all steps. A script that hangs is ended after half a minute, and says where it stood.
    func play(sourceLocation: SourceLocation = #_sourceLocation) {
        loop.wake(at: loop.now + .seconds(30))
        loop.run(self)
        node.stop()
        if isTimedOut {
            let step = next < steps.count ? steps[next].name : "the end"
            Issue.record("the script stood still before: \(step)", sourceLocation: sourceLocation)
        }
        // They hold the stage.
        steps = []
    }

    // MARK: Service

    private func player(_ id: ConnectionID) -> Player? {
        players.first { $0.connection == id }
    }

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        .respond(HTTPResponse(.notFound))
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        guard let player = player(id) else { return }
        player.isOpen = true
        player.session.connected(now: loop.now)
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        player(id)?.session.received(message, now: loop.now, using: &generator)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        guard let player = player(id) else { return }
        player.session.disconnected()
        player.connection = nil
        player.isOpen = false
        player.end = end
    }

    func reached(_ now: Instant) {
        isTimedOut = next <= steps.count
        loop.stop(within: .seconds(0))
    }

    func turnEnded(_ now: Instant) {
        guard !isTimedOut else { return }
        for player in players {
            while let notice = player.session.nextNotice() { player.notices.append(notice) }
        }
        while next < steps.count, steps[next].until() {
            steps[next].then()
            next += 1
        }
        for player in players where player.isOpen {
            guard let connection = player.connection else { continue }
            while let message = player.session.nextMessage(now: now) {
                let encoding = player.session.settings.encoding
                let bytes = message.encoded(encoding)
                _ = loop.send(
                    message: bytes.span, binary: encoding == .messagePack, to: connection)
            }
        }
        if next == steps.count {
            for player in players { cut(player) }
            // In the turn after this the sockets are closed, so that the node has nobody to wait
            // for.
            loop.wake(at: loop.now)
            next += 1
        }
    }
}
