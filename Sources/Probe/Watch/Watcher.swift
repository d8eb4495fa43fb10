internal import Transport
internal import Wire

/// Joins a client and a screen: what `watch` does until it is told to end.
final class Watcher {
    private var screen: WatchScreen
    private let asLines: Bool
    private let limit: Int
    private let length: Interval
    private var changes = 0
    private var began: Instant?
    private var outcome = Outcome.held
    private var wasLive = false
    private var isDirty = true

    init(topic: String, server: String, asLines: Bool, count: Int, length: Interval) {
        screen = WatchScreen(topic: topic, server: server)
        self.asLines = asLines
        limit = count
        self.length = length
    }

    var ears: SoloClient.Ears {
        SoloClient.Ears(
            notice: { [self] in hear($0, $1, $2) }, bytes: { [self] in screen.received($0) },
            tick: { [self] in tick($0, $1) }, cut: { [self] in cut($0, $1) })
    }

    func run(_ client: SoloClient) -> Outcome {
        if !asLines { Process.write("\u{1b}[?1049h\u{1b}[?25l") }
        client.run()
        if !asLines { Process.write("\u{1b}[?25h\u{1b}[?1049l") }
        return outcome
    }

    private func hear(_ notice: ClientSession.Notice, _ client: SoloClient, _ now: Instant) {
        guard let place = client.session.subscriptions.first else { return }
        isDirty = true
        switch notice {
        case .snapshot:
            wasLive = true
            screen.snapshot(place.mirror.document, version: place.mirror.version)
            if asLines { tellSnapshot() }
        case .changed(_, let versions):
            let found = screen.changed(
                place.mirror.document, version: place.mirror.version, versions: versions,
                now: now)
            changes += 1
            if asLines {
                let line = WatchScreen.line(
                    version: place.mirror.version, found, merged: versions - 1)
                Process.write(line + "\n")
            }
            if changes >= limit { client.stop() }
        case .event(let id, let event, let verdict):
            if verdict == .fresh || verdict != .repeated {
                Process.write("#\(event.sequence)  \(FieldList.words(event.data))\n")
            }
            client.session.done(id, event.sequence)
            changes += 1
            if changes >= limit { client.stop() }
        case .signal(let signal): Process.write("signal  \(FieldList.words(signal.data))\n")
        case .proven: screen.proven(true)
        case .diverged: screen.proven(false)
        case .subscribed(_, let verdict):
            if verdict == .continued || verdict == .caughtUp { screen.say("live", isGood: true) }
        case .unsubscribed(_, let code):
            fail("the subscription was refused, code \(code?.rawValue ?? 0)", client)
        case .postponed(_, let code):
            complain("the server put the subscription off, code \(code.rawValue)")
        case .problem(let problem): complain("\(problem.reason) (\(problem.code.rawValue))")
        case .malformed(let error): complain("a message that is none: \(error)")
        case .closing(let close): complain("\(close.reason) (\(close.code.rawValue))")
        case .lag(_, let lag): if lag.merged > 0 { complain("slow: \(lag.merged) merged") }
        case .authenticated, .stale, .gap, .outcome, .page, .drain: break
        }
    }

    private func tellSnapshot() {
        Process.write(
            "v\(screen.version)  snapshot of \(screen.list.rows.count) fields\n")
        for row in screen.list.rows { Process.write("  \(row.path) = \(row.value)\n") }
    }

    private func complain(_ text: String) {
        if asLines {
            Process.write("\(text)\n", to: .error)
        } else {
            screen.say(text, isGood: false)
        }
    }

    private func fail(_ text: String, _ client: SoloClient) {
        complain(text)
        outcome = .missed
        client.stop()
    }

    private func cut(_ why: String, _ client: SoloClient) -> Bool {
        complain(wasLive ? "\(why); coming back" : why)
        isDirty = true
        // What was never live is most likely wrong: a token, an address.
        if !wasLive {
            outcome = .missed
            if !asLines { Process.write("\(why)\n", to: .error) }
            return false
        }
        return true
    }

    private func tick(_ client: SoloClient, _ now: Instant) {
        let start = began ?? now
        began = start
        if now.since(start) >= length { return client.stop() }
        guard !asLines else { return }
        let (columns, rows) = Machine.terminal(.output) ?? (80, 24)
        let lines = screen.lines(columns: columns, rows: rows, now: now)
        var text = "\u{1b}[H"
        for line in lines { text += line + "\u{1b}[K\r\n" }
        Process.write(text + "\u{1b}[J")
        isDirty = false
    }
}
