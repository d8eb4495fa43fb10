import COpenSSL

/// HMAC with SHA-256: who knows the secret can make it and check it.
enum MessageCode {
    static let length = Int(FC_HMAC_LENGTH)

    /// Nil for an empty message or secret, and when OpenSSL has no memory left.
    static func make(over message: Span<UInt8>, secret: [UInt8]) -> [UInt8]? {
        guard !message.isEmpty, !secret.isEmpty else { return nil }
        var code = [UInt8](repeating: 0, count: length)
        let made = unsafe code.withUnsafeMutableBufferPointer { output in
            guard let start = output.baseAddress else { return false }
            // Unsafe for the output alone, which has the length that is written.
            return unsafe fc_hmac_sha256(secret.span, message, start)
        }
        return made ? code : nil
    }

    /// Takes the same time wherever the codes differ, so that nobody can guess byte by byte.
    static func isRight(_ code: Span<UInt8>, over message: Span<UInt8>, secret: [UInt8]) -> Bool {
        guard code.count == length, let right = make(over: message, secret: secret) else {
            return false
        }
        return fc_equal(right.span, code)
    }
}
