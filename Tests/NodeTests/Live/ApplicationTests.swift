import Hub
import Testing
import Wire

@testable import Node
@testable import Transport

/// A support desk in fifty lines: it owns a table of tickets, takes the command `desk/close`,
/// serves `/desk/count`, echoes a language of its own on `/desk/talk`, and shows what it knows on
/// the topic `r/desk`.
final class TinyDesk: Application {
    let door: ApplicationDoor
    let topic = TopicKey(tenant: "t", name: "r/desk")

    init(_ door: ApplicationDoor) throws {
        self.door = door
        try door.tables?.run(
            "CREATE TABLE IF NOT EXISTS tickets (id INTEGER PRIMARY KEY, who TEXT)")
        try show()
    }

    func take(_ command: ApplicationCommand) {
        do {
            let reply = try door.tables?.once(command) {
                try door.tables?.run(
                    "INSERT INTO tickets (who) VALUES (?)", .text(command.principal.name))
                return try count()
            }
            door.reply(to: command, reply ?? .null)
            try show()
        } catch {
            door.refuse(command, .storeFailed, "the ticket could not be kept")
        }
    }

    func take(_ request: ApplicationRequest) {
        guard request.principal != nil, let count = try? count() else {
            return request.answer(HTTPResponse(.unauthorized))
        }
        request.answer(HTTPResponse(.ok, text: "\(count)"))
    }

    func received(_ message: [UInt8], isBinary: Bool, on socket: ApplicationSocket) {
        door.send(Array(message.reversed()), isBinary: isBinary, to: socket)
    }

    private func count() throws -> Value {
        try door.tables?.run("SELECT count(*) FROM tickets").first?.first ?? 0
    }

    private func show() throws {
        door.publish(.patch(Patch(set: ["closed": try count()])), to: topic)
    }
}

/// The door for applications, on real sockets.
@Suite("An application beside the hub", .serialized) struct ApplicationTests {
    static let ada = Principal(
        name: "ada", tenant: "t", grants: RequestTests.ada.grants,
        commands: [TopicPattern("desk/*")])

    private func stage(_ file: String?, loops: Int = 2) throws -> Caller {
        var settings = RequestTests.settings(loops: loops)
        settings.applications = [
            ApplicationSettings(
                name: "desk", commands: [TopicPattern("desk/*")], path: "/desk", tables: file
            ) { try TinyDesk($0) }
        ]
        return try Caller(settings)
    }

    private func close(_ caller: Caller, key: String, as principal: Principal) -> Caller.Answer {
        caller.call(
            .post, "/v1/command", as: principal, [("idempotency-key", key)],
            body: [UInt8]("{\"name\":\"desk/close\"}".utf8))
    }

    @Test("Its commands are done once, its patches travel like everybody's, its tables stay")
    func commands() throws {
        let folder = try StoreFolder()
        let file = folder.file("desk.tables")
        do {
            let caller = try stage(file)
            defer { caller.end() }
            let stream = caller.begin(.get, "/v1/streams/r/desk", as: ApplicationTests.ada)
            #expect(close(caller, key: "a", as: ApplicationTests.ada).text.contains("\"data\":1"))
            #expect(close(caller, key: "a", as: ApplicationTests.ada).text.contains("\"data\":1"))
            #expect(close(caller, key: "b", as: ApplicationTests.ada).text.contains("\"data\":2"))
            caller.wait("the count on the topic") { stream.text.contains("\"closed\":2") }
            let count = caller.call(.get, "/desk/count", as: ApplicationTests.ada)
            #expect(count.status == 200 && count.text.contains("2"))
        }
        // After a restart a command that was done is known again, with its first answer.
        let caller = try stage(file, loops: 1)
        defer { caller.end() }
        #expect(close(caller, key: "a", as: ApplicationTests.ada).text.contains("\"data\":1"))
        #expect(close(caller, key: "c", as: ApplicationTests.ada).text.contains("\"data\":3"))
    }

    @Test("Nobody gives a command without the right, or learns whether there is one")
    func rights() throws {
        let folder = try StoreFolder()
        let caller = try stage(folder.file("desk.tables"))
        defer { caller.end() }
        let refused = close(caller, key: "a", as: RequestTests.ada)
        let unknown = caller.call(
            .post, "/v1/command", as: ApplicationTests.ada,
            body: [UInt8]("{\"name\":\"other/x\"}".utf8))
        #expect(refused.status == 403 && unknown.status == 403)
        #expect(caller.call(.get, "/desk/count").status == 401)
    }

    @Test("Its WebSockets speak its own language", arguments: [1, 2])
    func socket(loops: Int) throws {
        let folder = try StoreFolder()
        let caller = try stage(folder.file("desk.tables"), loops: loops)
        defer { caller.end() }
        let talk = try caller.talk("/desk/talk")
        caller.wait("the opening") { talk.isOpen }
        caller.say("abc", on: talk)
        caller.wait("the echo") { talk.heard == ["cba"] }
    }

    @Test("One that cannot begin refuses, and the node goes on without it")
    func broken() throws {
        let caller = try stage("/no/such/folder/desk.tables")
        defer { caller.end() }
        #expect(close(caller, key: "a", as: ApplicationTests.ada).status == 503)
        #expect(caller.call(.get, "/desk/count", as: ApplicationTests.ada).status == 503)
        let published = caller.post(
            "/v1/publish", as: ApplicationTests.ada, ["topic": "r/1", "set": ["n": 1]])
        #expect(published.status == 200)
    }
}
