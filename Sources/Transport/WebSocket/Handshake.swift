/// The opening handshake, both sides (RFC 6455 section 4). Pure: the nonce comes in.
enum Handshake {
    /// Why an upgrade is not made; the status is what the peer is told.
    enum Refusal: Error, Equatable {
        case notAnUpgrade, unsupportedVersion, badKey

        var response: HTTPResponse {
            switch self {
            case .notAnUpgrade:
                HTTPResponse(
                    .upgradeRequired,
                    fields: [("upgrade", "websocket"), ("connection", "Upgrade")])
            case .unsupportedVersion:
                HTTPResponse(.upgradeRequired, fields: [("sec-websocket-version", "13")])
            case .badKey: HTTPResponse(.badRequest)
            }
        }
    }

    /// The key of a request that asks for a WebSocket in the one right way.
    static func key(of request: HTTPRequest) throws(Refusal) -> String {
        let fields = request.fields
        guard request.method == .get, request.minor == 1, request.framing == .none,
            fields.lists("upgrade", "websocket"), fields.lists("connection", "upgrade")
        else { throw .notAnUpgrade }
        guard fields.all("sec-websocket-version") == ["13"] else { throw .unsupportedVersion }
        let keys = fields.all("sec-websocket-key")
        guard keys.count == 1, Base64.decode([UInt8](keys[0].utf8))?.count == 16 else {
            throw .badKey
        }
        return keys[0]
    }

    /// What the server answers to a key.
    static func accept(_ key: String) -> String {
        let proof = SHA1.digest([UInt8]((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return String(decoding: Base64.encode(proof), as: UTF8.self)
    }

    /// The 101 response.
    static func response(
        key: String, subprotocol: String?, extensions: String? = nil,
        fields: [(name: String, value: String)] = []
    ) -> [UInt8] {
        var all: [(name: String, value: String)] = [
            ("upgrade", "websocket"), ("connection", "Upgrade"),
            ("sec-websocket-accept", accept(key)),
        ]
        if let subprotocol { all.append(("sec-websocket-protocol", subprotocol)) }
        if let extensions { all.append(("sec-websocket-extensions", extensions)) }
        var bytes: [UInt8] = []
        HTTPResponse.writeHead(.switchingProtocols, all + fields, to: &bytes)
        bytes += [0x0d, 0x0a]
        return bytes
    }

    /// The client's request. `nonce` is sixteen random bytes.
    static func request(
        _ wish: WebSocketWish, nonce: [UInt8], deflate: Bool = false
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes += "GET ".utf8
        bytes += wish.target.utf8
        bytes += " HTTP/1.1\r\n".utf8
        let key = String(decoding: Base64.encode(nonce), as: UTF8.self)
        var all: [(name: String, value: String)] = [
            ("host", wish.host), ("upgrade", "websocket"), ("connection", "Upgrade"),
            ("sec-websocket-version", "13"), ("sec-websocket-key", key),
        ]
        if deflate { all.append(("sec-websocket-extensions", DeflateAgreement.offer)) }
        if !wish.subprotocols.isEmpty {
            var list = wish.subprotocols[0]
            for other in wish.subprotocols.dropFirst() { list += ", " + other }
            all.append(("sec-websocket-protocol", list))
        }
        for (name, value) in all + wish.fields { HTTPResponse.writeField(name, value, to: &bytes) }
        bytes += [0x0d, 0x0a]
        return bytes
    }

    /// What a client makes of the server's answer.
    enum Verdict: Equatable {
        case open(subprotocol: String?, DeflateAgreement?)
        /// The server said no, with this status.
        case refused(HTTPStatus)
        /// It said yes in a wrong way (RFC 6455 section 4.1, what the client must check).
        case broken
    }

    static func verdict(
        on head: HTTPResponseHead, nonce: [UInt8], offered: [String], deflate: Bool = false
    ) -> Verdict {
        guard head.status == .switchingProtocols else { return .refused(head.status) }
        let key = String(decoding: Base64.encode(nonce), as: UTF8.self)
        let chosen = head.fields.all("sec-websocket-protocol")
        guard head.fields.lists("upgrade", "websocket"),
            head.fields.lists("connection", "upgrade"),
            head.fields.all("sec-websocket-accept") == [accept(key)],
            chosen.count <= 1, chosen.allSatisfy({ offered.contains($0) })
        else { return .broken }
        var agreement: DeflateAgreement?
        if !head.fields.list("sec-websocket-extensions").isEmpty {
            // An extension that was not offered, or granted in a way that is not understood.
            guard deflate, let granted = DeflateAgreement.granted(by: head.fields) else {
                return .broken
            }
            agreement = granted
        }
        return .open(subprotocol: chosen.first, agreement)
    }
}

/// What a client asks for when it opens a WebSocket.
public struct WebSocketWish: Sendable {
    public var host: String
    /// Path and query.
    public var target: String
    public var subprotocols: [String]
    public var fields: [(name: String, value: String)]

    public init(
        host: String, target: String = "/", subprotocols: [String] = [],
        fields: [(name: String, value: String)] = []
    ) {
        self.host = host
        self.target = target
        self.subprotocols = subprotocols
        self.fields = fields
    }
}

/// The head of a response, as a client reads it.
public struct HTTPResponseHead: Equatable, Sendable {
    public let status: HTTPStatus
    public let fields: HTTPFields

    init(head: [UInt8], limits: HTTPLimits) throws(HTTPFault) {
        var parser = HTTPHeadParser(head)
        status = try parser.statusLine()
        fields = HTTPFields(bytes: head, places: try parser.fields(limit: limits.fields))
    }
}
