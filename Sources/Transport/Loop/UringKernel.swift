internal import CLinux
internal import CUring
internal import Wire

/// io_uring: connections are received from and accepted without a system call each, and a turn's
/// sends are one submission.
///
/// Readiness is imitated exactly as far as the loop needs it: a receive that was submitted before
/// completes with its bytes in a buffer of ours, and `receive` lends that buffer. Sends never wait
/// for room, so all of them are decided when `submit` returns, and only those that were not taken
/// whole complete at all: a fan-out to thousands costs no completions.
///
/// A door to liburing. Bounds: the ring is freed with this object; a received buffer is lent to one
/// closure and given back; bytes handed to a send belong to frames that the connection's queue
/// holds until after `submit`, or to `gathered`, which is kept as long.
@safe final class UringKernel: SystemSockets {
    let name = "io_uring"
    let waker: Waker

    private let ring: OpaquePointer
    private var slots: [Slot] = []
    private var listeners: [Listener] = []
    /// Completions taken while looking for those of sends.
    private var taken: [fc_completion] = []
    private var takenStart = 0
    /// The completion of the event just told, while its buffer is ours.
    private var current: fc_completion?
    /// Slots whose interest in writing must be submitted again.
    private var repoll: [UInt32] = []
    /// Closed for the loop; really closed when nothing unsubmitted names them.
    private var closing: [Int32] = []
    private var gathered: [[UInt8]] = []
    private var sends: [Transfer] = []
    /// As many may fail without losing a completion: there is room for four times the entries.
    private let sendsAtOnce: Int
    private let gatherLimit = 64 * 1024

    init(entries: Int32 = 4096) throws(Errno) {
        waker = try Waker()
        var error: Int32 = 0
        guard let made = unsafe fc_uring_new(entries, 256, 16 * 1024, &error) else {
            throw Errno(code: error)
        }
        unsafe ring = made
        sendsAtOnce = Int(entries)
        unsafe fc_uring_poll_readable(ring, waker.descriptor, Self.name(.wake, Token(bits: 0)))
    }

    deinit {
        for descriptor in closing { _ = fc_close(descriptor) }
        unsafe fc_uring_free(ring)
    }

    // MARK: Interest

    func add(_ descriptor: Int32, _ token: Token, _ interest: Interest) throws(Errno) {
        if token.generation == 0 {
            while listeners.count <= Int(token.index) { listeners.append(Listener(descriptor: -1)) }
            listeners[Int(token.index)] = Listener(descriptor: descriptor)
        } else {
            while slots.count <= Int(token.index) { slots.append(Slot()) }
            slots[Int(token.index)] = Slot(descriptor: descriptor, generation: token.generation)
        }
        change(descriptor, token, interest)
    }

    func change(_ descriptor: Int32, _ token: Token, _ interest: Interest) {
        let index = Int(token.index)
        if token.generation == 0 {
            listeners[index].isReading = interest.contains(.reading)
            return listenOn(index)
        }
        slots[index].interest = interest
        if interest.contains(.reading) {
            receiveOn(index)
        } else if slots[index].isReceiving, !slots[index].isCancelling {
            slots[index].isCancelling = true
            unsafe fc_uring_cancel(ring, Self.name(.receive, token))
            if !slots[index].isWatched {
                slots[index].isWatched = true
                unsafe fc_uring_poll_broken(ring, descriptor, Self.name(.watch, token))
            }
        }
        if interest.contains(.writing), !slots[index].isPolling {
            slots[index].isPolling = true
            unsafe fc_uring_poll_writable(ring, descriptor, Self.name(.poll, token))
        }
    }

    private func listenOn(_ index: Int) {
        let listener = listeners[index]
        let name = Self.name(.accept, Token(listener: index))
        if listener.isReading, !listener.isAccepting, !listener.isStopped, listener.descriptor >= 0
        {
            listeners[index].isAccepting = true
            unsafe fc_uring_accept(ring, listener.descriptor, name)
        } else if !listener.isReading, listener.isAccepting {
            unsafe fc_uring_cancel(ring, name)
        }
    }

    private func receiveOn(_ index: Int) {
        let slot = slots[index]
        guard slot.interest.contains(.reading), !slot.isReceiving, !slot.isEnded else { return }
        slots[index].isReceiving = true
        let id = ConnectionID(generation: slot.generation, index: UInt32(index))
        unsafe fc_uring_receive(ring, slot.descriptor, Self.name(.receive, Token(id)))
    }

    func close(_ descriptor: Int32, _ token: Token) {
        let index = Int(token.index)
        if token.generation == 0 {
            stopAccepting(descriptor, token)
            for accepted in listeners[index].accepted { _ = fc_close(accepted) }
            listeners[index] = Listener(descriptor: -1)
            unsafe fc_uring_submit(ring)
            _ = fc_close(descriptor)
            return
        } else if slots.indices.contains(index), slots[index].generation == token.generation {
            if slots[index].isReceiving {
                unsafe fc_uring_cancel(ring, Self.name(.receive, token))
            }
            if slots[index].isPolling { unsafe fc_uring_cancel(ring, Self.name(.poll, token)) }
            if slots[index].isWatched { unsafe fc_uring_cancel(ring, Self.name(.watch, token)) }
            slots[index] = Slot()
        }
        closing.append(descriptor)
    }

    /// What is under way holds a socket too, until its being cancelled is worked off.
    func finishClosing() {
        closeNow()
        unsafe fc_uring_work(ring)
    }

    private func closeNow() {
        guard !closing.isEmpty else { return }
        // What is not submitted yet may name these descriptors, and a new socket would get their
        // numbers.
        unsafe fc_uring_submit(ring)
        for descriptor in closing { _ = fc_close(descriptor) }
        closing.removeAll(keepingCapacity: true)
    }

    // MARK: Waiting

    func wait(until deadline: Instant?) {
        for index in repoll where slots[Int(index)].interest.contains(.writing) {
            let slot = slots[Int(index)]
            guard !slot.isPolling else { continue }
            slots[Int(index)].isPolling = true
            let id = ConnectionID(generation: slot.generation, index: index)
            unsafe fc_uring_poll_writable(ring, slot.descriptor, Self.name(.poll, Token(id)))
        }
        repoll.removeAll(keepingCapacity: true)
        closeNow()
        let hasSome =
            takenStart < taken.count
            || listeners.contains { $0.isReading && !$0.accepted.isEmpty }
        let wait: Int64 =
            if hasSome {
                0
            } else if let deadline {
                Int64(clamping: deadline.since(now()).nanoseconds)
            } else {
                -1
            }
        let result = unsafe fc_uring_wait(ring, wait)
        precondition(result == 0, "io_uring refused to wait")
        for index in listeners.indices
        where listeners[index].isReading && !listeners[index].accepted.isEmpty {
            taken.append(
                fc_completion(
                    name: Self.name(.accept, Token(listener: index)), result: 0, buffer: -2,
                    more: true))
        }
    }

    private func takeCompletion() -> fc_completion? {
        if takenStart < taken.count {
            takenStart += 1
            return taken[takenStart - 1]
        }
        taken.removeAll(keepingCapacity: true)
        takenStart = 0
        var completion = fc_completion()
        return unsafe fc_uring_next(ring, &completion) ? completion : nil
    }

    func next() -> KernelEvent? {
        release()
        while let completion = takeCompletion() {
            if completion.name == .max { continue }
            let token = Self.token(of: completion.name)
            switch Operation(rawValue: completion.name >> 29 & 7) {
            case .wake:
                if !completion.more {
                    unsafe fc_uring_poll_readable(ring, waker.descriptor, completion.name)
                }
                return KernelEvent(token: .waker, kind: .readable)
            case .accept: if let event = accepted(completion, token) { return event }
            case .receive: if let event = received(completion, token) { return event }
            case .poll:
                let index = Int(token.index)
                guard slots[index].generation == token.generation else { continue }
                slots[index].isPolling = false
                repoll.append(token.index)
                if slots[index].interest.contains(.writing) {
                    return KernelEvent(token: token, kind: .writable)
                }
            case .watch:
                let index = Int(token.index)
                guard slots[index].generation == token.generation else { continue }
                slots[index].isWatched = false
                // Whoever reads is told by the receive, behind what is still to be read; a peer
                // that has only said its last has not broken anything.
                let isRead = slots[index].interest.contains(.reading)
                if !isRead, completion.result & (Self.pollError | Self.pollHangUp) != 0 {
                    return KernelEvent(token: token, kind: .failed)
                }
            case .send, nil: break
            }
        }
        return nil
    }

    private func accepted(_ completion: fc_completion, _ token: Token) -> KernelEvent? {
        let index = Int(token.index)
        guard listeners[index].descriptor >= 0 else {
            if completion.result >= 0, completion.buffer != -2 { _ = fc_close(completion.result) }
            return nil
        }
        if completion.buffer != -2 {
            if !completion.more {
                listeners[index].isAccepting = false
                if completion.result >= 0 { listenOn(index) }
            }
            if completion.result >= 0 {
                listeners[index].accepted.append(completion.result)
            } else if completion.result == -Errno.cancelled.code {
                listenOn(index)
                return nil
            } else {
                listeners[index].error = Errno(code: -completion.result)
            }
        }
        return listeners[index].isReading ? KernelEvent(token: token, kind: .readable) : nil
    }

    private func received(_ completion: fc_completion, _ token: Token) -> KernelEvent? {
        let index = Int(token.index)
        guard slots.indices.contains(index), slots[index].generation == token.generation else {
            if completion.buffer >= 0 { unsafe fc_uring_give_back(ring, completion.buffer) }
            return nil
        }
        if !completion.more {
            slots[index].isReceiving = false
            slots[index].isCancelling = false
        }
        // Out of buffers, or cancelled and wanted again: neither is the connection's end.
        let result = completion.result
        if result == -Errno.noBuffers.code || result == -Errno.cancelled.code {
            receiveOn(index)
            return nil
        }
        if result <= 0 { slots[index].isEnded = true }
        if !completion.more { receiveOn(index) }
        current = completion
        return KernelEvent(token: token, kind: .readable)
    }

    /// Gives the last event's buffer back, whether or not anybody looked at it.
    private func release() {
        if let buffer = current?.buffer, buffer >= 0 { unsafe fc_uring_give_back(ring, buffer) }
        current = nil
    }

    // MARK: Bytes

    func accept(_ listener: Int32) -> Accepted {
        guard let index = listeners.firstIndex(where: { $0.descriptor == listener }) else {
            return .nothing
        }
        if !listeners[index].accepted.isEmpty {
            let descriptor = listeners[index].accepted.removeFirst()
            var peer = fc_address()
            _ = unsafe fc_peer_address(descriptor, &peer)
            return .connection(descriptor, SocketAddress(peer))
        }
        if listeners[index].isStopped { return acceptNow(listener) }
        guard let error = listeners[index].error else { return .nothing }
        listeners[index].error = nil
        return .failed(error)
    }

    func stopAccepting(_ listener: Int32, _ token: Token) {
        let index = Int(token.index)
        listeners[index].isStopped = true
        guard listeners[index].isAccepting else { return }
        let name = Self.name(.accept, token)
        unsafe fc_uring_cancel(ring, name)
        // Until the cancelled accept has said its last: it may have let somebody in meanwhile.
        while listeners[index].isAccepting {
            unsafe fc_uring_wait(ring, 10_000_000)
            var completion = fc_completion()
            while unsafe fc_uring_next(ring, &completion) {
                if completion.name == name {
                    _ = accepted(completion, token)
                } else if !noteSend(completion) {
                    taken.append(completion)
                }
            }
        }
    }

    func receive(
        _ descriptor: Int32, _ body: (inout MutableSpan<UInt8>) -> Void
    ) -> Received {
        guard let completion = current else { return .nothing }
        defer { release() }
        if completion.result < 0 { return .failed(Errno(code: -completion.result)) }
        if completion.result == 0 || completion.buffer < 0 { return .end }
        let base = unsafe fc_uring_buffer(ring, completion.buffer)
        var bytes = unsafe MutableSpan(_unsafeStart: base, count: Int(completion.result))
        body(&bytes)
        return .bytes(Int(completion.result))
    }

    func send(_ queue: borrowing SendQueue, on descriptor: Int32, _ token: Token) -> Transfer {
        guard let head = queue.head else { return .moved(0) }
        if queue.single != nil || head.count >= gatherLimit {
            submit(head.bytes, from: queue.offset, to: descriptor)
        } else {
            var bytes: [UInt8] = []
            queue.gather(into: &bytes, limit: gatherLimit)
            gathered.append(bytes)
            submit(bytes, from: 0, to: descriptor)
        }
        return .pending
    }

    /// The pointer outlives the closure: the array is held elsewhere (see the type's bounds) and
    /// the storage of an array that nobody changes stays where it is.
    private func submit(_ bytes: [UInt8], from start: Int, to descriptor: Int32) {
        let name = Self.name(.send, Token(bits: UInt64(sends.count)))
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe fc_uring_send(
                ring, descriptor, base + start, Int64(buffer.count - start), name)
        }
        sends.append(.moved(bytes.count - start))
        if sends.count % sendsAtOnce == 0 { submitSends() }
    }

    func submit(_ settle: (Int, Transfer) -> Void) {
        guard !sends.isEmpty else { return }
        submitSends()
        let all = sends
        sends.removeAll(keepingCapacity: true)
        gathered.removeAll(keepingCapacity: true)
        for i in all.indices { settle(i, all[i]) }
    }

    /// Submits, and notes what was not taken whole. The rest of what completes keeps its order.
    private func submitSends() {
        repeat {
            unsafe fc_uring_submit(ring)
            var completion = fc_completion()
            while unsafe fc_uring_next(ring, &completion) {
                if !noteSend(completion) { taken.append(completion) }
            }
        } while unsafe fc_uring_recover(ring)
    }

    /// False for what is no send's.
    private func noteSend(_ completion: fc_completion) -> Bool {
        guard completion.name != .max, Operation(rawValue: completion.name >> 29 & 7) == .send
        else { return false }
        sends[Int(Self.token(of: completion.name).index)] = Self.transfer(of: completion.result)
        return true
    }
}
