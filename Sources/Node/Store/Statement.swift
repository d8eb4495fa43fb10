import CSQLite
import Wire

/// A prepared statement: bound, stepped through, and used again.
///
/// A door to SQLite. Why unsafe: it is a pointer, and so are the columns' bytes. Bound: it is freed
/// with this object, before its connection, and a column is copied before the next step.
@safe
final class Statement {
    private let pointer: OpaquePointer
    private let database: Database
    private var place: Int32 = 0

    init(_ pointer: OpaquePointer, of database: Database) {
        unsafe self.pointer = pointer
        self.database = database
    }

    deinit { unsafe fc_statement_free(pointer) }

    // MARK: Parameters, in their order

    func bind(_ value: Int64) throws(DatabaseError) {
        place += 1
        try check(unsafe fc_statement_bind_integer(pointer, place, value))
    }

    /// Versions and sequences stay below 2^53; sums may have any bits.
    func bind(_ value: UInt64) throws(DatabaseError) { try bind(Int64(bitPattern: value)) }

    func bind(_ text: Text) throws(DatabaseError) {
        place += 1
        let bytes = text.utf8
        let code =
            bytes.isEmpty
            ? unsafe fc_statement_bind_empty_text(pointer, place)
            : unsafe fc_statement_bind_text(pointer, place, bytes.span)
        try check(code)
    }

    /// Bytes that are not empty, as nothing encoded ever is.
    func bind(_ bytes: Span<UInt8>) throws(DatabaseError) {
        place += 1
        precondition(!bytes.isEmpty)
        try check(unsafe fc_statement_bind_bytes(pointer, place, bytes))
    }

    private func check(_ code: Int32) throws(DatabaseError) {
        if code == 0 { return }
        let failure = database.failure
        reset()
        throw failure
    }

    // MARK: Steps

    /// Goes on to the next row; false when there is none, and then it is ready for the next use.
    func step() throws(DatabaseError) -> Bool {
        let code = unsafe fc_statement_step(pointer)
        if code == FC_ROW { return true }
        let failure = code == FC_DONE ? nil : database.failure
        reset()
        if let failure { throw failure }
        return false
    }

    /// For statements that give no rows.
    func run() throws(DatabaseError) {
        if try step() { reset() }
    }

    func reset() {
        place = 0
        unsafe fc_statement_reset(pointer)
    }

    // MARK: Columns of the row

    func integer(_ column: Int32) -> Int64 { unsafe fc_statement_integer(pointer, column) }

    func unsigned(_ column: Int32) -> UInt64 { UInt64(bitPattern: integer(column)) }

    /// The row as values: whole numbers, texts, bytes, or null.
    var row: [Value] {
        var row: [Value] = []
        for column in 0..<(unsafe fc_statement_columns(pointer)) {
            switch unsafe fc_statement_kind(pointer, column) {
            case 1: row.append(.integer(integer(column)))
            case 3: row.append(text(column).map { .text($0) } ?? .null)
            case 4: row.append(.bytes(bytes(column)))
            default: row.append(.null)
            }
        }
        return row
    }

    func bytes(_ column: Int32) -> [UInt8] {
        let length = Int(unsafe fc_statement_length(pointer, column))
        if length == 0 { return [] }
        var bytes = [UInt8](repeating: 0, count: length)
        var span = bytes.mutableSpan
        _ = unsafe fc_statement_bytes(pointer, column, &span)
        return bytes
    }

    /// Nil for what is not valid UTF-8.
    func text(_ column: Int32) -> Text? { Text(utf8: bytes(column).span) }
}
