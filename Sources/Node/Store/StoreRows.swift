import Hub
import Wire

/// The rows of a store: what each statement writes and reads, and the proof of what was read.
final class StoreRows {
    private let database: Database
    private let topics: TopicTable
    private let addRecords: Statement
    private let cutLog: Statement
    private let setCheckpoint: Statement
    private let setName: Statement
    private let addLetter: Statement
    private let readCheckpoint: Statement
    private let readLog: Statement
    private let readNames: Statement
    private let readLetters: Statement
    private let cutLetters: Statement
    private let setRevocation: Statement
    private let cutRevocations: Statement
    private let readRevocations: Statement

    private var writer = Writer(capacity: 4_096)

    init(_ database: Database) throws(DatabaseError) {
        self.database = database
        topics = try TopicTable(database)
        addRecords = try database.statement(
            "INSERT INTO log (topic, last, sum, records) VALUES (?, ?, ?, ?)")
        cutLog = try database.statement("DELETE FROM log WHERE topic = ? AND last < ?")
        setCheckpoint = try database.statement(
            "INSERT OR REPLACE INTO checkpoints (topic, version, sum, body) VALUES (?, ?, ?, ?)")
        setName = try database.statement(
            "INSERT OR REPLACE INTO names (topic, name, sum, state) VALUES (?, ?, ?, ?)")
        addLetter = try database.statement(
            "INSERT INTO dead_letters (topic, sum, letter) VALUES (?, ?, ?)")
        readCheckpoint = try database.statement(
            "SELECT version, sum, body FROM checkpoints WHERE topic = ?")
        readLog = try database.statement(
            "SELECT last, sum, records FROM log WHERE topic = ? ORDER BY last")
        readNames = try database.statement(
            "SELECT name, sum, state FROM names WHERE topic = ? ORDER BY name")
        readLetters = try database.statement(
            "SELECT sum, letter FROM dead_letters WHERE topic = ? ORDER BY id")
        cutLetters = try database.statement(
            "DELETE FROM dead_letters WHERE id IN"
                + " (SELECT id FROM dead_letters WHERE topic = ? ORDER BY id LIMIT ?)")
        setRevocation = try database.statement(
            "INSERT OR REPLACE INTO revocations (tenant, kind, name, at, until)"
                + " VALUES (?, ?, ?, ?, ?)")
        cutRevocations = try database.statement("DELETE FROM revocations WHERE until < ?")
        readRevocations = try database.statement(
            "SELECT tenant, kind, name, at, until FROM revocations"
                + " ORDER BY tenant, kind, name")
    }

    /// After a transaction that was taken back: what it had made is not there.
    func forgetPlaces() { topics.forgetPlaces() }

    func list(after number: Int64, limit: Int64) throws(DatabaseError) -> TopicList {
        try topics.list(after: number, limit: limit)
    }

    // MARK: Writing

    func write(_ commit: Commit) throws(DatabaseError) {
        for write in commit.writes { try self.write(write) }
    }

    private func write(_ write: TopicWrite) throws(DatabaseError) {
        if write.isLast { return try topics.drop(write.key) }
        let id = try topics.number(of: write)
        // What a checkpoint says need not be said in the log, but for events, which stand there
        // alone.
        let isCut = write.checkpoint.map { $0.events.isEmpty } ?? false
        let behind = isCut ? write.checkpoint?.document.version ?? 0 : 0
        let records = write.records.filter { $0.version > behind }
        if let last = records.last {
            writer.clear()
            writer.pack(records)
            try addRecords.bind(id)
            try addRecords.bind(last.version)
            try bindSummed(addRecords, id, place: last.version)
            try addRecords.run()
        }
        for name in write.names {
            writer.clear()
            writer.pack(name)
            try setName.bind(id)
            try setName.bind(name.name)
            try bindSummed(setName, id, place: UInt64(name.name.count))
            try setName.run()
        }
        if write.settledLetters > 0 {
            try cutLetters.bind(id)
            try cutLetters.bind(UInt64(write.settledLetters))
            try cutLetters.run()
        }
        for letter in write.deadLetters {
            writer.clear()
            writer.pack(letter)
            try addLetter.bind(id)
            try bindSummed(addLetter, id, place: 0)
            try addLetter.run()
        }
        if let checkpoint = write.checkpoint { try self.write(checkpoint, id) }
    }

    private func write(_ checkpoint: TopicCheckpoint, _ id: Int64) throws(DatabaseError) {
        let version = checkpoint.document.version
        writer.clear()
        writer.pack(checkpoint)
        try setCheckpoint.bind(id)
        try setCheckpoint.bind(version)
        try bindSummed(setCheckpoint, id, place: version)
        try setCheckpoint.run()
        try cutLog.bind(id)
        try cutLog.bind(checkpoint.events.first?.sequence ?? version + 1)
        try cutLog.run()
    }

    /// Binds the checksum of what the writer holds, and that.
    private func bindSummed(
        _ statement: Statement, _ id: Int64, place: UInt64
    ) throws(DatabaseError) {
        let bytes = writer.bytes()
        try statement.bind(Checksum.of(bytes.span, topic: id, place: place))
        try statement.bind(bytes.span)
    }

    // MARK: Reading

    func load(_ key: TopicKey) throws(DatabaseError) -> StoredTopic? {
        guard let place = try topics.find(key) else { return nil }
        let id = place.id
        var topic = StoredTopic(epoch: place.epoch)
        let checkpoint = try checkpoint(key, id)
        try readRecords(key, id, checkpoint, &topic)
        try readNames(key, id, &topic)
        try readLetters(key, id, &topic)
        return topic
    }

    private func checkpoint(
        _ key: TopicKey, _ id: Int64
    ) throws(DatabaseError) -> StoredCheckpoint? {
        try readCheckpoint.bind(id)
        guard try readCheckpoint.step() else { return nil }
        defer { readCheckpoint.reset() }
        let version = readCheckpoint.unsigned(0)
        let body = try proven(readCheckpoint, 1, id, place: version, key, "its checkpoint")
        do throws(DecodeError) {
            var reader = MessagePackReader(stored: body.span)
            let checkpoint = try reader.readCheckpoint()
            if checkpoint.document.version == version { return checkpoint }
        } catch {
            throw .damaged(key, "its checkpoint cannot be read (byte \(error.offset))")
        }
        throw .damaged(key, "its checkpoint is of another version than its row")
    }

    /// Every record follows the one before, from the checkpoint or the beginning on; for events
    /// that still count the log begins earlier.
    private func readRecords(
        _ key: TopicKey, _ id: Int64, _ checkpoint: StoredCheckpoint?, _ topic: inout StoredTopic
    ) throws(DatabaseError) {
        let version = checkpoint?.document.version ?? 0
        var events: [EventLog.Entry] = []
        var next = version + 1
        var isFirst = true
        try readLog.bind(id)
        while try readLog.step() {
            do throws(DatabaseError) {
                for record in try records(key, id) {
                    if isFirst && record.version <= version { next = record.version }
                    isFirst = false
                    guard record.version == next else {
                        throw .damaged(key, "its log has a gap at version \(next)")
                    }
                    next += 1
                    if record.version > version {
                        topic.records.append(record)
                    } else if let checkpoint, record.version >= checkpoint.firstEvent,
                        checkpoint.events > 0, case .event(let data) = record.change
                    {
                        events.append(
                            EventLog.Entry(
                                sequence: record.version, time: record.time, data: data))
                    }
                }
            } catch {
                readLog.reset()
                throw error
            }
        }
        guard next > version else {
            throw .damaged(key, "its log ends before its checkpoint")
        }
        guard let checkpoint else { return }
        guard events.count == Int(checkpoint.events) else {
            throw .damaged(
                key, "\(Int(checkpoint.events) - events.count) of its events are gone")
        }
        topic.checkpoint = checkpoint.with(events)
    }

    private func records(_ key: TopicKey, _ id: Int64) throws(DatabaseError) -> [Record] {
        let last = readLog.unsigned(0)
        let what = "its log up to version \(last)"
        let bytes = try proven(readLog, 1, id, place: last, key, what)
        do throws(DecodeError) {
            var reader = MessagePackReader(stored: bytes.span)
            let records = try reader.readRecords()
            if records.last?.version == last { return records }
        } catch {
            throw .damaged(key, "\(what) cannot be read (byte \(error.offset))")
        }
        throw .damaged(key, "\(what) ends elsewhere")
    }

    private func readNames(
        _ key: TopicKey, _ id: Int64, _ topic: inout StoredTopic
    ) throws(DatabaseError) {
        try readNames.bind(id)
        while try readNames.step() {
            do throws(DatabaseError) {
                guard let name = readNames.text(0) else {
                    throw .damaged(key, "a durable name is no text")
                }
                let what = "the durable name \(name)"
                let bytes = try proven(readNames, 1, id, place: UInt64(name.count), key, what)
                var reader = MessagePackReader(stored: bytes.span)
                guard let state = try? reader.readState(of: name) else {
                    throw .damaged(key, "\(what) cannot be read")
                }
                topic.names.append(state)
            } catch {
                readNames.reset()
                throw error
            }
        }
    }

    private func readLetters(
        _ key: TopicKey, _ id: Int64, _ topic: inout StoredTopic
    ) throws(DatabaseError) {
        try readLetters.bind(id)
        while try readLetters.step() {
            do throws(DatabaseError) {
                let bytes = try proven(readLetters, 0, id, place: 0, key, "a dead letter")
                var reader = MessagePackReader(stored: bytes.span)
                guard let letter = try? reader.readLetter() else {
                    throw .damaged(key, "a dead letter cannot be read")
                }
                topic.deadLetters.append(letter)
            } catch {
                readLetters.reset()
                throw error
            }
        }
    }

    /// The bytes of the column behind the one with their checksum.
    private func proven(
        _ statement: Statement, _ column: Int32, _ id: Int64, place: UInt64, _ key: TopicKey,
        _ what: String
    ) throws(DatabaseError) -> [UInt8] {
        let bytes = statement.bytes(column + 1)
        guard statement.unsigned(column) == Checksum.of(bytes.span, topic: id, place: place) else {
            throw .damaged(key, "\(what) is not what was written")
        }
        return bytes
    }

    // MARK: Revocations

    func add(_ revocation: Revocation, now: WallTime) throws(DatabaseError) {
        try cutRevocations.bind(now.seconds)
        try cutRevocations.run()
        try setRevocation.bind(revocation.tenant)
        try setRevocation.bind(revocation.kind.rawValue)
        try setRevocation.bind(revocation.name)
        try setRevocation.bind(revocation.at.seconds)
        try setRevocation.bind(revocation.until.seconds)
        try setRevocation.run()
    }

    func revocations() throws(DatabaseError) -> [Revocation] {
        var revocations: [Revocation] = []
        while try readRevocations.step() {
            guard let tenant = readRevocations.text(0),
                let kind = Revocation.Kind(rawValue: readRevocations.integer(1)),
                let name = readRevocations.text(2)
            else { continue }
            revocations.append(
                Revocation(
                    tenant: tenant, kind: kind, name: name,
                    at: WallTime(seconds: readRevocations.integer(3)),
                    until: WallTime(seconds: readRevocations.integer(4))))
        }
        return revocations
    }
}
