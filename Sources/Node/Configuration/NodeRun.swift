import Transport
import Wire

/// A node that runs, and whoever tends it: signals come here, files are read again here, and the
/// service manager gets its signs of life from here. All on the program's first thread.
struct NodeRun {
    private let wish: NodeWish
    private let node: Node
    private let log: Log
    private let supervisor: Supervisor
    private let drainTime: Interval
    private var configuration: Configuration
    private var pulse: Pulse
    private var asked: Instant

    /// Without a watchdog loops are asked for a sign of life so often.
    private static let calmTick = Interval.seconds(5)

    init(_ wish: NodeWish, _ outcome: NodeWish.Outcome, _ node: Node, _ supervisor: Supervisor) {
        self.wish = wish
        self.node = node
        self.supervisor = supervisor
        log = outcome.settings.log
        drainTime = outcome.settings.drainTime
        configuration = outcome.configuration
        pulse = node.pulse()
        asked = System.now
    }

    /// Until somebody asks for the end.
    mutating func stay() {
        let tick =
            supervisor.watchdogTime.map { Interval(nanoseconds: $0.nanoseconds / 4) }
            ?? NodeRun.calmTick
        sayReady()
        while true {
            switch Process.awaitSignal(within: tick) {
            case .end?: return finish()
            case .reload?: reload()
            case nil: break
            }
            look()
        }
    }

    private func sayReady() {
        let names = node.addresses.sorted { $0.key < $1.key }.map { "\($0.key) at \($0.value)" }
        supervisor.tell(.ready, .status("listens: \(names.joined(separator: ", "))"))
    }

    /// Feeds the watchdog when all loops have turned since the last look.
    private mutating func look() {
        log.confess()
        if pulse.missing == 0 {
            supervisor.tell(.alive)
            pulse = node.pulse()
            asked = System.now
        } else if System.now.since(asked) >= NodeRun.calmTick {
            let time = System.now.since(asked).wholeMilliseconds
            log.write(
                .error, .loopStuck,
                "\(pulse.missing) loops did not turn for \(time) ms; the watchdog is not fed",
                [("loops", .integer(Int64(pulse.missing))), ("milliseconds", .unsigned(time))])
        }
    }

    // MARK: Reloading

    /// Reads the files again. Either all that changed is taken or nothing: a file with a mistake,
    /// or a change that needs a restart, leaves the node as it was.
    private mutating func reload() {
        let begun = System.now
        supervisor.tell(.reloading(since: begun))
        log.write(.info, .reloading, "\(wish.fileName) is read again")
        let outcome = wish.read()
        if let refusal = refusal(outcome) {
            supervisor.tell(.ready, .status("the last reload was refused: \(refusal)"))
        } else {
            take(outcome)
            sayReady()
        }
    }

    /// Says why nothing is taken; nil when all may be.
    private func refusal(_ outcome: NodeWish.Outcome) -> String? {
        guard outcome.mistakes.isEmpty else {
            for mistake in outcome.mistakes {
                log.write(.error, .reloadRefused, mistake.line(in: wish.fileName))
            }
            log.write(
                .error, .reloadRefused,
                "nothing was changed; mend what is wrong, look with --check, and reload again",
                [("mistakes", .integer(Int64(outcome.mistakes.count)))])
            return outcome.mistakes[0].line(in: wish.fileName)
        }
        let fixed =
            outcome.configuration.changes(from: configuration)
            .filter { $0.reload == .restart }.map(\.path)
            + outcome.configuration.changesOfTLS(from: configuration)
        guard fixed.isEmpty else {
            let names = fixed.joined(separator: ", ")
            log.write(
                .error, .reloadRefused,
                "nothing was changed: \(names) only counts after a restart; restart the node, or "
                    + "take that back and reload again",
                [("keys", .array(fixed.map { .text(Text($0)) }))])
            return "\(names) only counts after a restart"
        }
        return nil
    }

    private mutating func take(_ outcome: NodeWish.Outcome) {
        let changes = outcome.configuration.changes(from: configuration).map(\.path)
        // Without key files the secret of this run stays: nobody has another.
        if !outcome.configuration.keyFiles.isEmpty { node.replaceAccess(outcome.live.access) }
        for (listener, context) in outcome.live.certificates {
            node.replaceCertificate(context, of: listener)
        }
        node.replaceLimits(outcome.settings.limits)
        log.change(outcome.configuration.logLevel, outcome.configuration.logForm)
        configuration = outcome.configuration
        let said = changes.isEmpty ? "no key; keys and certificates were read again" : ""
        log.write(
            .info, .reloaded,
            "changed: \(said)\(changes.joined(separator: ", ")); nobody was disconnected",
            [("keys", .array(changes.map { .text(Text($0)) }))])
    }

    // MARK: The end

    private func finish() {
        // The loops get the drain's time, and five seconds for goodbyes.
        supervisor.tell(
            .stopping(within: drainTime + .seconds(15)), .status("clients are told to come back"))
        log.write(
            .info, .draining,
            "nobody new is let in; clients are told to come back within "
                + "\(Quantity.time(drainTime))")
        node.stop()
        log.write(.info, .ended, "ended in good order")
        log.end()
    }
}

extension Interval {
    static func + (a: Interval, b: Interval) -> Interval {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
        return Interval(nanoseconds: overflow ? .max : sum)
    }
}
