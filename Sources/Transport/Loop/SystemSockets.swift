internal import CLinux
internal import Wire

/// What every kernel that stands on the real system does alike.
protocol SystemSockets: Kernel {}

extension SystemSockets {
    func now() -> Instant { System.now }

    func listen(
        at address: SocketAddress, _ options: SocketOptions, backlog: Int, sharesPort: Bool
    ) throws(Errno) -> Int32 {
        try Errno.check(
            fc_listen(
                address.system, options.system, Int32(clamping: backlog), sharesPort ? 1 : 0))
    }

    func localAddress(of descriptor: Int32) throws(Errno) -> SocketAddress {
        var address = fc_address()
        _ = try Errno.check(unsafe fc_local_address(descriptor, &address))
        return SocketAddress(address)
    }

    func connect(
        to address: SocketAddress, from source: SocketAddress?, _ options: SocketOptions
    ) throws(Errno) -> Int32 {
        try Errno.check(
            fc_connect(address.system, source?.system ?? fc_address(), options.system))
    }

    func connectResult(_ descriptor: Int32) -> Errno? {
        let result = fc_socket_error(descriptor)
        return result < 0 ? Errno(code: -result) : nil
    }

    /// What waits in the accept queue.
    func acceptNow(_ listener: Int32) -> Accepted {
        var peer = fc_address()
        let result = unsafe fc_accept(listener, &peer)
        if result >= 0 { return .connection(result, SocketAddress(peer)) }
        let error = Errno(code: -result)
        return error == .wouldBlock ? .nothing : .failed(error)
    }

    func shutWriting(_ descriptor: Int32) { _ = fc_shut_writing(descriptor) }

    func setOptions(_ options: SocketOptions, on descriptor: Int32) {
        _ = fc_set_socket_options(descriptor, options.system)
    }

    func unacknowledgedBytes(of descriptor: Int32) -> Int {
        max(0, Int(fc_unacknowledged(descriptor)))
    }
}

extension SocketOptions {
    var system: fc_socket_options {
        fc_socket_options(
            no_delay: noDelay ? 1 : 0,
            send_buffer: Int32(clamping: sendBufferBytes),
            receive_buffer: Int32(clamping: receiveBufferBytes),
            not_sent_low: Int32(clamping: notSentLowBytes))
    }
}
