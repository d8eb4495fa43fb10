internal import Transport
internal import Wire

/// Shows how a run goes: on a terminal one line that changes, elsewhere a line every few seconds.
final class Ticker {
    private let isQuiet: Bool
    private let isTerminal: Bool
    private var shown = 0
    private var isDrawn = false

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = Machine.terminal(.error) != nil
    }

    func show(_ progress: Progress) {
        if isQuiet { return }
        shown += 1
        if isTerminal {
            Process.write("\r\u{1b}[2K" + progress.line, to: .error)
            isDrawn = true
        } else if shown <= 10 || shown % 10 == 0 {
            Process.write(progress.line + "\n", to: .error)
        }
    }

    /// Leaves the terminal as it was.
    func clear() {
        if isDrawn { Process.write("\r\u{1b}[2K", to: .error) }
    }
}
