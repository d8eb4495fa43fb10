import CSQLite

/// One SQLite connection. It belongs to one thread at a time.
///
/// A door to SQLite. Why unsafe: the connection is a pointer, and texts pass as pointers with their
/// lengths. Bound: the pointer is closed with this object and never handed out but to `Statement`,
/// which keeps this object; SQLite copies what it is given.
@safe
final class Database {
    enum Use {
        case read
        case write
        /// Made when there is none.
        case make
    }

    let path: String
    private let connection: OpaquePointer

    init(_ path: String, _ use: Use, vfs: String = "unix") throws(DatabaseError) {
        self.path = path
        let bytes = [UInt8](path.utf8)
        guard !bytes.isEmpty, !bytes.contains(0), !vfs.isEmpty else {
            throw DatabaseError(code: 14, message: "the name of the file is empty")
        }
        let way =
            switch use {
            case .read: FC_DATABASE_READ
            case .write: FC_DATABASE_WRITE
            case .make: FC_DATABASE_MAKE
            }
        let made = unsafe fc_database_open(bytes.span, [UInt8](vfs.utf8).span, way)
        guard let connection = unsafe made else {
            throw DatabaseError(code: 7, message: "out of memory")
        }
        unsafe self.connection = connection
        try check(unsafe fc_database_code(connection))
    }

    deinit { unsafe fc_database_close(connection) }

    /// Runs words that return nothing of interest.
    func run(_ sql: String) throws(DatabaseError) {
        try check(unsafe fc_database_run(connection, [UInt8](sql.utf8).span))
    }

    /// The first column of the first row.
    func text(_ sql: String) throws(DatabaseError) -> String? {
        let statement = try statement(sql)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return String(decoding: statement.bytes(0), as: UTF8.self)
    }

    func statement(_ sql: String) throws(DatabaseError) -> Statement {
        guard let made = unsafe fc_statement_new(connection, [UInt8](sql.utf8).span) else {
            throw failure
        }
        return unsafe Statement(made, of: self)
    }

    var inTransaction: Bool { unsafe fc_database_in_transaction(connection) }

    /// The id of the row that was inserted last.
    var lastID: Int64 { unsafe fc_database_last_id(connection) }

    /// How many pages the write-ahead log holds.
    var logPages: Int { Int(unsafe fc_database_log_pages(connection)) }

    func checkpoint(truncating: Bool = false) throws(DatabaseError) {
        try check(unsafe fc_database_checkpoint(connection, truncating))
    }

    /// Copies everything into another while it is in use.
    func copy(to other: Database) throws(DatabaseError) {
        let code = unsafe fc_database_copy(connection, other.connection)
        if code != 0 { throw DatabaseError(code: code, message: other.failure.message) }
    }

    func check(_ code: Int32) throws(DatabaseError) {
        if code != 0 { throw failure }
    }

    /// What went wrong last.
    var failure: DatabaseError {
        var text = [UInt8](repeating: 0, count: 512)
        var span = text.mutableSpan
        let length = Int(unsafe fc_database_message(connection, &span))
        return DatabaseError(
            code: unsafe fc_database_code(connection),
            message: String(decoding: text[..<length], as: UTF8.self))
    }
}

/// The files beside a database, through the same door.
enum StoreFiles {
    /// A lock that lives as long as this object, or the process.
    @safe
    final class Lock {
        private let descriptor: Int32

        enum Refusal: Error, Equatable {
            /// Another process has it.
            case held
            case system(Int32)
        }

        init(_ path: String) throws(Refusal) {
            let result = fc_file_lock([UInt8](path.utf8).span)
            // EWOULDBLOCK
            if result == -11 { throw .held }
            if result < 0 { throw .system(-result) }
            descriptor = result
        }

        deinit { fc_file_unlock(descriptor) }
    }

    /// Puts one file in another's place, at once and for good; the errno when it could not.
    static func replace(_ old: String, with fresh: String) -> Int32? {
        let result = fc_file_replace([UInt8](fresh.utf8).span, [UInt8](old.utf8).span)
        return result < 0 ? -result : nil
    }

    static func remove(_ path: String) { _ = fc_file_remove([UInt8](path.utf8).span) }

    /// Nil when it is not there.
    static func size(_ path: String) -> Int64? {
        let size = path.isEmpty ? -1 : fc_file_size([UInt8](path.utf8).span)
        return size < 0 ? nil : size
    }

    static func areSame(_ a: String, _ b: String) -> Bool {
        !a.isEmpty && !b.isEmpty
            && fc_file_same([UInt8](a.utf8).span, [UInt8](b.utf8).span) == 1
    }
}
