public import Wire

/// A network in memory: sockets with small buffers, a clock that jumps, and faults drawn from a
/// seed. One seed replays one history, byte for byte and error for error.
///
/// Any number of loops of one thread may stand on it (`Loop.init(_:on:)`). Time passes only when a
/// loop waits and nothing is ready for it.
public final class SimulatedNetwork {
    /// What goes wrong, in tenths of a percent of the occasions for it.
    public struct Faults: Equatable, Sendable {
        /// A read gives fewer bytes than have come, often one.
        public var shortReads = 0
        /// A write takes fewer bytes than there is room for, often one.
        public var shortWrites = 0
        /// A ready socket is not reported this time; or a wait returns with nothing.
        public var delays = 0
        /// A write finds no room although there is some.
        public var fullBuffers = 0
        /// A connection breaks at a read or a write.
        public var resets = 0
        /// An accept finds no descriptor left.
        public var failedAccepts = 0
        /// An outgoing connection is refused.
        public var failedConnects = 0
        /// Room in each direction of a connection.
        public var bufferBytes = 64 * 1024

        public init() {}

        /// Everything slow and in pieces, nothing lost: what every program must not notice.
        public static var rough: Faults {
            var faults = Faults()
            faults.shortReads = 300
            faults.shortWrites = 300
            faults.delays = 200
            faults.fullBuffers = 100
            faults.failedAccepts = 100
            faults.bufferBytes = 8 * 1024
            return faults
        }
    }

    public let faults: Faults
    public internal(set) var now = Instant(nanoseconds: 1_000_000_000)

    var sockets: [Int32: SimulatedSocket] = [:]
    private var random: MaskGenerator
    private var nextDescriptor: Int32 = 10
    private var nextPort: UInt16 = 40_000

    public init(seed: UInt64, faults: Faults = .rough) {
        self.faults = faults
        random = MaskGenerator(seed: seed &* 0x9e37_79b9_7f4a_7c15 ^ 0x5bd1_e995)
    }

    /// How many sockets are open: none must be left when all loops are done.
    public var openSockets: Int { sockets.count }

    func happens(_ perMille: Int) -> Bool {
        perMille > 0 && Int(random.next() % 1000) < perMille
    }

    /// A number from 0 to below `limit`.
    func draw(_ limit: Int) -> Int { limit <= 1 ? 0 : Int(random.next()) % limit }

    /// Of `count` bytes, how many move when a fault of this weight may cut them.
    func cut(_ count: Int, _ perMille: Int) -> Int {
        happens(perMille) ? 1 + draw(min(count, happens(500) ? 3 : count)) : count
    }

    func open(_ socket: SimulatedSocket) -> Int32 {
        let descriptor = nextDescriptor
        nextDescriptor += 1
        sockets[descriptor] = socket
        return descriptor
    }

    func freePort() -> UInt16 {
        nextPort = nextPort == .max ? 40_000 : nextPort + 1
        return nextPort
    }

    /// A listener at the port; among several, one by chance, as the system deals them out.
    func listener(at port: UInt16) -> SimulatedSocket? {
        let found = sockets.keys.sorted().compactMap { sockets[$0] }
            .filter { $0.isListener && $0.local.port == port }
        return found.isEmpty ? nil : found[draw(found.count)]
    }
}

/// One end of a connection, or a listener.
final class SimulatedSocket {
    let local: SocketAddress
    let remote: SocketAddress?
    let isListener: Bool
    /// Connections that wait to be accepted.
    var waiting: [SimulatedSocket] = []
    /// Bytes that have come and not been read.
    var inbound: [UInt8] = []
    /// The other end has said its last.
    var isEnded = false
    var error: Errno?
    weak var other: SimulatedSocket?
    var token = Token(bits: 0)
    var interest: Interest = []
    var isShut = false

    init(local: SocketAddress, remote: SocketAddress?, isListener: Bool = false) {
        self.local = local
        self.remote = remote
        self.isListener = isListener
    }

    func room(_ limit: Int) -> Int {
        guard let other else { return 0 }
        return max(0, limit - other.inbound.count)
    }

    /// Breaks both ends, as a reset does.
    func reset() {
        error = .reset
        inbound = []
        other?.error = .reset
        other?.inbound = []
        other?.other = nil
        other = nil
    }
}

extension Loop {
    /// A loop on a simulated network. Its seed makes masks and nonces the same every time.
    public convenience init(
        _ limits: LoopLimits = LoopLimits(), on network: SimulatedNetwork, seed: UInt64 = 1
    ) {
        self.init(limits, kernel: SimulatedKernel(network), seed: seed)
    }
}
