import Hub
import Wire

/// A store's file: its topics read, commits written, several in one transaction. Belongs to one
/// thread; `Store` gives it one.
///
/// `synchronous=FULL` over a write-ahead log: a commit is one write to the end of the log and one
/// sync, and when it returns it survives the loss of power. Now and then the log's pages move into
/// the file (`settle`), a bounded number at a time.
final class StoreFile {
    struct Options: Sendable {
        /// Through which layer SQLite reaches the file; tests have one that loses what was not
        /// synced.
        var vfs = "unix"
        /// The file may not grow beyond so many pages; tests make it full by this.
        var pageLimit: Int?
        var schema = Schema.current
        /// When the write-ahead log holds so many pages, they are moved into the file.
        var logPages = 2_000
    }

    let path: String
    let options: Options
    let database: Database
    private let lock: StoreFiles.Lock
    private let rows: StoreRows
    private var settledAt = 0

    /// Opens the file for this process alone; it is made when there is none, and brought to this
    /// version when it is of an older one.
    init(_ path: String, _ options: Options = Options()) throws(StoreError) {
        self.path = path
        self.options = options
        do throws(StoreFiles.Lock.Refusal) {
            lock = try StoreFiles.Lock(path + ".lock")
        } catch {
            switch error {
            case .held: throw .held(path)
            case .system(let errno): throw .unreachable(path, errno)
            }
        }
        do throws(DatabaseError) {
            database = try Database(path, .make, vfs: options.vfs)
        } catch {
            throw .database(path, error)
        }
        let version = try StoreFile.version(of: database, options.schema)
        do throws(DatabaseError) {
            try StoreFile.prepare(database, options)
            try options.schema.migrate(database, from: version)
            rows = try StoreRows(database)
        } catch {
            throw .database(path, error)
        }
    }

    /// The version of the file as it is, of which nothing has been changed yet; 0 for an empty one.
    static func version(
        of database: Database, _ schema: Schema
    ) throws(StoreError) -> Int64 {
        let standing: Schema.Standing
        do throws(DatabaseError) {
            standing = try Schema.standing(of: database)
        } catch {
            throw .database(database.path, error)
        }
        switch standing {
        case .empty: return 0
        case .foreign: throw .foreign(database.path)
        case .version(let version):
            if version > schema.version {
                throw .newer(database.path, found: version, known: schema.version)
            }
            return version
        }
    }

    private static func prepare(
        _ database: Database, _ options: Options
    ) throws(DatabaseError) {
        guard try database.text("PRAGMA journal_mode=WAL") == "wal" else {
            throw DatabaseError(code: 14, message: "its file system cannot share memory")
        }
        try database.run("PRAGMA synchronous=FULL")
        try database.run("PRAGMA journal_size_limit=67108864")
        try database.run("PRAGMA cache_size=-16000")
        try database.run("PRAGMA temp_store=MEMORY")
        // What is cut off is overwritten soon enough; zeroing it first would double the writes.
        try database.run("PRAGMA secure_delete=OFF")
        // Looks at what it reads of a page before it believes it.
        try database.run("PRAGMA cell_size_check=ON")
        if let limit = options.pageLimit { try database.run("PRAGMA max_page_count=\(limit)") }
    }

    // MARK: Reading

    /// Nil when the topic was never stored. A damaged one throws, and no other is touched by that.
    func load(_ key: TopicKey) throws(DatabaseError) -> StoredTopic? { try rows.load(key) }

    func list(after number: Int64) throws(DatabaseError) -> TopicList {
        try rows.list(after: number, limit: 256)
    }

    // MARK: Writing

    /// Commits all of them together; what became of each, in their order, nil for success. One that
    /// cannot be written is taken back alone.
    func commit(_ commits: [Commit]) -> [DatabaseError?] {
        do throws(DatabaseError) {
            return try commitTogether(commits)
        } catch {
            if commits.count == 1 { return [error] }
        }
        // The transaction itself failed: each gets one of its own, so that a small one may still
        // find room where a large one found none.
        var outcomes: [DatabaseError?] = []
        var failures = 0
        for commit in commits {
            if failures >= StoreFile.triesWhenFailing, let last = outcomes.last ?? nil {
                outcomes.append(last)
                continue
            }
            do throws(DatabaseError) {
                outcomes += try commitTogether([commit])
                failures = 0
            } catch {
                outcomes.append(error)
                failures += 1
            }
        }
        return outcomes
    }

    /// After so many failures in a row the rest of a group is not tried.
    private static let triesWhenFailing = 4

    private func commitTogether(_ commits: [Commit]) throws(DatabaseError) -> [DatabaseError?] {
        do throws(DatabaseError) {
            try database.run("BEGIN IMMEDIATE")
            let isAlone = commits.count == 1
            var outcomes: [DatabaseError?] = []
            for commit in commits {
                if isAlone {
                    try rows.write(commit)
                    outcomes.append(nil)
                } else {
                    outcomes.append(try writeApart(commit))
                }
            }
            try database.run("COMMIT")
            return outcomes
        } catch {
            if database.inTransaction { try? database.run("ROLLBACK") }
            rows.forgetPlaces()
            throw error
        }
    }

    /// One commit of a group, taken back by itself when it fails. Throws where the failure ended
    /// the transaction of all.
    private func writeApart(_ commit: Commit) throws(DatabaseError) -> DatabaseError? {
        try database.run("SAVEPOINT one")
        do throws(DatabaseError) {
            try rows.write(commit)
            try database.run("RELEASE one")
            return nil
        } catch {
            guard database.inTransaction else { throw error }
            try database.run("ROLLBACK TO one")
            try database.run("RELEASE one")
            rows.forgetPlaces()
            return error
        }
    }

    /// Moves the write-ahead log into the file when it has grown enough; true when it did. Others
    /// who read an old state of the file, a backup say, may keep it from getting shorter; then it
    /// is tried again when it has grown as much once more.
    func settle() throws(DatabaseError) -> Bool {
        let pages = database.logPages
        if pages < settledAt { settledAt = 0 }
        guard pages >= settledAt + options.logPages else { return false }
        settledAt = pages
        try database.checkpoint()
        return true
    }

    // MARK: Revocations

    func revocations() throws(DatabaseError) -> [Revocation] { try rows.revocations() }

    /// Writes it, and forgets those whose time is over.
    func add(_ revocation: Revocation, now: WallTime) throws(DatabaseError) {
        try rows.add(revocation, now: now)
    }
}

/// Why a store was not opened.
public enum StoreError: Error, Equatable, Sendable {
    /// Another node has it.
    case held(String)
    case unreachable(String, Int32)
    case newer(String, found: Int64, known: Int64)
    /// A start brings it to this version; looking at it does not.
    case older(String, found: Int64, known: Int64)
    case foreign(String)
    case failed(String, String)

    static func database(_ path: String, _ error: DatabaseError) -> StoreError {
        .failed(path, error.text)
    }

    /// What is wrong, and what to do about it.
    public var text: String {
        switch self {
        case .held(let path):
            "\(path) is in use by another node; end that one, or give another file"
        case .unreachable(let path, let errno):
            "\(path) cannot be locked (errno \(errno)); see that its folder exists and that this "
                + "user may write there"
        case .newer(let path, let found, let known):
            "\(path) was written by a newer fieldcast-node (its version is \(found), this program "
                + "knows \(known)); run that one, or restore a backup of before"
        case .older(let path, let found, let known):
            "\(path) was written by an older fieldcast-node (its version is \(found), this program "
                + "knows \(known)); a start of the node brings it to this version"
        case .foreign(let path):
            "\(path) is a database of another program; give another file"
        case .failed(let path, let text): "\(path): \(text)"
        }
    }
}
