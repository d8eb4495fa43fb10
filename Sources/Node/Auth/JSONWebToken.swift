import Wire

/// A signed token in the compact form (RFC 7515, section 7.1), taken apart; nothing in it is
/// believed yet.
struct JSONWebToken: Sendable {
    /// Longer ones are refused before they are looked at.
    static let lengthLimit = 8_192

    /// The name of the algorithm, as the token has it.
    let algorithm: Text
    let keyID: Text?
    let signature: [UInt8]
    private let bytes: [UInt8]
    private let payloadStart: Int
    private let signedLength: Int

    init(_ token: Span<UInt8>) throws(TokenError) {
        guard token.count <= JSONWebToken.lengthLimit else { throw .tooLong }
        var dots: [Int] = []
        for i in token.indices where token[i] == UInt8(ascii: ".") { dots.append(i) }
        guard dots.count == 2,
            let signature = Base64URL.decode(token.extracting((dots[1] + 1)...)),
            case .map(let header)? = JSONWebToken.json(token.extracting(..<dots[0])),
            case .text(let algorithm)? = header["alg"]
        else { throw .malformed }
        guard header["crit"] == nil else { throw .unknownExtension }
        switch header["kid"] {
        case nil: keyID = nil
        case .text(let id)?: keyID = id
        case _: throw .malformed
        }
        self.algorithm = algorithm
        self.signature = signature
        payloadStart = dots[0] + 1
        signedLength = dots[1]
        bytes = [UInt8](capacity: token.count) { output in
            for i in token.indices { output.append(token[i]) }
        }
    }

    /// What the signature is over.
    var signed: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span.extracting(..<signedLength) }
    }

    func claims() throws(TokenError) -> Claims {
        let payload = bytes.span.extracting(payloadStart..<signedLength)
        guard case .map(let map)? = JSONWebToken.json(payload) else { throw .malformed }
        return try Claims(map)
    }

    private static func json(_ part: Span<UInt8>) -> Value? {
        guard let decoded = Base64URL.decode(part) else { return nil }
        return try? Value(json: decoded.span)
    }

    /// A token that says `claims`; nil for a key that cannot sign.
    static func mint(_ claims: Claims, with key: TokenKey) -> Text? {
        var header = Map()
        header["alg"] = .text(key.algorithm.name)
        header["kid"] = key.id.map { .text($0) }
        header["typ"] = "JWT"
        var token = Base64URL.encode(Value.map(header).json.span)
        token.append(UInt8(ascii: "."))
        token += Base64URL.encode(Value.map(claims.map).json.span)
        guard let signature = key.sign(token.span) else { return nil }
        token.append(UInt8(ascii: "."))
        token += Base64URL.encode(signature.span)
        return Text(utf8: token.span)
    }
}
