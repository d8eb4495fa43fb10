/// Takes a whole head apart (RFC 9112 sections 3 to 5). `HTTPHeadScanner` has found its end, and
/// has made sure that every line ends in CR LF and no control byte stands in it.
struct HTTPHeadParser {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    struct RequestLine: Equatable {
        var method: HTTPMethod
        var target: Range<Int32>
        /// The minor version of HTTP/1.
        var minor: UInt8
    }

    /// method SP request-target SP HTTP/1.x CRLF
    mutating func requestLine() throws(HTTPFault) -> RequestLine {
        let methodStart = at
        while isToken(bytes[at]) { at += 1 }
        guard at > methodStart, at - methodStart <= 16, bytes[at] == 0x20 else {
            throw .badRequestLine
        }
        let name = String(decoding: bytes[methodStart..<at], as: UTF8.self)
        at += 1
        let targetStart = at
        while bytes[at] > 0x20, bytes[at] < 0x7f { at += 1 }
        guard at > targetStart, bytes[at] == 0x20 else { throw .badTarget }
        let target = Int32(targetStart)..<Int32(at)
        at += 1
        let minor = try version()
        guard bytes[at] == 0x0d else { throw .badRequestLine }
        at += 2
        guard let method = HTTPMethod(rawValue: name) else { throw .unknownMethod }
        // Only the origin form, and the asterisk for OPTIONS: the others are for proxies.
        let first = bytes[targetStart]
        let isAsterisk = method == .options && first == UInt8(ascii: "*") && target.count == 1
        guard first == UInt8(ascii: "/") || isAsterisk else { throw .badTarget }
        for i in target where bytes[Int(i)] == UInt8(ascii: "#") { throw .badTarget }
        return RequestLine(method: method, target: target, minor: minor)
    }

    /// HTTP/1.x SP 3DIGIT SP [reason] CRLF
    mutating func statusLine() throws(HTTPFault) -> HTTPStatus {
        _ = try version()
        guard bytes[at] == 0x20 else { throw .badStatusLine }
        at += 1
        var status: UInt16 = 0
        for _ in 0..<3 {
            guard bytes[at] >= 0x30, bytes[at] <= 0x39 else { throw .badStatusLine }
            status = status * 10 + UInt16(bytes[at] - 0x30)
            at += 1
        }
        guard bytes[at] == 0x20 || bytes[at] == 0x0d, status >= 100 else { throw .badStatusLine }
        while bytes[at] != 0x0d { at += 1 }
        at += 2
        return HTTPStatus(rawValue: status)
    }

    private mutating func version() throws(HTTPFault) -> UInt8 {
        for expected in "HTTP/".utf8 {
            guard bytes[at] == expected else { throw .badRequestLine }
            at += 1
        }
        let major = bytes[at]
        guard major >= 0x30, major <= 0x39 else { throw .badRequestLine }
        guard bytes[at + 1] == UInt8(ascii: ".") else { throw .badRequestLine }
        let minor = bytes[at + 2]
        guard minor >= 0x30, minor <= 0x39 else { throw .badRequestLine }
        guard major == 0x31, minor <= 0x31 else { throw .unsupportedVersion }
        at += 3
        return minor - 0x30
    }

    /// *( field-name ":" OWS field-value OWS CRLF ) CRLF
    mutating func fields(limit: Int) throws(HTTPFault) -> [HTTPFields.Place] {
        var places: [HTTPFields.Place] = []
        places.reserveCapacity(12)
        while bytes[at] != 0x0d {
            if places.count == limit { throw .tooManyFields }
            if bytes[at] == 0x20 || bytes[at] == 0x09 { throw .foldedField }
            let nameStart = at
            while isToken(bytes[at]) { at += 1 }
            // A blank before the colon is the oldest smuggling form (RFC 9112 section 5.1).
            guard at > nameStart, bytes[at] == UInt8(ascii: ":") else { throw .badField }
            let name = Int32(nameStart)..<Int32(at)
            at += 1
            while bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
            let valueStart = at
            while bytes[at] != 0x0d { at += 1 }
            var valueEnd = at
            while valueEnd > valueStart,
                bytes[valueEnd - 1] == 0x20 || bytes[valueEnd - 1] == 0x09
            { valueEnd -= 1 }
            places.append(.init(name: name, value: Int32(valueStart)..<Int32(valueEnd)))
            at += 2
        }
        return places
    }

    private func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
            UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
