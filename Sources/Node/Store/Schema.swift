/// The tables of a store, and how a file of an older version becomes one of this.
///
/// The version stands in the file's header (`user_version`), with a mark that it is a store of
/// Fieldcast at all (`application_id`). A step takes a file from one version to the next inside one
/// transaction, so that a migration which is interrupted has not happened.
///
///     topics         each topic's number and epoch
///     log            what was applied, a row for each commit, behind the checkpoint
///     checkpoints    a topic at a version
///     names          the durable names of its readers
///     dead_letters   events that a reader would not take
///     revocations    users and tokens that count no longer
///
/// Values are MessagePack, written by Wire; `sum` beside them is a checksum of the bytes, since
/// SQLite does not notice when a disk changes what it was given. Nothing in the tables depends on
/// the number of loops.
struct Schema {
    /// "FCst".
    static let mark: Int64 = 0x4643_7374

    /// What makes version n + 1 out of version n, from the first, which makes 1 out of nothing.
    let steps: [String]

    var version: Int64 { Int64(steps.count) }

    static let current = Schema(steps: [first, second])

    /// When a topic was last published to, in seconds and to the hour; of topics of before nobody
    /// knows, and they count from the first look.
    private static let second = """
        ALTER TABLE topics ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
        UPDATE topics SET used = unixepoch();
        """

    private static let first = """
        CREATE TABLE topics (
            id INTEGER PRIMARY KEY,
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            epoch TEXT NOT NULL,
            UNIQUE (tenant, name)
        );
        CREATE TABLE log (
            topic INTEGER NOT NULL,
            last INTEGER NOT NULL,
            sum INTEGER NOT NULL,
            records BLOB NOT NULL,
            PRIMARY KEY (topic, last)
        ) WITHOUT ROWID;
        CREATE TABLE checkpoints (
            topic INTEGER PRIMARY KEY,
            version INTEGER NOT NULL,
            sum INTEGER NOT NULL,
            body BLOB NOT NULL
        );
        CREATE TABLE names (
            topic INTEGER NOT NULL,
            name TEXT NOT NULL,
            sum INTEGER NOT NULL,
            state BLOB NOT NULL,
            PRIMARY KEY (topic, name)
        ) WITHOUT ROWID;
        CREATE TABLE dead_letters (
            id INTEGER PRIMARY KEY,
            topic INTEGER NOT NULL,
            sum INTEGER NOT NULL,
            letter BLOB NOT NULL
        );
        CREATE INDEX dead_letters_of_topic ON dead_letters (topic);
        CREATE TABLE revocations (
            tenant TEXT NOT NULL,
            kind INTEGER NOT NULL,
            name TEXT NOT NULL,
            at INTEGER NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (tenant, kind, name)
        ) WITHOUT ROWID;
        """

    /// What a file is before it is used.
    enum Standing: Equatable {
        case empty
        case version(Int64)
        /// Some other program's database.
        case foreign
    }

    static func standing(of database: Database) throws(DatabaseError) -> Standing {
        let mark = try number(database, "PRAGMA application_id")
        let version = try number(database, "PRAGMA user_version")
        if mark == Schema.mark { return .version(version) }
        let tables = try number(database, "SELECT count(*) FROM sqlite_master")
        return mark == 0 && version == 0 && tables == 0 ? .empty : .foreign
    }

    /// Brings an empty file or one of an older version to this one.
    func migrate(_ database: Database, from version: Int64) throws(DatabaseError) {
        for step in Int(version)..<steps.count {
            try database.run("BEGIN IMMEDIATE")
            do throws(DatabaseError) {
                try database.run(steps[step])
                try database.run("PRAGMA application_id = \(Schema.mark)")
                try database.run("PRAGMA user_version = \(step + 1)")
                try database.run("COMMIT")
            } catch {
                if database.inTransaction { try? database.run("ROLLBACK") }
                throw error
            }
        }
    }

    static func number(_ database: Database, _ sql: String) throws(DatabaseError) -> Int64 {
        let statement = try database.statement(sql)
        guard try statement.step() else { return 0 }
        let number = statement.integer(0)
        statement.reset()
        return number
    }
}
