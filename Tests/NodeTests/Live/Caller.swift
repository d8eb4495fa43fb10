import Hub
import Testing
import Wire

@testable import Node
@testable import Transport

/// Calls over HTTP against a node on a port that the system gave, several at a time on one loop.
final class Caller: Service {
    /// One call and what came of it.
    final class Answer {
        var status = 0
        var fields: HTTPFields?
        var body: [UInt8] = []
        var isWhole = false

        var text: String { String(decoding: body, as: UTF8.self) }
        var value: Value? {
            let body = body
            return try? Value(json: body.span)
        }
        func field(_ name: String) -> String? { fields?.first(name) }

        /// The messages of an event stream, with the ids behind which they stand.
        var events: [(id: String?, message: Message?)] {
            text.split(separator: "\n\n").compactMap { event in
                var id: String?
                var message: Message?
                for line in event.split(separator: "\n") {
                    if line.hasPrefix("id: ") { id = String(line.dropFirst(4)) }
                    if line.hasPrefix("data: ") {
                        message = try? Message(json: [UInt8](line.dropFirst(6).utf8).span)
                    }
                }
                return message == nil ? nil : (id, message)
            }
        }

        /// The messages of a list.
        var messages: [Message] {
            guard case .array(let values)? = value else { return [] }
            return values.compactMap { value in
                var writer = Writer()
                writer.writeJSON(value)
                return try? Message(json: writer.bytes().span)
            }
        }
    }

    let loop: Loop
    let node: Node
    private var answers: [ConnectionID: Answer] = [:]
    private var talks: [ConnectionID: Talk] = [:]

    init(_ settings: NodeSettings = Stage.settings()) throws {
        node = try Node.start(settings)
        loop = try Loop()
        loop.begin(self)
    }

    func end() {
        for id in Array(answers.keys) + Array(talks.keys) { loop.abort(id) }
        while loop.connectionCount > 0 { _ = loop.turn(atMostUntil: loop.now) }
        // A kernel that is asked in batches closes with the next one.
        _ = loop.turn(atMostUntil: loop.now)
        node.stop()
    }

    /// Begins a call on a connection of its own.
    func begin(
        _ method: HTTPMethod, _ target: String, as principal: Principal? = nil,
        _ fields: [(name: String, value: String)] = [], body: [UInt8] = [],
        to address: SocketAddress? = nil
    ) -> Answer {
        let address = address ?? node.address
        var fields = fields
        if let principal {
            fields.append(("authorization", "Bearer \(Stage.token(principal))"))
        }
        let answer = Answer()
        let call = HTTPCall(
            method, host: address.description, target: target, fields: fields, body: body)
        if let id = try? loop.connect(to: address, call) { answers[id] = answer }
        return answer
    }

    /// Makes a call and waits for its answer.
    func call(
        _ method: HTTPMethod, _ target: String, as principal: Principal?,
        _ fields: [(name: String, value: String)] = [], body: [UInt8] = [],
        to address: SocketAddress? = nil
    ) -> Answer {
        let answer = begin(method, target, as: principal, fields, body: body, to: address)
        wait("the answer to \(target)") { answer.isWhole }
        return answer
    }

    /// A call without anybody's token.
    func call(
        _ method: HTTPMethod, _ target: String, _ fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) -> Answer {
        call(method, target, as: nil, fields, body: body)
    }

    func hangUp(_ answer: Answer) {
        for (id, other) in answers where other === answer { loop.abort(id) }
        wait("the end") { answer.isWhole }
    }

    /// Posts JSON.
    func post(_ target: String, as principal: Principal, _ value: Value) -> Answer {
        var writer = Writer()
        writer.writeJSON(value)
        return call(
            .post, target, as: principal, [("content-type", "application/json")],
            body: writer.bytes())
    }

    /// Runs until something has happened, half a minute at most.
    func wait(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
        until condition: () -> Bool
    ) {
        let limit = loop.now + .seconds(30)
        while !condition() {
            if loop.now >= limit {
                Issue.record("waited too long for \(what)", sourceLocation: sourceLocation)
                return
            }
            _ = loop.turn(atMostUntil: loop.now + .milliseconds(50))
        }
    }

    // MARK: WebSockets of an application

    /// A WebSocket and the texts that came on it.
    final class Talk {
        var connection: ConnectionID?
        var isOpen = false
        var heard: [String] = []
    }

    func talk(_ target: String) throws -> Talk {
        let talk = Talk()
        let wish = WebSocketWish(
            host: node.address.description, target: target, subprotocols: [])
        let id = try loop.connect(to: node.address, wish)
        talk.connection = id
        talks[id] = talk
        return talk
    }

    func say(_ text: String, on talk: Talk) {
        let bytes = [UInt8](text.utf8)
        if let id = talk.connection {
            _ = loop.send(message: bytes.span, binary: false, to: id)
        }
    }

    func opened(_ id: ConnectionID, subprotocol: String?) { talks[id]?.isOpen = true }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        var bytes: [UInt8] = []
        for i in message.indices { bytes.append(message[i]) }
        talks[id]?.heard.append(String(decoding: bytes, as: UTF8.self))
    }

    // MARK: Service

    func responded(_ head: HTTPResponseHead, on id: ConnectionID) {
        answers[id]?.status = Int(head.status.rawValue)
        answers[id]?.fields = head.fields
    }

    func responseBytes(_ bytes: Span<UInt8>, on id: ConnectionID) {
        for i in bytes.indices { answers[id]?.body.append(bytes[i]) }
    }

    func responseEnded(on id: ConnectionID) {
        answers[id]?.isWhole = true
        loop.close(id)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        answers[id]?.isWhole = true
        answers[id] = nil
        talks[id] = nil
    }
}
