internal import COpenSSL

/// TLS on one connection, without its socket: bytes of the wire become plain ones and back.
///
/// A door to OpenSSL. Bound: the C session is freed with this object and never handed out; every
/// buffer is lent for one call.
@safe final class TLSSession {
    enum State: Equatable {
        case handshaking, open
        /// The peer said goodbye: what it sent was not cut short.
        case ended
        case broken
    }

    private let session: OpaquePointer
    private(set) var state = State.handshaking

    init(_ session: OpaquePointer) { unsafe self.session = session }

    deinit { unsafe fc_tls_free(session) }

    /// A client's first words; `takeOutput` has them.
    func start() { note(unsafe fc_tls_start(session)) }

    /// Reads bytes of the wire, from `position` on, into `plain`; returns how many plain ones there
    /// are. Read on while the input is not used up or `plain` came out full.
    func read(
        _ wire: Span<UInt8>, _ position: inout Int, into plain: inout MutableSpan<UInt8>
    ) -> Int {
        let step = unsafe fc_tls_read(session, wire, Int64(position), &plain)
        position += Int(step.used)
        note(step.state)
        return Int(step.plain)
    }

    /// Seals plain bytes into the output.
    func write(_ plain: Span<UInt8>) {
        if !plain.isEmpty, unsafe !fc_tls_write(session, plain) { state = .broken }
    }

    func sayGoodbye() {
        if state == .open || state == .ended { unsafe fc_tls_goodbye(session) }
    }

    /// What is to go out, as a frame for the send queue; nil for nothing.
    func takeOutput() -> Frame? {
        let count = Int(unsafe fc_tls_output_count(session))
        guard count > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        unsafe fc_tls_take_output(session, &span)
        return Frame(bytes)
    }

    private func note(_ told: fc_tls_state) {
        switch told {
        case FC_TLS_MORE: break
        case FC_TLS_OPEN: if state == .handshaking { state = .open }
        case FC_TLS_ENDED: if state != .broken { state = .ended }
        default: state = .broken
        }
    }
}
