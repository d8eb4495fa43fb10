internal import COpenSSL

/// What TLS needs on one side: a server's certificate and key, or a client's authorities.
///
/// Loops on several threads may share one. Replacing the context of a listener leaves open
/// connections on the one they began with.
///
/// A door to OpenSSL. Bound: the C context is freed with this object, and sessions hold the
/// counted reference of their own that OpenSSL gives them.
@safe public final class TLSContext: Sendable {
    public enum Fault: Error, Equatable, Sendable {
        case outOfMemory
        /// No PEM certificate, or a broken one behind it.
        case badCertificate
        /// No PEM private key.
        case badKey
        /// The key does not belong to the certificate.
        case mismatch
    }

    // OpenSSL counts the references to a context atomically and never changes it after it is made.
    nonisolated(unsafe) private let context: OpaquePointer
    private let isServer: Bool

    /// For a server: its certificate with the chain behind it, and the private key, in PEM.
    public init(certificateChain: [UInt8], privateKey: [UInt8]) throws(Fault) {
        // The door takes no empty bytes; neither is a certificate or a key.
        if certificateChain.isEmpty { throw .badCertificate }
        if privateKey.isEmpty { throw .badKey }
        var fault = FC_TLS_OK
        let made = unsafe fc_tls_server_context(
            certificateChain.span, privateKey.span, &fault)
        guard let made = unsafe made else { throw Self.named(fault) }
        unsafe context = made
        isServer = true
    }

    /// For a client that trusts these authorities, in PEM; nil: the system's.
    public init(authorities: [UInt8]?) throws(Fault) {
        var fault = FC_TLS_OK
        let text = authorities ?? [0]
        if text.isEmpty { throw .badCertificate }
        let made = unsafe fc_tls_client_context(text.span, authorities == nil, &fault)
        guard let made = unsafe made else { throw Self.named(fault) }
        unsafe context = made
        isServer = false
    }

    deinit { unsafe fc_tls_context_free(context) }

    private static func named(_ fault: fc_tls_fault) -> Fault {
        switch fault {
        case FC_TLS_BAD_CERTIFICATE: .badCertificate
        case FC_TLS_BAD_KEY: .badKey
        case FC_TLS_MISMATCH: .mismatch
        default: .outOfMemory
        }
    }

    /// A new session; a client names the server whose certificate it wants to see.
    func session(serverName: String?) -> TLSSession? {
        guard let serverName else {
            guard isServer, let session = unsafe fc_tls_new_server(context) else { return nil }
            return unsafe TLSSession(session)
        }
        let name = [UInt8](serverName.utf8)
        guard !isServer, !name.isEmpty,
            let session = unsafe fc_tls_new_client(context, name.span)
        else { return nil }
        return unsafe TLSSession(session)
    }
}
