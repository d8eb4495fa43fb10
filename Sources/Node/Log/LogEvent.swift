/// Everything that is ever logged, by name. A name says what happened; what somebody can do about
/// it stands in docs/troubleshooting.md under the same name.
public enum LogEvent: String, CaseIterable, Sendable {
    case starting
    case listening
    case kernel
    case ready
    case reloading
    case reloaded
    case reloadRefused = "reload_refused"
    case draining
    case ended
    case storeTrouble = "store_trouble"
    case storeWell = "store_well"
    case loopStuck = "loop_stuck"
    case connectionRefused = "connection_refused"
    case connectionThrottled = "connection_throttled"
    case readerClosed = "reader_closed"
    case memoryShort = "memory_short"
    case memoryWell = "memory_well"
    case logDropped = "log_dropped"

    /// What strangers could cause without end: written at most so often, with a count of the rest.
    var isLimited: Bool {
        switch self {
        case .connectionRefused, .connectionThrottled, .readerClosed: true
        case .starting, .listening, .kernel, .ready, .reloading, .reloaded, .reloadRefused,
            .draining, .ended, .storeTrouble, .storeWell, .loopStuck, .memoryShort, .memoryWell,
            .logDropped:
            false
        }
    }

    /// Its place among all, for tables by event.
    var index: Int { LogEvent.places[self] ?? 0 }

    private static let places = Dictionary(
        uniqueKeysWithValues: LogEvent.allCases.enumerated().map { ($1, $0) })
}
