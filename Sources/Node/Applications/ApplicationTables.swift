import Hub
public import Wire

/// An application's own tables, in a SQLite file of its own, as safe as the topics are. What
/// happens in `transaction` happens whole or not at all, and a command's effect is remembered in
/// the same transaction, so that the command given again is done once.
public final class ApplicationTables {
    private let database: Database
    private let findAnswer: Statement
    private let keepAnswer: Statement

    public struct Failure: Error, Equatable {
        public let text: String
    }

    init(_ path: String) throws(DatabaseError) {
        database = try Database(path, .make)
        try database.run("PRAGMA journal_mode = WAL")
        try database.run("PRAGMA synchronous = FULL")
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS done_commands (
                principal TEXT NOT NULL, instance TEXT NOT NULL, id INTEGER NOT NULL,
                reply BLOB NOT NULL, PRIMARY KEY (principal, instance, id)
            ) WITHOUT ROWID
            """)
        findAnswer = try database.statement(
            "SELECT reply FROM done_commands WHERE principal = ? AND instance = ? AND id = ?")
        keepAnswer = try database.statement("INSERT INTO done_commands VALUES (?, ?, ?, ?)")
    }

    /// Runs a statement with values for its question marks, and gives the rows that come back.
    @discardableResult
    public func run(_ sql: String, _ values: Value...) throws -> [[Value]] {
        let statement = try database.statement(sql)
        for value in values {
            switch value {
            case .text(let text): try statement.bind(text)
            case .number(let number):
                guard let integer = number.int64 else {
                    throw Failure(text: "tables keep whole numbers, texts and bytes")
                }
                try statement.bind(integer)
            case .bytes(let bytes): try statement.bind(bytes.span)
            default: throw Failure(text: "tables keep whole numbers, texts and bytes")
            }
        }
        var rows: [[Value]] = []
        while try statement.step() { rows.append(statement.row) }
        return rows
    }

    /// All of it or nothing: an error takes back what was done.
    public func transaction<T>(_ body: () throws -> T) throws -> T {
        try database.run("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try database.run("COMMIT")
            return result
        } catch {
            try? database.run("ROLLBACK")
            throw error
        }
    }

    /// Does what a command asks once: given again under its id, it gets the first reply again.
    public func once(_ command: ApplicationCommand, _ body: () throws -> Value) throws -> Value {
        try transaction {
            guard let instance = command.instance else { return try body() }
            let principal = Text("\(command.principal.tenant)/\(command.principal.name)")
            try findAnswer.bind(principal)
            try findAnswer.bind(instance)
            try findAnswer.bind(command.command.id)
            if try findAnswer.step() {
                let bytes = findAnswer.bytes(0)
                findAnswer.reset()
                return try Value(messagePack: bytes.span)
            }
            findAnswer.reset()
            let reply = try body()
            var writer = Writer()
            writer.pack(reply)
            try keepAnswer.bind(principal)
            try keepAnswer.bind(instance)
            try keepAnswer.bind(command.command.id)
            let bytes = writer.bytes()
            try keepAnswer.bind(bytes.span)
            try keepAnswer.run()
            return reply
        }
    }
}
