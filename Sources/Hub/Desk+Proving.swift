import Wire

/// Hashes that prove mirrors right, and repairs of those that are not (rule 24).
extension Desk {
    /// A client asks for the hash of a view, or says that its own differs and is repaired.
    mutating func prove(
        _ report: HashReport, _ station: UInt32, _ now: Instant, _ carrier: any Carrier
    ) {
        let found = stations[station]?.seats.first { seats[$0]?.view == report.view }
        guard let index = found, let seat = seats[index] else {
            let problem = Problem(code: .notAllowed, reason: "no subscription has that view")
            send(.error(problem), to: station, now, carrier)
            return
        }
        if seat.kind == .event || seat.kind == .signal {
            let problem = Problem(code: .wrongKind, reason: "the topic holds no document to prove")
            send(.error(problem), to: station, now, carrier)
            return
        }
        if report.hash != nil {
            if let last = seat.repaired, now.since(last) < seat.repairWait { return }
            switch seat.standing {
            case .level, .behind: break
            // Something is on its way to it, and it says again if that was not enough.
            case .joining, .filling, .catchingUp: return
            }
            counts.repairs += 1
            seats[index]?.repaired = now
            let wait = seat.repairWait
            seats[index]?.repairWait = wait < .seconds(60) ? wait + wait : wait
            if seat.standing == .level && !waits(index, now) {
                ask(index, .snapshot, carrier)
            } else {
                seats[index]?.owesSnapshot = true
            }
        } else if seat.standing == .level && !waits(index, now) {
            ask(index, .proof, carrier)
        } else {
            seats[index]?.owesProof = true
        }
    }
}
