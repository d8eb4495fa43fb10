internal import CLinux
public import Wire

/// What the system answered when it refused: an errno with a name where one matters here.
public struct Errno: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: Int32

    public init(code: Int32) { self.code = code }

    public static let notPermitted = Errno(code: 1)
    public static let wouldBlock = Errno(code: 11)
    public static let tooManyFilesInSystem = Errno(code: 23)
    public static let tooManyFiles = Errno(code: 24)
    public static let brokenPipe = Errno(code: 32)
    public static let addressInUse = Errno(code: 98)
    public static let noBuffers = Errno(code: 105)
    public static let reset = Errno(code: 104)
    public static let timedOut = Errno(code: 110)
    public static let refused = Errno(code: 111)
    public static let invalid = Errno(code: 22)
    public static let notImplemented = Errno(code: 38)
    public static let cancelled = Errno(code: 125)
    public static let unsupported = Errno(code: 95)

    public var description: String {
        switch self {
        case .tooManyFiles, .tooManyFilesInSystem: "too many open files"
        case .notPermitted: "not permitted"
        case .notImplemented: "not implemented"
        case .addressInUse: "address in use"
        case .reset: "connection reset"
        case .brokenPipe: "connection closed by the other side"
        case .timedOut: "timed out"
        case .refused: "connection refused"
        default: "system error \(code)"
        }
    }

    /// Turns a shim's negative errno into an error.
    static func check(_ result: Int32) throws(Errno) -> Int32 {
        if result < 0 { throw Errno(code: -result) }
        return result
    }
}

/// The edge's clock and randomness. Nothing else in Transport reads either.
public enum System {
    public static var now: Instant { Instant(nanoseconds: fc_monotonic_nanoseconds()) }

    /// Bytes nobody can predict: for seeds, nonces and keys.
    public static func random(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        let result = fc_random(&span)
        precondition(result == 0, "the system gives no randomness")
        return bytes
    }

    public static func randomSeed() -> UInt64 {
        random(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Keeps the calling thread on one CPU. Used by programs that measure.
    public static func pinThread(to cpu: Int) throws(Errno) {
        _ = try Errno.check(fc_pin_thread(Int32(clamping: cpu)))
    }
}
