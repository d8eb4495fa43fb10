/// A request as a client makes it.
public struct HTTPCall: Sendable {
    public var method: HTTPMethod
    public var host: String
    /// Path and query.
    public var target: String
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]

    public init(
        _ method: HTTPMethod = .get, host: String, target: String,
        fields: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.host = host
        self.target = target
        self.fields = fields
        self.body = body
    }

    var serialized: [UInt8] {
        var bytes = [UInt8]((method.rawValue + " " + target + " HTTP/1.1\r\n").utf8)
        HTTPResponse.writeField("host", host, to: &bytes)
        for (name, value) in fields { HTTPResponse.writeField(name, value, to: &bytes) }
        if !body.isEmpty || method == .post || method == .put || method == .patch {
            HTTPResponse.writeField("content-length", String(body.count), to: &bytes)
        }
        bytes += [0x0d, 0x0a]
        return bytes + body
    }
}

/// A client's side of one connection: calls one after another, each answered before the next.
final class CallExchange {
    enum State {
        case idle
        case head(HTTPMethod)
        case body(BodyReader, keepsAlive: Bool)
    }

    var state = State.idle
    var first: HTTPCall?
    var scanner = HTTPHeadScanner()
    var head: [UInt8] = []

    init(first: HTTPCall) { self.first = first }
}

extension HTTPResponseHead {
    /// How the body behind this head is delimited (RFC 9112 section 6.3).
    func body(to method: HTTPMethod, limits: HTTPLimits) throws(HTTPFault) -> BodyReader {
        if method == .head || status == .noContent || status == .notModified { return .length(0) }
        switch try HTTPRequest.framing(of: fields, minor: 1, limits: limits) {
        case .length(let length): return .length(length)
        case .chunked: return .chunked(limit: limits.bodyBytes)
        case .none: return .untilClose(limit: limits.bodyBytes)
        }
    }
}
