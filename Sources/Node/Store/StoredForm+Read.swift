import Hub
import Wire

/// A checkpoint as it stands in its row, and where its events stand in the log.
struct StoredCheckpoint {
    let document: Document.Checkpoint
    let expiries: [Record.Expiry]
    let ledger: [Ledger.Chapter]
    let firstEvent: UInt64
    let events: UInt64

    func with(_ entries: [EventLog.Entry]) -> TopicCheckpoint {
        TopicCheckpoint(document: document, events: entries, expiries: expiries, ledger: ledger)
    }
}

/// See `StoredForm.swift` for the forms.
extension MessagePackReader {
    /// Of bytes that a store wrote. Values may be as deep as they could come in, and stand within
    /// a record besides.
    @_lifetime(copy bytes)
    init(stored bytes: Span<UInt8>) { self.init(bytes, depthLimit: Limits.depth * 2) }

    mutating func readRecords() throws(DecodeError) -> [Record] {
        var records: [Record] = []
        for _ in 0..<(try readArrayCount()) { records.append(try readRecord()) }
        try finish()
        return records
    }

    private mutating func readRecord() throws(DecodeError) -> Record {
        try expect(5)
        let version = try readInteger()
        let time = try readTime()
        let change = try readChange()
        let expiries = try readExpiries()
        var answer: Ledger.Answer?
        if !(try readNil()) {
            try expect(5)
            answer = Ledger.Answer(
                principal: try readText(), instance: try readText(),
                id: try readInteger(upTo: .max), fingerprint: try readInteger(upTo: .max),
                version: try readInteger())
        }
        return Record(
            version: version, time: time, change: change, expiries: expiries, answer: answer)
    }

    private mutating func readChange() throws(DecodeError) -> Publish.Change {
        let start = offset
        let count = try readArrayCount()
        let kind = try readInteger()
        if kind == 1 && count == 2 { return .event(try readValue()) }
        guard kind == 0 && count == 5 else { throw DecodeError(.wrongKind, at: start) }
        var patch = Patch()
        for _ in 0..<(try readArrayCount()) { patch.unset.append(try readPath()) }
        guard case .map(let set) = try readValue() else {
            throw DecodeError(.wrongKind, at: start)
        }
        patch.set = set
        for _ in 0..<(try readArrayCount()) {
            try expect(2)
            patch.increments.append(
                Patch.Increment(path: try readPath(), amount: try readNumber()))
        }
        for _ in 0..<(try readArrayCount()) {
            try expect(2)
            patch.conditions.append(
                Patch.Condition(path: try readPath(), version: try readInteger()))
        }
        return .patch(patch)
    }

    private mutating func readPath() throws(DecodeError) -> Path {
        var segments: [Text] = []
        for _ in 0..<(try readArrayCount()) { segments.append(try readText()) }
        return Path(segments)
    }

    private mutating func readTime() throws(DecodeError) -> WallTime {
        let start = offset
        guard case .time(let time) = try readValue() else {
            throw DecodeError(.wrongKind, at: start)
        }
        return time
    }

    private mutating func readExpiries() throws(DecodeError) -> [Record.Expiry] {
        var expiries: [Record.Expiry] = []
        for _ in 0..<(try readArrayCount()) {
            try expect(2)
            expiries.append(Record.Expiry(path: try readPath(), at: try readTime()))
        }
        return expiries
    }

    mutating func readCheckpoint() throws(DecodeError) -> StoredCheckpoint {
        try expect(7)
        let version = try readInteger()
        let floor = try readInteger()
        var entries: [Document.Checkpoint.Entry] = []
        for _ in 0..<(try readArrayCount()) {
            let start = offset
            let count = try readArrayCount()
            guard count == 3 || count == 4 else { throw DecodeError(.wrongKind, at: start) }
            let path = try readPath()
            let set = try readInteger()
            let cleared = try readInteger()
            entries.append(
                Document.Checkpoint.Entry(
                    path: path, value: count == 4 ? try readValue() : nil, set: set,
                    cleared: cleared))
        }
        let expiries = try readExpiries()
        var chapters: [Ledger.Chapter] = []
        for _ in 0..<(try readArrayCount()) { chapters.append(try readChapter()) }
        let checkpoint = StoredCheckpoint(
            document: Document.Checkpoint(version: version, floor: floor, entries: entries),
            expiries: expiries, ledger: chapters, firstEvent: try readInteger(),
            events: try readInteger())
        try finish()
        return checkpoint
    }

    private mutating func readChapter() throws(DecodeError) -> Ledger.Chapter {
        try expect(4)
        let principal = try readText()
        let instance = try readText()
        let forgotten = try readInteger(upTo: .max)
        var lines: [Ledger.Chapter.Line] = []
        for _ in 0..<(try readCount(inGroupsOf: 3)) {
            lines.append(
                Ledger.Chapter.Line(
                    id: try readInteger(upTo: .max), fingerprint: try readInteger(upTo: .max),
                    version: try readInteger()))
        }
        return Ledger.Chapter(
            principal: principal, instance: instance, forgotten: forgotten, lines: lines)
    }

    mutating func readState(of name: Text) throws(DecodeError) -> DurableName.State {
        try expect(3)
        let done = try readInteger()
        var beyond = Ranges()
        for _ in 0..<(try readCount(inGroupsOf: 2)) {
            let start = offset
            let low = try readInteger(upTo: .max)
            let high = try readInteger(upTo: .max)
            guard low <= high else { throw DecodeError(.numberOutOfRange, at: start) }
            beyond.insert(low...high)
        }
        var deliveries: [DurableName.State.Delivery] = []
        for _ in 0..<(try readCount(inGroupsOf: 2)) {
            deliveries.append(
                DurableName.State.Delivery(
                    sequence: try readInteger(upTo: .max), count: try readInteger(upTo: .max)))
        }
        try finish()
        return DurableName.State(name: name, done: done, beyond: beyond, deliveries: deliveries)
    }

    mutating func readLetter() throws(DecodeError) -> DeadLetter {
        try expect(5)
        let letter = DeadLetter(
            name: try readText(), sequence: try readInteger(upTo: .max),
            code: Code(rawValue: try readInteger(upTo: .max)),
            deliveries: try readInteger(upTo: .max), data: try readValue())
        try finish()
        return letter
    }

    // MARK: Parts

    private mutating func expect(_ count: Int) throws(DecodeError) {
        let start = offset
        if try readArrayCount() != count { throw DecodeError(.wrongKind, at: start) }
    }

    /// How many groups the list that begins here holds, one after the other.
    private mutating func readCount(inGroupsOf size: Int) throws(DecodeError) -> Int {
        let start = offset
        let count = try readArrayCount()
        guard count % size == 0 else { throw DecodeError(.wrongKind, at: start) }
        return count / size
    }
}
