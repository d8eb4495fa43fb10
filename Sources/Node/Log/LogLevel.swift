/// How much a line matters. The least that is written is a setting.
public enum LogLevel: String, CaseIterable, Comparable, Sendable {
    /// Something is lost or refused that should not be; somebody must act.
    case error
    /// Something is out of order, and the node goes on.
    case warning
    /// What an operator wants to find later.
    case info
    case debug

    /// The more it matters the smaller.
    var rank: UInt8 {
        switch self {
        case .error: 0
        case .warning: 1
        case .info: 2
        case .debug: 3
        }
    }

    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rank < b.rank }

    /// The priority that systemd's journal takes from the beginning of a line.
    var priority: String {
        switch self {
        case .error: "<3>"
        case .warning: "<4>"
        case .info: "<6>"
        case .debug: "<7>"
        }
    }
}

/// How a line is written.
public enum LogForm: String, CaseIterable, Sendable {
    case text
    case json
    /// As text, with the journal's priorities instead of times and levels.
    case journal
}
