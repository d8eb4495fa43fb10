internal import Transport
internal import Wire

/// Everything a run found. The reports are made from this and from nothing else.
struct LoadResult: Sendable {
    var plan: LoadPlan
    var target: String
    var began: WallTime
    /// How long was measured.
    var measured: Interval
    var stages: Stages
    var account: Account
    var audit: Audit
    var ready: Int
    var series: [Moment]
    var errors: Tally
    /// What the probe itself used while it measured.
    var usage: Usage
    var unattributed: Int
    /// From a disturbance's end until 99 % were at the head; nil when they did not come.
    var recovery: Interval?
    /// Why nothing could be measured.
    var openProblem: String?
    var wasInterrupted: Bool

    /// Diffs received a second, over all clients.
    var receiptsPerSecond: Double {
        let seconds = Figures.seconds(measured)
        return seconds > 0 ? Double(receipts) / seconds : 0
    }

    var receipts: UInt64 { account.receipts }

    /// The part of one processor that the probe used while it measured.
    var busy: Double {
        measured.nanoseconds == 0
            ? 0 : Double(usage.cpu.nanoseconds) / Double(measured.nanoseconds)
    }

    /// Why the figures say more about the probe than about the server; empty when they do not.
    var invalid: [String] {
        var reasons: [String] = []
        if let openProblem { reasons.append(openProblem) }
        if wasInterrupted { reasons.append("the run was interrupted") }
        if openProblem == nil, ready < plan.connections {
            reasons.append(
                "\(Figures.count(plan.connections - ready)) of "
                    + "\(Figures.count(plan.connections)) clients never came to a snapshot")
        }
        if busy > 0.95 {
            reasons.append(
                "the probe itself was busy \(Figures.percent(busy)) of the time; "
                    + "take fewer connections or a lower rate")
        }
        let slip = stages.slip.percentile(99)
        let bound = max(
            Interval.milliseconds(10),
            Interval(nanoseconds: stages.receipt.percentile(99).nanoseconds / 5))
        if slip > bound {
            reasons.append(
                "the probe's own timers were \(Figures.duration(slip)) late (p99), too much for "
                    + "what it measured; the machine is too busy")
        }
        return reasons
    }

    /// What did not hold, beside expectations.
    var failures: [String] {
        audit.faults.filter { $0.count > 0 }.map { "\(Figures.count($0.count)) \($0.name)" }
            + (account.refused > 0 ? ["\(Figures.count(account.refused)) patches refused"] : [])
    }
}

/// How a run ended, and the program's exit code.
enum Outcome: Int32, Equatable {
    case held = 0
    case missed = 1
    case usage = 2
    case invalid = 3
}

extension LoadRun {
    /// What is known once the run is over.
    func result() -> LoadResult {
        table.close()
        var audit = Audit()
        let predicted = (0..<plan.views).map { ViewHash(of: script.predicted($0)) }
        let judged = head > 0 && measureEnd > measureStart && !wasInterrupted
        for client in subscribers {
            if judged, client.wasReady {
                if client.version < head {
                    client.audit.behind += 1
                } else {
                    if client.finalProof == .none || client.finalProof == .asked {
                        client.audit.unproven += 1
                    }
                    let hash = client.follower.state?.hash ?? ViewHash()
                    if let second = client.second,
                        second.version != client.version || second.word != hash.word
                    {
                        client.audit.contradicted += 1
                    }
                    if account.refused == 0, hash != predicted[client.view] {
                        client.audit.mispredicted += 1
                    }
                }
                // The closing patch is not measured, but everybody gets it.
                let due = table.touched(after: client.start, to: head, view: client.view) + 1
                let direct = Int(clamping: client.audit.receipts)
                if due > direct, client.audit.snapshots <= 1 {
                    client.audit.merged = UInt64(due - direct)
                }
            }
            audit.add(client.audit)
        }
        let end = measureEnd > measureStart ? measureEnd : max(loop.now, measureStart)
        let measured =
            phase >= .settling && measureStart.nanoseconds > 0
            ? end.since(measureStart) : Interval(nanoseconds: 0)
        let wall = Process.wall
        let age = loop.now.since(startedAt)
        let seconds = Int64(age.nanoseconds / 1_000_000_000)
        return LoadResult(
            plan: plan, target: target.url, began: WallTime(seconds: wall.seconds - seconds),
            measured: measured, stages: stages, account: account, audit: audit,
            ready: subscribers.count { $0.wasReady }, series: series, errors: errors,
            usage: usage, unattributed: table.unattributed,
            recovery: recoveredAt.flatMap { end in disturbedAt.map { end.since($0) } },
            openProblem: openProblem, wasInterrupted: wasInterrupted)
    }
}

extension Interval {
    /// How much longer this is; zero when it is not.
    func since(_ earlier: Interval) -> Interval {
        Interval(
            nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}
