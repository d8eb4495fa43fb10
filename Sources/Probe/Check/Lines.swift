internal import Transport
internal import Wire

/// Connections that a script drives: whoever waits for something to come turns the loop, on the
/// thread of the script, so that a session reads from above to below.
final class Lines: Service {
    enum Heard {
        case opened(String?)
        case message([UInt8], binary: Bool)
        case head(HTTPResponseHead)
        case body([UInt8])
        case answered
        case closed(ConnectionEnd)
    }

    let loop: Loop
    private var heard: [ConnectionID: [Heard]] = [:]
    /// Who came in by a listener of ours, and was not fetched yet.
    private var arrivals: [ConnectionID] = []
    /// What a request is answered with, on listeners of ours.
    var answers: (HTTPRequest) -> HTTPAnswer = { _ in .respond(HTTPResponse(.notFound)) }

    init(deflate: Bool = false) throws(Errno) {
        var limits = LoopLimits()
        limits.queueBytes = 64 << 20
        if deflate { limits.deflate = DeflateOptions() }
        loop = try Loop(limits, on: .auto)
        loop.begin(self)
    }

    /// Drops every connection; nothing is heard any more.
    func end() {
        loop.stop(within: .milliseconds(50))
        while loop.turn(atMostUntil: System.now + .milliseconds(60)) {}
        heard = [:]
        arrivals = []
    }

    // MARK: Waiting

    /// What comes next on a connection; nil when nothing does in the time.
    func next(_ id: ConnectionID, within time: Interval) -> Heard? {
        wait(for: time) { heard[id]?.isEmpty == false }
        guard heard[id]?.isEmpty == false else { return nil }
        return heard[id]?.removeFirst()
    }

    /// The next connection that comes in.
    func arrival(within time: Interval, orUntil isOver: () -> Bool = { false }) -> ConnectionID? {
        wait(for: time) { !arrivals.isEmpty || isOver() }
        return arrivals.isEmpty ? nil : arrivals.removeFirst()
    }

    /// Lets time pass, or until a condition holds.
    func wait(for time: Interval, until condition: () -> Bool = { false }) {
        let limit = System.now + time
        while !condition(), System.now < limit, loop.turn(atMostUntil: limit) {}
    }

    /// Sends what is queued, without waiting for anything.
    func flush() { _ = loop.turn(atMostUntil: System.now) }

    // MARK: Service

    private func note(_ what: Heard, _ id: ConnectionID) { heard[id, default: []].append(what) }

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer { answers(request) }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        if loop.listener(of: id) != nil { arrivals.append(id) }
        note(.opened(subprotocol), id)
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        let bytes = [UInt8](capacity: message.count) { output in
            for i in message.indices { output.append(message[i]) }
        }
        note(.message(bytes, binary: binary), id)
    }

    func responded(_ head: HTTPResponseHead, on id: ConnectionID) { note(.head(head), id) }

    func responseBytes(_ bytes: Span<UInt8>, on id: ConnectionID) {
        let copy = [UInt8](capacity: bytes.count) { output in
            for i in bytes.indices { output.append(bytes[i]) }
        }
        note(.body(copy), id)
    }

    func responseEnded(on id: ConnectionID) { note(.answered, id) }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) { note(.closed(end), id) }
}
