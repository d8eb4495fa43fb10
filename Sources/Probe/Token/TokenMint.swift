internal import COpenSSL
internal import Wire

/// Makes tokens signed with a shared secret (HS256), for the users that a run plays. Only what the
/// probe needs to speak to a server that was given the same secret; checking is the server's.
struct TokenMint: Sendable {
    let secret: [UInt8]

    /// A token for a user; `others` are further claims.
    func token(
        subject: String, tenant: String?, life: Interval, now: WallTime, others: Map = Map()
    ) -> Text? {
        var claims = others
        claims["sub"] = .text(subject)
        if let tenant { claims["tenant"] = .text(tenant) }
        claims["iat"] = .integer(now.seconds)
        claims["exp"] = .integer((now + life).seconds)
        var token = TokenMint.base64URL(
            Value(dictionaryLiteral: ("alg", "HS256"), ("typ", "JWT")).json)
        token.append(UInt8(ascii: "."))
        token += TokenMint.base64URL(Value.map(claims).json)
        var code = [UInt8](repeating: 0, count: Int(FC_HMAC_LENGTH))
        let made = unsafe code.withUnsafeMutableBufferPointer { output in
            guard let start = output.baseAddress, !secret.isEmpty else { return false }
            // Unsafe for the output alone, which has the length that is written.
            return unsafe fc_hmac_sha256(secret.span, token.span, start)
        }
        guard made else { return nil }
        token.append(UInt8(ascii: "."))
        token += TokenMint.base64URL(code)
        return Text(utf8: token.span)
    }

    /// RFC 4648, section 5, without padding.
    private static func base64URL(_ bytes: [UInt8]) -> [UInt8] {
        Base64.encode(bytes).utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
    }
}
