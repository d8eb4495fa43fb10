import Hub
import Wire

/// A look through a whole store, as it is at one moment, also while a node uses it.
///
/// First SQLite looks whether its pages make sense, then each topic is read and its log replayed as
/// a node would when it is asked for it.
struct StoreSurvey {
    struct Findings: Equatable {
        var version: Int64 = 0
        var topics = 0
        var records = 0
        var events = 0
        var names = 0
        var deadLetters = 0
        var revocations = 0
        var fileBytes: Int64 = 0
        var logBytes: Int64 = 0
        /// What is wrong, a line each.
        var problems: [String] = []
    }

    private let database: Database
    private var findings = Findings()

    /// Throws when it is no store, or cannot be read at all.
    init(_ path: String, vfs: String = "unix") throws(StoreError) {
        do throws(DatabaseError) {
            database = try Database(path, .read, vfs: vfs)
            // All that follows sees this moment.
            try database.run("BEGIN")
        } catch {
            throw .database(path, error)
        }
        findings.version = try StoreFile.version(of: database, .current)
        if findings.version == 0 { throw .foreign(path) }
        let known = Schema.current.version
        if findings.version < known {
            throw .older(path, found: findings.version, known: known)
        }
        findings.fileBytes = StoreFiles.size(path) ?? 0
        findings.logBytes = StoreFiles.size(path + "-wal") ?? 0
    }

    /// What stands in it, by counting.
    mutating func count() throws(StoreError) -> Findings {
        do throws(DatabaseError) {
            findings.topics = try count("topics")
            findings.names = try count("names")
            findings.deadLetters = try count("dead_letters")
            findings.revocations = try count("revocations")
        } catch {
            throw .database(database.path, error)
        }
        return findings
    }

    private func count(_ table: String) throws(DatabaseError) -> Int {
        Int(try Schema.number(database, "SELECT count(*) FROM \(table)"))
    }

    /// Everything, read and replayed.
    mutating func check() -> Findings {
        do throws(DatabaseError) {
            try checkPages()
        } catch {
            findings.problems.append("its pages: \(error.message)")
        }
        do throws(DatabaseError) {
            try checkTopics()
            findings.revocations = try count("revocations")
        } catch {
            findings.problems.append("its topics: \(error.message)")
        }
        return findings
    }

    private mutating func checkPages() throws(DatabaseError) {
        let check = try database.statement("PRAGMA integrity_check(20)")
        while try check.step() {
            let line = String(decoding: check.bytes(0), as: UTF8.self)
            if line != "ok" { findings.problems.append("its pages: \(line)") }
        }
    }

    private mutating func checkTopics() throws(DatabaseError) {
        let rows = try StoreRows(database)
        let list = try database.statement("SELECT tenant, name FROM topics ORDER BY id")
        while try list.step() {
            guard let tenant = list.text(0), let name = list.text(1) else {
                findings.problems.append("a topic's name is no text")
                continue
            }
            findings.topics += 1
            let key = TopicKey(tenant: tenant, name: name)
            do throws(DatabaseError) {
                if let topic = try rows.load(key) { replay(topic, key) }
            } catch {
                findings.problems.append(error.message)
            }
        }
        for table in ["log", "checkpoints", "names", "dead_letters"] {
            let lost = try Schema.number(
                database,
                "SELECT count(*) FROM \(table) WHERE topic NOT IN (SELECT id FROM topics)")
            if lost > 0 { findings.problems.append("\(lost) rows of \(table) belong to no topic") }
        }
    }

    /// Loading has compared sums and sequence; what replaying gives must agree with both.
    private mutating func replay(_ topic: StoredTopic, _ key: TopicKey) {
        let subject = "topic \(key.name) of tenant \(key.tenant)"
        let begin =
            topic.checkpoint?.document ?? Document.Checkpoint(version: 0, floor: 0, entries: [])
        var document = Document(begin)
        if document.checkpoint != begin {
            findings.problems.append("\(subject): its checkpoint holds what cannot be")
        }
        let isEvents = topic.checkpoint.map { !$0.events.isEmpty } ?? false
        for record in topic.records {
            switch record.change {
            case .patch(let patch): document.replay(patch)
            case .event: _ = document.advance()
            }
            if let answer = record.answer, answer.version != record.version {
                findings.problems.append(
                    "\(subject): version \(record.version) was answered as \(answer.version)")
            }
        }
        let head = topic.records.last?.version ?? begin.version
        if document.version != head {
            findings.problems.append(
                "\(subject): replaying ends at version \(document.version), not \(head)")
        }
        for name in topic.names
        where name.done > head || (name.beyond.list.last?.upperBound ?? 0) > head {
            findings.problems.append("\(subject): \(name.name) is ahead of the topic")
        }
        findings.records += topic.records.count
        findings.events += isEvents ? topic.checkpoint?.events.count ?? 0 : 0
        findings.names += topic.names.count
        findings.deadLetters += topic.deadLetters.count
    }
}
