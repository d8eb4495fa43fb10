internal import Wire

/// What a loop needs of the system underneath it. Conformers: epoll, io_uring, and a simulated one
/// that fails by a seed; the same tests run on all.
///
/// The shape fits readiness and completion: `next()` says that something has come, `receive` and
/// `accept` fetch it (from the socket, or from the completion just seen), `send` either moves
/// bytes at once or leaves that to `submit`, at the end of the turn. Calls go through a witness
/// table; that is one or two nanoseconds beside a system call of a thousand.
protocol Kernel: AnyObject {
    var name: String { get }
    func now() -> Instant

    /// What another thread uses to end `wait`.
    var waker: Waker { get }

    func listen(
        at address: SocketAddress, _ options: SocketOptions, backlog: Int, sharesPort: Bool
    ) throws(Errno) -> Int32
    func localAddress(of descriptor: Int32) throws(Errno) -> SocketAddress
    /// Begins to connect; `writable` tells that it is decided, `connectResult` how.
    func connect(
        to address: SocketAddress, from source: SocketAddress?, _ options: SocketOptions
    ) throws(Errno) -> Int32
    func connectResult(_ descriptor: Int32) -> Errno?

    func add(_ descriptor: Int32, _ token: Token, _ interest: Interest) throws(Errno)
    func change(_ descriptor: Int32, _ token: Token, _ interest: Interest)
    /// No event with this descriptor's token comes after this.
    func close(_ descriptor: Int32, _ token: Token)
    /// Now at the latest what was closed is gone: nobody may wait again.
    func finishClosing()
    func shutWriting(_ descriptor: Int32)
    func setOptions(_ options: SocketOptions, on descriptor: Int32)
    /// What it took to send and the peer has not acknowledged.
    func unacknowledgedBytes(of descriptor: Int32) -> Int

    /// Submits what is pending and waits for events, at most until `deadline` (nil: for ever).
    func wait(until deadline: Instant?)
    /// The next event of this turn; nil when the turn's are used up.
    func next() -> KernelEvent?

    func accept(_ listener: Int32) -> Accepted
    /// Before a listener is closed: from here on `accept` gives what waits, and `nothing` is final.
    /// The socket itself is left alone; others may be listening on it.
    func stopAccepting(_ listener: Int32, _ token: Token)
    /// Lends what has come to `body`, which may change it in place (unmasking does); at most one
    /// buffer a call.
    func receive(
        _ descriptor: Int32, _ body: (inout MutableSpan<UInt8>) -> Void
    ) -> Received

    func send(_ queue: borrowing SendQueue, on descriptor: Int32, _ token: Token) -> Transfer
    /// Decides every `send` that was answered `.pending`, in their order.
    func submit(_ settle: (Int, Transfer) -> Void)
}

/// Names a registration: generation and index, so that a late event for a closed connection can
/// never reach the one that took its place. Generation 0 is the loop's own descriptors.
struct Token: Hashable, Sendable {
    var bits: UInt64

    init(bits: UInt64) { self.bits = bits }
    init(_ id: ConnectionID) { bits = UInt64(id.generation) << 32 | UInt64(id.index) }
    init(listener: Int) { bits = UInt64(UInt32(truncatingIfNeeded: listener)) }

    static let waker = Token(bits: UInt64(UInt32.max))

    var generation: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) }
    var index: UInt32 { UInt32(truncatingIfNeeded: bits) }
    var connection: ConnectionID { ConnectionID(generation: generation, index: index) }
}

struct Interest: OptionSet, Sendable {
    let rawValue: UInt32
    static let reading = Interest(rawValue: 1)
    static let writing = Interest(rawValue: 2)
}

struct KernelEvent {
    var token: Token
    var kind: Kind

    enum Kind {
        case readable, writable
        /// Broken; what is left to read may still be read.
        case failed
    }
}

enum Accepted {
    case connection(Int32, SocketAddress)
    case nothing
    case failed(Errno)
}

enum Received {
    case bytes(Int)
    case end
    case nothing
    case failed(Errno)
}

enum Transfer: Equatable {
    case moved(Int)
    case full
    case pending
    case failed(Errno)
}

/// Options of a socket; zero leaves the system's own. A listener's are inherited by what it
/// accepts, so they cost nothing per connection.
public struct SocketOptions: Equatable, Sendable {
    public var noDelay = true
    /// Small on purpose: what waits in the kernel can no longer be merged.
    public var sendBufferBytes = 0
    public var receiveBufferBytes = 0
    /// How much unsent data the kernel takes before it says "full" (TCP_NOTSENT_LOWAT).
    public var notSentLowBytes = 16 * 1024

    public init() {}
}
