internal import Wire

/// TLS for an outgoing connection: whom to trust, and which name the certificate must prove.
public struct TLSWish: Sendable {
    public var context: TLSContext
    public var serverName: String

    public init(_ context: TLSContext, serverName: String) {
        self.context = context
        self.serverName = serverName
    }
}

extension Loop {
    /// Bytes of the wire become plain ones for whatever the connection is.
    func unseal(_ connection: Connection, _ tls: TLSSession, _ wire: Span<UInt8>) {
        // One buffer for all connections; taken out while it is in use.
        var storage = plain.isEmpty ? [UInt8](repeating: 0, count: 32 * 1024) : plain
        plain = []
        defer { plain = storage }
        var position = 0
        while !connection.isDoomed {
            var room = storage.mutableSpan
            let count = tls.read(wire, &position, into: &room)
            if tls.state == .open, connection.phase == .greeting, connection.role == .client {
                openFramed(connection)
            }
            if count > 0 {
                var bytes = room._mutatingExtracting(first: count)
                hand(connection, &bytes)
            }
            if tls.state == .broken || tls.state == .ended { break }
            if position == wire.count, count < storage.count { break }
        }
        if let output = tls.takeOutput() {
            connection.sealed.append(output)
            touch(connection)
            // Alerts and the like are sent unasked: whoever draws them and takes none is dropped.
            if connection.sealed.bytes > max(limits.queueBytes, 256 * 1024) {
                return doom(connection, ConnectionEnd(.violation, reason: "TLS"))
            }
        }
        if tls.state == .open, !connection.queue.isEmpty { touch(connection) }
        if tls.state == .broken { tlsBroken(connection) }
    }

    /// The alert goes out, nothing else.
    private func tlsBroken(_ connection: Connection) {
        guard !connection.isDoomed, connection.phase != .finishing else { return }
        connection.queue.clear()
        connection.saidGoodbye = true
        finish(connection, ConnectionEnd(.violation, reason: "TLS"))
    }

    /// Seals what is queued, a record at a time, as far ahead as a kernel's buffer reaches.
    func seal(_ connection: Connection, _ tls: TLSSession) {
        guard tls.state == .open || tls.state == .ended, !connection.saidGoodbye else { return }
        while !connection.queue.isEmpty, connection.sealed.bytes < 64 * 1024 {
            record.removeAll(keepingCapacity: true)
            connection.queue.gather(into: &record, limit: 16 * 1024)
            tls.write(record.span)
            if tls.state == .broken { return tlsBroken(connection) }
            connection.queue.advance(by: record.count)
            if let output = tls.takeOutput() { connection.sealed.append(output) }
        }
    }
}
