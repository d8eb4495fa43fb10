/// A request whose head has been checked; its body follows by length. A value that exists is valid.
public struct HTTPRequest: Equatable, Sendable {
    public let method: HTTPMethod
    public let fields: HTTPFields
    public internal(set) var body: [UInt8] = []
    /// Who asks: the peer, or whom trusted proxies name.
    public internal(set) var client = SocketAddress.any(port: 0)
    /// How the body is delimited; already checked to be unambiguous.
    let framing: BodyFraming
    let minor: UInt8
    private let targetPlace: Range<Int32>

    enum BodyFraming: Equatable, Sendable { case none, length(Int), chunked }

    /// Parses a whole head, with its last empty line.
    init(head: [UInt8], limits: HTTPLimits) throws(HTTPFault) {
        var parser = HTTPHeadParser(head)
        let line = try parser.requestLine()
        let places = try parser.fields(limit: limits.fields)
        method = line.method
        minor = line.minor
        targetPlace = line.target
        fields = HTTPFields(bytes: head, places: places)
        let hosts = fields.all("host")
        if hosts.count > 1 || (hosts.isEmpty && line.minor == 1) { throw .badHost }
        framing = try Self.framing(of: fields, minor: line.minor, limits: limits)
    }

    mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        body.append(addingCapacity: range.count) { output in
            for i in range { output.append(bytes[i]) }
        }
    }

    /// The target as it was sent: path and query.
    public var target: String { fields.text(targetPlace) }

    public var path: String {
        let target = target
        return String(target.prefix { $0 != "?" })
    }

    /// What stands behind the question mark, not decoded; nil when there is none.
    public var query: String? {
        let target = target
        guard let mark = target.firstIndex(of: "?") else { return nil }
        return String(target[target.index(after: mark)...])
    }

    /// A named value of the query, percent-decoded; nil when absent or not UTF-8.
    public func queryValue(_ name: String) -> String? {
        guard let query else { return nil }
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = halves.first, PercentCoding.decode(key.utf8) == name else { continue }
            return halves.count == 2 ? PercentCoding.decode(halves[1].utf8) : ""
        }
        return nil
    }

    /// Whether the connection may serve another request after this one (RFC 9112 section 9.3).
    var keepsAlive: Bool {
        if fields.lists("connection", "close") { return false }
        return minor == 1 || fields.lists("connection", "keep-alive")
    }

    /// The subprotocols offered, in the client's order.
    public var subprotocols: [String] { fields.list("sec-websocket-protocol") }

    /// RFC 9112 section 6, and nothing that two readers could count differently.
    static func framing(
        of fields: HTTPFields, minor: UInt8, limits: HTTPLimits
    ) throws(HTTPFault) -> BodyFraming {
        let lengths = fields.all("content-length")
        let codings = fields.all("transfer-encoding")
        if !codings.isEmpty {
            if !lengths.isEmpty || minor == 0 || codings.count > 1 { throw .ambiguousLength }
            guard codings[0].lowercasedASCII() == "chunked" else { throw .unsupportedCoding }
            return .chunked
        }
        guard let text = lengths.first else { return .none }
        if lengths.count > 1 { throw .ambiguousLength }
        guard !text.isEmpty, text.utf8.count <= 15,
            text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let length = Int(text)
        else { throw .badLength }
        if length > limits.bodyBytes { throw .bodyTooLarge }
        return .length(length)
    }
}

/// Percent-coding (RFC 3986 section 2.1), with `+` for a blank in queries, as forms write it.
public enum PercentCoding {
    /// Nil for what is not percent-coded UTF-8.
    public static func decode(
        _ text: some Sequence<UInt8>, plusIsBlank: Bool = true
    ) -> String? {
        var bytes: [UInt8] = []
        var pending: [UInt8] = []
        for byte in text {
            if !pending.isEmpty {
                pending.append(byte)
                guard pending.count == 3 else { continue }
                guard let high = digit(pending[1]), let low = digit(pending[2]) else { return nil }
                bytes.append(high << 4 | low)
                pending = []
            } else if byte == UInt8(ascii: "%") {
                pending = [byte]
            } else {
                bytes.append(plusIsBlank && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return pending.isEmpty ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// A name or a value of a query: all but letters, digits and `-._~` coded.
    public static func encode(_ text: String) -> String {
        let hex = [UInt8]("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
