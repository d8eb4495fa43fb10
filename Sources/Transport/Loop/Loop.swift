public import Wire

/// One thread's worth of connections: it listens, connects, reads, writes and keeps time, and
/// knows no message.
///
/// A loop and its `Service` belong to the thread that runs them (`LoopThread`), and nothing of
/// them is `Sendable`; other threads reach it through a `Mailbox` and its `waker`. It works in
/// turns: wait for events, hand them to the service, `turnEnded`, then flush. What `send` takes
/// during a turn leaves in one system call per connection at the end of it, so batching grows with
/// load by itself, and an idle loop answers at once.
///
/// `send` stores a reference and marks the connection: a frame to five thousand connections is
/// made once and copied never (small frames that wait together are copied into one buffer, which
/// is cheaper than an entry each in a system call's list).
///
/// The same calls serve both sides: `listen` for servers, `connect` for clients.
public final class Loop {
    let kernel: any Kernel
    public let limits: LoopLimits
    /// Why `auto` came to epoll.
    private(set) var uringRefusal: Errno?
    /// The time of this turn. Passed-in time: nothing below reads a clock again.
    public internal(set) var now: Instant

    var service: any Service = Nobody()
    var slots: [Connection?] = []
    var generations: [UInt32] = []
    var freeSlots: [UInt32] = []
    /// How many connections there are.
    public internal(set) var connectionCount = 0

    var dirty: [Connection] = []
    var flushing: [Connection] = []
    /// Those whose bytes the kernel has, undecided until its `submit`.
    var submitted: [Connection] = []
    var doomed: [Connection] = []
    var deadlines = Deadlines()
    var wakeAt = Instant.never
    var listeners: [Listener] = []
    /// When listeners that ran out of descriptors or places look again.
    var acceptAgain = Instant.never
    var masks: MaskGenerator
    var nonces: MaskGenerator
    /// The service was told something after its `turnEnded`: the next turn must not wait.
    var owesTurnEnd = false
    var stopAt = Instant.never
    var isStopping = false
    var compressors: [Int: Compressor] = [:]
    var decompressor: Decompressor?
    /// Buffers of TLS, used by one connection at a time.
    var plain: [UInt8] = []
    var record: [UInt8] = []

    struct Listener {
        var descriptor: Int32
        var isListening = true
        var isOpen = true
        var expectsProxyHeader = false
        var tls: TLSContext?
        var speech = ListenerSpeech.http
        var name = ""
        var address = SocketAddress.any(port: 0)
    }

    /// A loop on a kernel of this machine. It must be run on the thread that makes it.
    public convenience init(
        _ limits: LoopLimits = LoopLimits(), on choice: KernelChoice = .auto
    ) throws(Errno) {
        let kernel: any Kernel
        var refusal: Errno?
        switch choice {
        case .epoll: kernel = try EpollKernel()
        case .uring: kernel = try UringKernel()
        case .auto:
            do throws(Errno) {
                kernel = try UringKernel()
            } catch {
                refusal = error
                kernel = try EpollKernel()
            }
        }
        self.init(limits, kernel: kernel, seed: System.randomSeed())
        uringRefusal = refusal
    }

    init(_ limits: LoopLimits, kernel: any Kernel, seed: UInt64) {
        self.limits = limits
        self.kernel = kernel
        masks = MaskGenerator(seed: seed)
        nonces = MaskGenerator(seed: ~seed)
        now = kernel.now()
    }

    /// The kernel it runs on, for the log; with the reason where it is not the one that is best.
    public var kernelName: String {
        guard let refusal = uringRefusal else { return kernel.name }
        return "\(kernel.name), because io_uring is refused: \(refusal)"
    }

    /// Wakes this loop from any thread; make a `Mailbox` with it.
    public var waker: Waker { kernel.waker }

    // MARK: Connections

    /// Listens; returns the address, with the port the system chose when 0 was asked for. With
    /// `sharingPort`, several loops listen at one address and the system deals connections out.
    /// With `proxyHeader`, every connection must begin with a PROXY protocol header. `name` is what
    /// `listener(of:)` gives back for the connections that come in here.
    @discardableResult
    public func listen(
        at address: SocketAddress, named name: String = "", sharingPort: Bool = true,
        proxyHeader: Bool = false, tls: TLSContext? = nil,
        speaking speech: ListenerSpeech = .http
    ) throws(Errno) -> SocketAddress {
        let descriptor = try kernel.listen(
            at: address, limits.sockets, backlog: limits.backlog, sharesPort: sharingPort)
        return try adopt(
            listener: descriptor, named: name, proxyHeader: proxyHeader, tls: tls,
            speaking: speech)
    }

    /// Listens on a socket made elsewhere, as a service manager hands it over.
    @discardableResult
    public func adopt(
        listener descriptor: Int32, named name: String = "", proxyHeader: Bool = false,
        tls: TLSContext? = nil, speaking speech: ListenerSpeech = .http
    ) throws(Errno) -> SocketAddress {
        let address = try kernel.localAddress(of: descriptor)
        try kernel.add(descriptor, Token(listener: listeners.count), .reading)
        listeners.append(
            Listener(
                descriptor: descriptor, expectsProxyHeader: proxyHeader, tls: tls, speech: speech,
                name: name, address: address))
        return address
    }

    /// From now on, listeners with TLS use this certificate and key: all of them, or those of a
    /// name. Open connections stay.
    public func replaceTLS(_ context: TLSContext, ofListeners name: String? = nil) {
        for index in listeners.indices
        where listeners[index].tls != nil && listeners[index].name == name ?? listeners[index].name
        {
            listeners[index].tls = context
        }
    }

    /// Begins to open a WebSocket. `opened` follows, or `closed` with the reason. `source` is the
    /// local address to come from (its port 0), for load from many addresses.
    public func connect(
        to address: SocketAddress, from source: SocketAddress? = nil, tls: TLSWish? = nil,
        _ wish: WebSocketWish
    ) throws(Errno) -> ConnectionID {
        let connection = try dial(address, source, tls)
        var nonce: [UInt8] = []
        for _ in 0..<4 {
            let word = nonces.next()
            for shift: UInt32 in [0, 8, 16, 24] {
                nonce.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        connection.upgrade = ClientUpgrade(wish, nonce: nonce)
        return connection.id
    }

    /// Begins to connect and makes a call; `responded` follows, or `closed` with the reason.
    public func connect(
        to address: SocketAddress, from source: SocketAddress? = nil, tls: TLSWish? = nil,
        _ call: HTTPCall
    ) throws(Errno) -> ConnectionID {
        let connection = try dial(address, source, tls)
        connection.calls = CallExchange(first: call)
        return connection.id
    }

    /// Makes another call where the last one's answer has ended. False where that is not so.
    public func call(_ call: HTTPCall, on id: ConnectionID) -> Bool {
        guard let connection = self[id] else { return false }
        return send(call, connection)
    }

    /// Queues a frame on an open WebSocket or framed stream, or a chunk on a streamed answer: the
    /// frame must be made for what the connection speaks (`speech(of:)`). A frame is always
    /// taken by an empty queue; otherwise it is refused when the queue would exceed
    /// `LoopLimits.queueBytes`.
    public func send(_ frame: Frame, to id: ConnectionID) -> Outflow {
        guard let connection = self[id], connection.takesFrames else { return .refused }
        return enqueue(frame, connection)
    }

    /// Frames a message for this one connection, compressed where that was agreed and pays, masked
    /// where it is a client's, and queues it. On a framed stream its encoding says whether it is
    /// binary, and no message is empty.
    public func send(message: Span<UInt8>, binary: Bool, to id: ConnectionID) -> Outflow {
        guard let connection = self[id], connection.phase == .open else { return .refused }
        if connection.framed != nil, message.isEmpty { return .refused }
        return enqueue(frame(message, binary: binary, for: connection), connection)
    }

    /// Closes behind what is queued: a WebSocket with a close frame, a framed stream and an
    /// exchange by their end; what is not open yet is dropped.
    /// `closed` follows. Does nothing where a close is on its way already.
    public func close(_ id: ConnectionID, code: CloseCode = .normal, reason: String = "") {
        guard let connection = self[id] else { return }
        switch connection.phase {
        case .open: beginClose(connection, code, reason)
        case .connecting, .opening, .greeting: doom(connection, ConnectionEnd(.byUs))
        case .http: finish(connection, ConnectionEnd(.byUs))
        case .streaming: if endStream(connection) { close(id, code: code, reason: reason) }
        case .calling: doom(connection, ConnectionEnd(.byUs))
        case .closing, .finishing, .lingering: break
        }
    }

    /// Drops a connection without a word. `closed` follows.
    public func abort(_ id: ConnectionID) {
        if let connection = self[id] { doom(connection, ConnectionEnd(.byUs, code: .abnormal)) }
    }

    /// Stops reading from a connection until `resume`: the peer's own sending stalls. What has
    /// come already is kept; no message is handed on meanwhile.
    public func pause(_ id: ConnectionID) {
        if let connection = self[id] { pause(connection) }
    }

    public func resume(_ id: ConnectionID) {
        if let connection = self[id] { resume(connection) }
    }

    /// Sends a ping on a WebSocket; `ponged` tells of the answer.
    public func ping(_ id: ConnectionID) {
        guard let connection = self[id], connection.phase == .open, connection.framed == nil
        else { return }
        _ = enqueue(Frame(FrameWriter.ping([], mask: maskKey(connection))), connection)
    }

    /// Answers a request whose answer was held. False when nothing is held there any more.
    @discardableResult
    public func respond(_ response: HTTPResponse, to id: ConnectionID) -> Bool {
        guard let connection = self[id] else { return false }
        return answerHeld(connection, response)
    }

    /// Begins a streamed answer to a request that was held.
    @discardableResult
    public func stream(
        _ status: HTTPStatus, fields: [(name: String, value: String)], to id: ConnectionID
    ) -> Bool {
        guard let connection = self[id] else { return false }
        return beginStream(connection, status, fields)
    }

    /// Ends a streamed answer. False when none is under way.
    @discardableResult
    public func endStream(_ id: ConnectionID) -> Bool {
        guard let connection = self[id] else { return false }
        return endStream(connection)
    }

    /// Changes a connection's socket: buffers are small by default and are widened for what is
    /// large, as a snapshot is. Zero leaves a value as it is.
    public func setOptions(_ options: SocketOptions, on id: ConnectionID) {
        if let connection = self[id] { kernel.setOptions(options, on: connection.descriptor) }
    }

    public func peer(of id: ConnectionID) -> SocketAddress? { self[id]?.peer }

    /// Where it listens, in the order in which that was asked for.
    public var listenerAddresses: [SocketAddress] { listeners.map(\.address) }

    /// The name of the listener that a connection came in by; nil for outgoing ones.
    public func listener(of id: ConnectionID) -> String? {
        guard let connection = self[id], connection.listener >= 0 else { return nil }
        return listeners[Int(connection.listener)].name
    }

    /// The window with which frames for a connection may be compressed; nil: not at all. What is
    /// sent to many is compressed once for each window among them, and nearly all have 15.
    public func compression(of id: ConnectionID) -> Int? {
        guard let connection = self[id], let agreement = connection.deflate,
            connection.role == .server
        else { return nil }
        return agreement.serverWindowBits
    }

    /// Bytes that wait in the send queue of a connection.
    public func queuedBytes(_ id: ConnectionID) -> Int { self[id]?.queue.bytes ?? 0 }

    /// Bytes that are not with the peer yet: in the send queue, and in the kernel unsent or
    /// unacknowledged. For connections whose protocol has no confirmations of its own, as event
    /// streams; it costs a system call.
    public func outstandingBytes(_ id: ConnectionID) -> Int {
        guard let connection = self[id], connection.phase != .connecting else { return 0 }
        return connection.queue.bytes + connection.sealed.bytes
            + kernel.unacknowledgedBytes(of: connection.descriptor)
    }

    // MARK: Time

    /// Asks for `Service.reached` at a time; replaces what was asked before. Nil asks for nothing.
    public func wake(at time: Instant?) { wakeAt = time ?? .never }

    // MARK: Running

    /// Runs on the calling thread until `stop` has done its work.
    public func run(_ service: any Service) {
        begin(service)
        while turn(atMostUntil: .never) {}
        service.turnEnded(now)
        self.service = Nobody()
    }

    /// Accepts nobody any more: takes what waits in the accept queues and closes the listeners.
    public func stopListening() { closeListeners() }

    /// Stops in good order: takes what waits in the accept queues, closes the listeners, tells
    /// every WebSocket `code`, lets answers and queues go out, and drops what is left after `time`.
    public func stop(within time: Interval, code: CloseCode = .goingAway, reason: String = "") {
        guard !isStopping else { return }
        isStopping = true
        stopAt = now + time
        closeListeners()
        for slot in slots.indices {
            guard let connection = slots[slot] else { continue }
            switch connection.phase {
            case .open: beginClose(connection, code, reason)
            case .connecting, .opening, .greeting, .calling:
                doom(connection, ConnectionEnd(.stopped))
            case .streaming: _ = endStream(connection)
            case .http: stopExchange(connection)
            case .closing, .finishing, .lingering: break
            }
        }
    }
}

/// Stands on a loop that runs for nobody.
final class Nobody: Service {
    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        .respond(HTTPResponse(.unavailable))
    }
    func opened(_ id: ConnectionID, subprotocol: String?) {}
    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {}
    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {}
}
