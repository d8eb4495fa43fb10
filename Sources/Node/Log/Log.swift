import Synchronization
public import Transport
public import Wire

/// Where a node says what happens to it.
///
/// Whoever logs puts an entry into a box and goes on; a thread of its own writes them, as many as
/// wait with one call. A full box loses entries and counts them: no loop ever waits for a terminal.
/// Events that strangers could cause without end are written a few times in ten seconds, with the
/// number of those left out (`LogEvent.isLimited`).
public final class Log: Sendable {
    /// Takes what is to be written; a test gathers it.
    public typealias Sink = @Sendable ([UInt8]) -> Void

    private enum Letter: Sendable {
        case entry(LogEntry)
        case end
    }

    private let intake: Intake<Letter>?
    private let thread: LoopThread?
    private let level: Atomic<UInt8>
    private let dropped = Atomic<UInt64>(0)
    private let form: FormBox
    private let gates = Mutex([Gate](repeating: Gate(), count: LogEvent.allCases.count))

    /// Shared with the writer, which must not keep the log itself alive.
    private final class FormBox: Sendable {
        let form: Mutex<LogForm>
        init(_ form: LogForm) { self.form = Mutex(form) }
    }

    /// How often an event was written lately.
    private struct Gate {
        var since = Instant(nanoseconds: 0)
        var written = 0
        var silent: UInt64 = 0
    }

    private static let boxLimit = 4_096
    private static let gatePause = Interval.seconds(10)
    private static let gateLimit = 5

    /// A log that says nothing, for nodes inside of tests.
    public init() {
        intake = nil
        thread = nil
        level = Atomic(0)
        form = FormBox(.text)
    }

    /// Begins to write; to standard error unless told otherwise.
    public init(
        _ level: LogLevel, _ form: LogForm,
        to sink: @escaping Sink = { Process.write($0, to: .error) }
    ) throws(Errno) {
        let intake = try Intake<Letter>(limit: Log.boxLimit)
        let box = FormBox(form)
        self.intake = intake
        self.level = Atomic(level.rank)
        self.form = box
        thread = try LoopThread { Log.write(intake, box, sink) }
    }

    /// From now on, as after a reload.
    public func change(_ level: LogLevel, _ form: LogForm) {
        self.level.store(level.rank, ordering: .relaxed)
        self.form.form.withLock { $0 = form }
    }

    public func writes(_ level: LogLevel) -> Bool {
        intake != nil && level.rank <= self.level.load(ordering: .relaxed)
    }

    // MARK: Saying something

    /// Says that something happened. What it costs to say is only paid when it is written.
    public func write(
        _ level: LogLevel, _ event: LogEvent, _ text: @autoclosure () -> String,
        _ fields: @autoclosure () -> [(name: String, value: Value)] = []
    ) {
        guard writes(level), let intake else { return }
        var all: [(name: String, value: Value)] = []
        if event.isLimited {
            guard let silent = pass(event, System.now) else { return }
            all = fields()
            if silent > 0 { all.append(("unsaid", .unsigned(silent))) }
        } else {
            all = fields()
        }
        let entry = LogEntry(
            time: Process.wall, level: level, event: event, text: text(), fields: all)
        // That lines were lost is said however full the box is.
        if event == .logDropped { return intake.deliver(.entry(entry)) }
        if !intake.post(.entry(entry)) { dropped.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Nil while an event was written often enough; else how many were left out since.
    private func pass(_ event: LogEvent, _ now: Instant) -> UInt64? {
        gates.withLock { gates in
            let i = event.index
            if now.since(gates[i].since) >= Log.gatePause {
                gates[i].since = now
                gates[i].written = 0
            }
            guard gates[i].written < Log.gateLimit else {
                gates[i].silent += 1
                return nil
            }
            gates[i].written += 1
            defer { gates[i].silent = 0 }
            return gates[i].silent
        }
    }

    /// Says how many entries found the box full since it was last asked; once a second is enough.
    public func confess() {
        let count = dropped.exchange(0, ordering: .relaxed)
        if count > 0 {
            write(
                .warning, .logDropped, "\(count) lines were lost: more came than could be written",
                [("count", .unsigned(count))])
        }
    }

    /// Writes all that waits and ends the thread. Once only.
    public func end() {
        confess()
        intake?.deliver(.end)
        thread?.join()
    }

    // MARK: Writing

    /// The whole life of the writer, on its own thread.
    private static func write(_ intake: Intake<Letter>, _ box: FormBox, _ sink: Sink) {
        while true {
            var bytes: [UInt8] = []
            var isOver = false
            let form = box.form.withLock { $0 }
            for letter in intake.collect() {
                switch letter {
                case .entry(let entry): entry.append(as: form, to: &bytes)
                case .end: isOver = true
                }
            }
            if !bytes.isEmpty { sink(bytes) }
            if isOver { return }
        }
    }
}
