import COpenSSL

/// HMAC with SHA-256: who knows the secret can make it and check it.
enum MessageCode {
    static let length = 32

    /// Nil only when OpenSSL has no memory left.
    static func make(over message: Span<UInt8>, secret: [UInt8]) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: length)
        var output = code.mutableSpan
        return fc_hmac_sha256(secret.span, message, &output) ? code : nil
    }

    /// Takes the same time wherever the codes differ, so that nobody can guess byte by byte.
    static func isRight(_ code: Span<UInt8>, over message: Span<UInt8>, secret: [UInt8]) -> Bool {
        guard let right = make(over: message, secret: secret) else { return false }
        return fc_equal(right.span, code)
    }
}
