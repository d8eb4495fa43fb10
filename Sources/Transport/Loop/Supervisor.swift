internal import CLinux
public import Wire

/// The service manager that started this program, where there is one: it is told how we are doing,
/// it asks for a sign of life now and then, and it may hand over sockets that listen already.
///
/// A door to the sockets of systemd's protocols (sd_notify, sd_listen_fds), which are short enough
/// that no library is needed.
public struct Supervisor: Sendable {
    /// A listening socket that was handed over, by the name that the manager has for it. It stays
    /// open as long as the process; loops get duplicates.
    public struct Socket: Equatable, Sendable {
        public let name: String
        public let descriptor: Int32
    }

    private let notifySocket: [UInt8]?
    /// A sign of life must come within this time, or the program is ended.
    public let watchdogTime: Interval?
    public let sockets: [Socket]

    /// Without one: nobody listens.
    public init() {
        notifySocket = nil
        watchdogTime = nil
        sockets = []
    }

    /// From the environment. What was meant for another process, as after a fork, counts for
    /// nothing.
    public init(_ environment: [(name: String, value: String)], process: Int) {
        func value(_ name: String) -> String? {
            environment.last { $0.name == name }?.value
        }
        notifySocket = value("NOTIFY_SOCKET").map { [UInt8]($0.utf8) }
        let isWatched = value("WATCHDOG_PID").map { Int($0) == process } ?? true
        let microseconds = value("WATCHDOG_USEC").flatMap { UInt64($0) } ?? 0
        watchdogTime = isWatched && microseconds > 0 ? .microseconds(microseconds) : nil
        var sockets: [Socket] = []
        if value("LISTEN_PID").flatMap({ Int($0) }) == process,
            let count = value("LISTEN_FDS").flatMap({ Int32($0) }), (0...1_024).contains(count)
        {
            let names =
                value("LISTEN_FDNAMES")?
                .split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
            for i in 0..<count {
                let name = Int(i) < names.count ? names[Int(i)] : ""
                sockets.append(Socket(name: name, descriptor: 3 + i))
            }
        }
        self.sockets = sockets
    }

    /// Makes an inherited socket fit for loops; fails for what is no listening socket of IP.
    public static func take(_ socket: Socket) throws(Errno) {
        _ = try Errno.check(fc_take_listener(socket.descriptor))
    }

    public enum Word: Sendable {
        case ready
        /// The files are being read again, since a moment of `System.now`.
        case reloading(since: Instant)
        /// It comes to an end, which may take so long.
        case stopping(within: Interval)
        case alive
        /// A line for people.
        case status(String)
    }

    /// Says several things at once; nobody may be there to hear it.
    public func tell(_ words: Word...) {
        guard let notifySocket, !words.isEmpty else { return }
        var text: [String] = []
        for word in words {
            switch word {
            case .ready: text.append("READY=1")
            case .reloading(let since):
                text += ["RELOADING=1", "MONOTONIC_USEC=\(since.nanoseconds / 1_000)"]
            case .stopping(let time):
                text += ["STOPPING=1", "EXTEND_TIMEOUT_USEC=\(time.nanoseconds / 1_000)"]
            case .alive: text.append("WATCHDOG=1")
            case .status(let line):
                text.append("STATUS=" + String(line.map { $0.isNewline ? " " : $0 }))
            }
        }
        let bytes = [UInt8](text.joined(separator: "\n").utf8)
        _ = fc_notify(notifySocket.span, bytes.span)
    }
}

extension Loop {
    /// Listens on a socket that was handed over to the process: each loop that does takes part in
    /// the same queue, by a descriptor of its own.
    @discardableResult
    public func share(
        _ socket: Supervisor.Socket, named name: String, proxyHeader: Bool = false,
        tls: TLSContext? = nil, speaking speech: ListenerSpeech = .http
    ) throws(Errno) -> SocketAddress {
        let copy = try Errno.check(fc_duplicate(socket.descriptor))
        // Accepted sockets inherit these, as those of a listener that we made.
        kernel.setOptions(limits.sockets, on: copy)
        do throws(Errno) {
            return try adopt(
                listener: copy, named: name, proxyHeader: proxyHeader, tls: tls, speaking: speech)
        } catch {
            _ = fc_close(copy)
            throw error
        }
    }
}
