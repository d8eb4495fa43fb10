import COpenSSL

/// A public key of one of the three kinds that sign tokens.
///
/// Why unsafe and unchecked: the pointer is to an OpenSSL key that is made in `init`, freed in
/// `deinit`, and in between only read, which OpenSSL allows from many threads at once. It never
/// leaves this class.
@safe
final class PublicKey: @unchecked Sendable {
    enum Kind: Equatable {
        case rsa
        case p256
        case ed25519
    }

    let kind: Kind
    private let key: OpaquePointer

    /// From the text of a PEM file that holds a public key or a certificate.
    convenience init?(pem: [UInt8]) { unsafe self.init(owning: fc_key_from_pem(pem.span)) }

    /// From modulus and exponent, big-endian.
    convenience init?(rsa modulus: [UInt8], exponent: [UInt8]) {
        unsafe self.init(owning: fc_key_rsa(modulus.span, exponent.span))
    }

    /// From the coordinates of the point on the curve, 32 bytes each.
    convenience init?(p256 x: [UInt8], y: [UInt8]) {
        unsafe self.init(owning: fc_key_p256(x.span, y.span))
    }

    convenience init?(ed25519 x: [UInt8]) { unsafe self.init(owning: fc_key_ed25519(x.span)) }

    private init?(owning key: OpaquePointer?) {
        guard let key = unsafe key else { return nil }
        switch unsafe fc_key_kind_of(key) {
        case FC_KEY_RSA: kind = .rsa
        case FC_KEY_P256: kind = .p256
        case FC_KEY_ED25519: kind = .ed25519
        default:
            unsafe fc_key_free(key)
            return nil
        }
        unsafe self.key = key
    }

    deinit { unsafe fc_key_free(key) }

    func verifies(_ signature: Span<UInt8>, over message: Span<UInt8>) -> Bool {
        guard !signature.isEmpty, !message.isEmpty else { return false }
        return unsafe fc_verify(key, message, signature)
    }
}
