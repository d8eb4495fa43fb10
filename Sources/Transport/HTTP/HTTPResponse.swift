/// An answer, whole: its length is known, so its framing is too.
public struct HTTPResponse: Equatable, Sendable {
    public var status: HTTPStatus
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]

    public init(
        _ status: HTTPStatus, fields: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    public init(_ status: HTTPStatus, type: String, _ body: [UInt8]) {
        self.init(status, fields: [("content-type", type)], body: body)
    }

    public init(_ status: HTTPStatus, text: String) {
        self.init(status, type: "text/plain; charset=utf-8", [UInt8](text.utf8))
    }

    public static func == (a: HTTPResponse, b: HTTPResponse) -> Bool {
        a.status == b.status && a.body == b.body
            && a.fields.elementsEqual(b.fields, by: { $0.name == $1.name && $0.value == $1.value })
    }

    /// The bytes for the wire. The answer to HEAD states the length that GET would have.
    func serialized(keepsAlive: Bool, to method: HTTPMethod) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160 + body.count)
        Self.writeHead(status, fields, to: &bytes)
        if status.rawValue >= 200, status != .noContent, status != .notModified {
            bytes += "content-length: ".utf8
            bytes += String(body.count).utf8
            bytes += [0x0d, 0x0a]
        }
        if !keepsAlive { bytes += "connection: close\r\n".utf8 }
        bytes += [0x0d, 0x0a]
        if method != .head, status != .noContent, status != .notModified { bytes += body }
        return bytes
    }

    /// Status line and fields. A field that could break the framing is left out: names and values
    /// with line ends come from our own mistakes, and must not become a second response.
    static func writeHead(
        _ status: HTTPStatus, _ fields: [(name: String, value: String)], to bytes: inout [UInt8]
    ) {
        bytes += "HTTP/1.1 ".utf8
        bytes += String(status.rawValue).utf8
        bytes.append(0x20)
        bytes += status.phrase.utf8
        bytes += [0x0d, 0x0a]
        for (name, value) in fields { writeField(name, value, to: &bytes) }
    }

    static func writeField(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        guard name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x3a && $0 < 0x7f }),
            value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 })
        else { return }
        bytes += name.utf8
        bytes += [0x3a, 0x20]
        bytes += value.utf8
        bytes += [0x0d, 0x0a]
    }
}
