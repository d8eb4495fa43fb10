import Glibc
import Wire

/// What each fuzzer does with its input: says what must hold, and traps where it does not. The
/// tests feed them too, with the inputs that once failed and with whole ranges.
public enum FuzzEntry {
    /// The entries by the name of their folder under `Fuzz/Corpus` and `Fuzz/Regressions`.
    public static let all: [(name: String, run: @Sendable ([UInt8]) -> Void)] =
        wire + node + transport

    private static let wire: [(name: String, run: @Sendable ([UInt8]) -> Void)] = [
        ("messagepack", { messagePack($0) }),
        ("json", { json($0) }),
        ("message", { message($0) }),
        ("document", { document($0) }),
        ("mirror", { mirror($0) }),
        ("session", { session($0) }),
        ("delivery", { delivery($0) }),
        ("framing", { framing($0) }),
    ]

    private static let node: [(name: String, run: @Sendable ([UInt8]) -> Void)] = [
        ("configuration", { configuration($0) })
    ]

    // Transport's parsers are its own: only builds that test may look at them.
    #if TESTABLE
        private static let transport: [(name: String, run: @Sendable ([UInt8]) -> Void)] = [
            ("http", { http($0) }),
            ("websocket", { websocket($0) }),
            ("deflate", { deflate($0) }),
            ("handshake", { handshake($0) }),
            ("proxy", { proxy($0) }),
            ("loop", { loop($0) }),
        ]
    #else
        private static let transport: [(name: String, run: @Sendable ([UInt8]) -> Void)] = []
    #endif

    /// The one that the environment names.
    public static var chosen: (name: String, run: @Sendable ([UInt8]) -> Void) {
        let wanted = unsafe getenv("FIELDCAST_FUZZ").map { unsafe String(cString: $0) }
        guard let entry = all.first(where: { $0.name == wanted }) else {
            fatalError("FIELDCAST_FUZZ must be one of \(all.map { $0.name })")
        }
        return entry
    }

    static func require(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds { fatalError(what()) }
    }
}
