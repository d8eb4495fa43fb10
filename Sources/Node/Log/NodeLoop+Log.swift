import Hub
import Transport
import Wire

/// What a loop tells the operator while it works. What a stranger can cause is written a few times
/// in ten seconds and counted beyond; names of topics and what was published never are.
extension NodeLoop {
    /// What was last said about readers and memory.
    struct Said {
        var closedSlow: UInt64 = 0
        var pressure = Pressure.none
    }

    /// Once a second.
    func sayHowItGoes() {
        let closed = desk.counts.closedSlow - said.closedSlow
        if closed > 0 {
            said.closedSlow = desk.counts.closedSlow
            settings.log.write(
                .warning, .readerClosed,
                "readers confirmed nothing for longer than 'patience' and were disconnected",
                [("count", .unsigned(closed)), ("loop", .integer(Int64(number)))])
        }
        guard number == 0, desk.pressure != said.pressure else { return }
        said.pressure = desk.pressure
        if desk.pressure == .none {
            settings.log.write(.info, .memoryWell, "there is memory again; nothing is refused")
        } else {
            settings.log.write(
                .error, .memoryShort,
                "\(desk.pressure.refused) are refused: resident memory is near 'memory' beneath "
                    + "[limits]; raise it, or find out who takes so much",
                [("resident", .unsigned(Process.residentBytes))])
        }
    }

    func sayRefused(_ reason: String, _ fields: [(name: String, value: Value)]) {
        settings.log.write(.warning, .connectionRefused, reason, fields)
    }

    func sayThrottled(_ id: ConnectionID, _ principal: Principal?) {
        settings.log.write(
            .warning, .connectionThrottled,
            "a connection says more than 'messages_per_second'; it is not read for a while",
            [
                ("address", .text(Text(loop.peer(of: id)?.host ?? ""))),
                ("tenant", .text(principal?.tenant ?? Text())),
                ("user", .text(principal?.name ?? Text())),
            ])
    }
}

extension Pressure {
    fileprivate var refused: String {
        switch self {
        case .none: "no requests"
        case .connections: "new connections"
        case .subscriptions: "new connections and subscriptions"
        case .publishes: "new connections, subscriptions and publishes"
        }
    }
}
