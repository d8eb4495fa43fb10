internal import CLinux
internal import Wire

/// The reference kernel: readiness by epoll, level-triggered, one `send` per connection per turn.
///
/// Level-triggered because it is forgiving: whatever a turn leaves unread is told again, so one
/// read of one buffer per connection per turn is fair to all and loses nothing.
final class EpollKernel: SystemSockets {
    let name = "epoll"
    let waker: Waker

    private let epoll: Int32
    private var events: [fc_event]
    private var ready = 0
    private var at = 0
    /// The second half of an event that was both readable and writable.
    private var held: KernelEvent?
    private var buffer: [UInt8]
    private var scratch: [UInt8] = []
    /// Frames are copied together up to here: one `send` of 16 KiB costs less than sixteen.
    private let gatherLimit = 64 * 1024

    init(readBytes: Int = 64 * 1024) throws(Errno) {
        waker = try Waker()
        epoll = try Errno.check(fc_epoll_create())
        events = [fc_event](repeating: fc_event(), count: 512)
        buffer = [UInt8](repeating: 0, count: readBytes)
        _ = try Errno.check(fc_epoll_add(epoll, waker.descriptor, Token.waker.bits, 1))
    }

    deinit { _ = fc_close(epoll) }

    func add(_ descriptor: Int32, _ token: Token, _ interest: Interest) throws(Errno) {
        _ = try Errno.check(fc_epoll_add(epoll, descriptor, token.bits, interest.rawValue))
    }

    func change(_ descriptor: Int32, _ token: Token, _ interest: Interest) {
        let result = fc_epoll_change(epoll, descriptor, token.bits, interest.rawValue)
        precondition(result == 0, "epoll lost a descriptor of ours")
    }

    func close(_ descriptor: Int32, _ token: Token) { _ = fc_close(descriptor) }

    func finishClosing() {}

    func wait(until deadline: Instant?) {
        let wait: Int64 =
            if let deadline { Int64(clamping: deadline.since(now()).nanoseconds) } else { -1 }
        var span = events.mutableSpan
        let count = fc_epoll_wait(epoll, &span, wait)
        precondition(count >= 0, "epoll_wait refused")
        ready = Int(count)
        at = 0
    }

    func next() -> KernelEvent? {
        if let event = held {
            held = nil
            return event
        }
        guard at < ready else { return nil }
        let event = events[at]
        at += 1
        let token = Token(bits: event.token)
        let reads = event.flags & UInt32(FC_READABLE | FC_ENDED) != 0
        let writes = event.flags & UInt32(FC_WRITABLE) != 0
        if event.flags & UInt32(FC_FAILED) != 0, !reads {
            return KernelEvent(token: token, kind: .failed)
        }
        if writes {
            if reads { held = KernelEvent(token: token, kind: .readable) }
            return KernelEvent(token: token, kind: .writable)
        }
        return KernelEvent(token: token, kind: .readable)
    }

    func accept(_ listener: Int32) -> Accepted { acceptNow(listener) }

    func stopAccepting(_ listener: Int32, _ token: Token) {}

    func receive(
        _ descriptor: Int32, _ body: (inout MutableSpan<UInt8>) -> Void
    ) -> Received {
        // Taken out for the time of the call, so that nothing else can be looking at it.
        var storage = buffer
        buffer = []
        defer { buffer = storage }
        var whole = storage.mutableSpan
        let count = fc_receive(descriptor, &whole)
        if count > 0 {
            var filled = whole._mutatingExtracting(first: Int(count))
            body(&filled)
            return .bytes(Int(count))
        }
        if count == 0 { return .end }
        let error = Errno(code: Int32(truncatingIfNeeded: -count))
        return error == .wouldBlock ? .nothing : .failed(error)
    }

    func send(_ queue: borrowing SendQueue, on descriptor: Int32, _ token: Token) -> Transfer {
        guard let head = queue.head else { return .moved(0) }
        let sent: Int64
        if queue.single != nil || head.count >= gatherLimit {
            sent = offer(head.bytes, from: queue.offset, to: descriptor)
        } else {
            scratch.removeAll(keepingCapacity: true)
            queue.gather(into: &scratch, limit: gatherLimit)
            sent = offer(scratch, from: 0, to: descriptor)
        }
        if sent >= 0 { return .moved(Int(sent)) }
        let error = Errno(code: Int32(truncatingIfNeeded: -sent))
        return error == .wouldBlock || error == .noBuffers ? .full : .failed(error)
    }

    private func offer(_ bytes: [UInt8], from start: Int, to descriptor: Int32) -> Int64 {
        fc_send(descriptor, bytes.span.extracting(droppingFirst: start))
    }

    func submit(_ settle: (Int, Transfer) -> Void) {}
}
