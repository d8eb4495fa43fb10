internal import CLinux
public import Wire

/// What a program needs of its process: the wall's time, the signals that ask it to end, files and
/// its standard output.
public enum Process {
    /// What the wall says now.
    public static var wall: WallTime {
        let nanoseconds = fc_wall_nanoseconds()
        return WallTime(
            seconds: Int64(nanoseconds / 1_000_000_000),
            nanoseconds: UInt32(nanoseconds % 1_000_000_000))
    }

    /// What somebody asks of a program from outside.
    public enum Signal: Equatable, Sendable {
        /// SIGINT or SIGTERM: come to an end.
        case end
        /// SIGHUP: look at your files again.
        case reload
    }

    /// Keeps SIGINT, SIGTERM and SIGHUP for `awaitSignal`. Called before any thread is started.
    public static func holdSignals() throws(Errno) { _ = try Errno.check(fc_hold_signals()) }

    /// Waits for a signal, at most so long (nil: for ever); nil when none came.
    public static func awaitSignal(within time: Interval? = nil) -> Signal? {
        let nanoseconds = time.map { Int64(clamping: $0.nanoseconds) } ?? -1
        return switch fc_await_signal(nanoseconds) {
        case 0: nil
        case Int32(FC_SIGNAL_RELOAD): .reload
        default: .end
        }
    }

    /// Waits until somebody asks the program to end; asking for a reload is not that.
    public static func awaitEnd() {
        while awaitSignal() != .end {}
    }

    public static var id: Int { Int(fc_process_id()) }

    /// What the environment says, in its order.
    public static var environment: [(name: String, value: String)] {
        var room = 1 << 14
        while true {
            var bytes = [UInt8](repeating: 0, count: room)
            var span = bytes.mutableSpan
            let length = Int(fc_environment(&span))
            if length > room {
                room = length
                continue
            }
            return bytes[..<length].split(separator: 0).compactMap { entry in
                guard let sign = entry.firstIndex(of: UInt8(ascii: "=")) else { return nil }
                return (
                    String(decoding: entry[..<sign], as: UTF8.self),
                    String(decoding: entry[entry.index(after: sign)...], as: UTF8.self)
                )
            }
        }
    }

    public enum Stream: Int32, Sendable {
        case output = 1
        case error = 2
    }

    /// Writes all of it; a stream that is gone is nobody's to tell.
    public static func write(_ text: String, to stream: Stream = .output) {
        write([UInt8](text.utf8), to: stream)
    }

    public static func write(_ bytes: [UInt8], to stream: Stream = .output) {
        _ = fc_write(stream.rawValue, bytes.span)
    }

    /// Ends the program with a code.
    public static func exit(_ code: Int32) -> Never { fc_exit(code) }

    /// How much memory the process has, as far as the system keeps it in reach.
    public static var residentBytes: UInt64 {
        guard let text = try? read("/proc/self/statm", upTo: 256) else { return 0 }
        let words = String(decoding: text, as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (UInt64(words[1]) ?? 0) * 4_096 : 0
    }

    /// The bytes of a file of at most so many.
    public static func read(_ path: String, upTo limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var span = bytes.mutableSpan
        let length = unsafe fc_read_file(path, &span)
        if length < 0 { throw Errno(code: Int32(-length)) }
        return [UInt8](bytes[..<Int(length)])
    }
}
