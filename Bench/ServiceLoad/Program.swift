import Transport
import Wire

/// The clients of the service rows. `FILE` is a document in JSON; each topic holds it with a number
/// of its own.
///
///     service-load fill PORT TOKEN TOPICS FILE           publishes all of them; prints "filled"
///     service-load first PORT TOKEN TOPICS FILE          prints from when any comes soon
///     service-load crowd PORT TOKEN TOPICS FILE CONNECTIONS OPERATORS-PORT RUNS
@main
enum Program {
    static func main() throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count >= 5, let port = UInt16(words[2]), let topics = Int(words[4]),
            words.count == (words[1] == "crowd" ? 8 : 5)
        else { fail("fill, first or crowd, PORT TOKEN TOPICS FILE; see the program's head") }
        let desk = try DeskTopics(
            .loopback(port: port), token: Text(words[3]), count: topics, file: words[5])
        switch words[1] {
        case "fill": try TopicFiller(desk).run()
        case "first": try FirstSnapshot(desk).run()
        default:
            guard let connections = Int(words[6]), let operators = UInt16(words[7]),
                let runs = Int(words[8])
            else { fail("crowd wants CONNECTIONS OPERATORS-PORT RUNS") }
            try Crowd(desk, connections, operators: .loopback(port: operators), runs).run()
        }
    }

    static func fail(_ what: String) -> Never {
        Process.write("service-load: \(what)\n", to: .error)
        Process.exit(1)
    }
}

/// The topics that all of them speak of, and how to reach them.
struct DeskTopics {
    let address: SocketAddress
    let token: Text
    let count: Int
    private let document: Map
    /// The field that tells one topic's document from another's.
    private static let field: Text = "chatsToday"

    init(_ address: SocketAddress, token: Text, count: Int, file: String) throws {
        self.address = address
        self.token = token
        self.count = count
        let bytes = try Process.read(file)
        guard case .map(let map) = try Value(json: bytes.span) else {
            Program.fail("\(file) has no document")
        }
        document = map
    }

    func name(_ number: Int) -> Text { Text("desk/\(number)") }

    func document(_ number: Int) -> Map {
        var map = document
        map[DeskTopics.field] = .integer(Int64(number))
        return map
    }

    var wish: WebSocketWish {
        WebSocketWish(
            host: address.description, target: "/v1/ws",
            subprotocols: [Encoding.messagePack.subprotocol.string])
    }

    func session(_ instance: Int) -> ClientSession {
        ClientSession(
            ClientSession.Settings(
                encoding: .messagePack, token: token, instance: Text("service-\(instance)")))
    }
}
