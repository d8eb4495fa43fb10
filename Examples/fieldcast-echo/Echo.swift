internal import Transport
internal import Wire

/// Sends every message back as it came, and reads no further while the answers wait. A request that
/// asks for no WebSocket is answered with its own body.
final class Echo: Service {
    let loop: Loop

    init(_ loop: Loop) { self.loop = loop }

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        request.fields.has("upgrade")
            ? .upgrade(subprotocol: nil)
            : .respond(HTTPResponse(.ok, type: "application/octet-stream", request.body))
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        switch loop.send(message: message, binary: binary, to: id) {
        case .sent: break
        case .queued: loop.pause(id)
        case .refused: loop.close(id, code: .tryAgainLater, reason: "read faster")
        }
    }

    func drained(_ id: ConnectionID) { loop.resume(id) }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {}
}

/// The same from the other side: opens one WebSocket, echoes until it closes, and ends.
final class EchoClient: Service {
    let loop: Loop
    private(set) var end: ConnectionEnd?

    init(_ loop: Loop) { self.loop = loop }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        if loop.send(message: message, binary: binary, to: id) == .queued { loop.pause(id) }
    }

    func drained(_ id: ConnectionID) { loop.resume(id) }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        self.end = end
        loop.stop(within: .seconds(1))
    }
}
