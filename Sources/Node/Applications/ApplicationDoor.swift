public import Hub
public import Transport
public import Wire

/// What an application may do. It belongs to the application's thread.
public final class ApplicationDoor {
    private let loop: Loop
    private let shared: NodeLoop.Shared
    private let settings: NodeSettings
    private let name: Text
    private let number: Int
    private var published: UInt64 = 0
    var tokens: Tokens
    /// The application's tables; nil where its settings name no file.
    public let tables: ApplicationTables?

    init(
        _ loop: Loop, _ settings: NodeSettings, _ shared: NodeLoop.Shared, _ name: Text,
        number: Int, _ tables: ApplicationTables?
    ) {
        self.loop = loop
        self.settings = settings
        self.shared = shared
        self.name = name
        self.number = number
        self.tables = tables
        tokens = Tokens(settings.access, shared.revocations)
    }

    /// The time of this turn.
    public var now: Instant { loop.now }

    /// Asks for `reached` at a time; replaces what was asked before.
    public func wake(at time: Instant?) { loop.wake(at: time) }

    // MARK: Topics

    /// Changes a topic, in the application's own name; `published` tells what became of it.
    @discardableResult
    public func publish(_ change: Publish.Change, to topic: TopicKey) -> UInt64 {
        published += 1
        // No desk has so high a number: what comes back is meant for applications.
        let origin = Origin(
            desk: UInt32(clamping: settings.loops + number),
            connection: SeatID(index: 0, generation: 0), id: published)
        let publication = Request.Publication(
            origin: origin, topic: topic, principal: name, instance: nil, fingerprint: 0,
            change: change, expiries: [])
        shared.post.answer(.request(.publish(publication)), to: topic.shard(of: settings.loops))
        return published
    }

    // MARK: Commands

    public func reply(to command: ApplicationCommand, _ data: Value) {
        answer(command, .reply(Reply(id: command.command.id, data: data)))
    }

    public func refuse(
        _ command: ApplicationCommand, _ code: Code, _ reason: Text, after: Interval? = nil
    ) {
        answer(
            command,
            .nack(
                Nack(
                    id: command.command.id, code: code, reason: reason,
                    after: after?.wholeMilliseconds)))
    }

    private func answer(_ command: ApplicationCommand, _ message: Message) {
        shared.post.answer(
            .application(.answer(message, command.origin)), to: Int(command.origin.desk))
    }

    // MARK: WebSockets

    public func send(_ message: [UInt8], isBinary: Bool, to socket: ApplicationSocket) {
        shared.post.answer(
            .application(.send(message, isBinary: isBinary, socket.connection)), to: socket.loop)
    }

    public func close(_ socket: ApplicationSocket, _ code: CloseCode, _ reason: String) {
        shared.post.answer(
            .application(.close(socket.connection, code, reason)), to: socket.loop)
    }

    /// Whose token it is; nil when it is not good. For routes on which it comes in a message.
    public func principal(of token: Text) -> Principal? {
        if case .accepted(let principal, _) = tokens.verdict(token, at: Process.wall) {
            return principal
        }
        return nil
    }
}

/// What an application has a loop do for it.
enum ApplicationLetter: Sendable {
    case respond(HTTPResponse, ConnectionID)
    case answer(Message, Origin)
    case send([UInt8], isBinary: Bool, ConnectionID)
    case close(ConnectionID, CloseCode, String)
}

/// What loops tell an application.
enum ApplicationNotice: Sendable {
    case command(ApplicationCommand)
    case request(ApplicationRequest)
    case opened(ApplicationSocket, ApplicationRequest)
    case received([UInt8], isBinary: Bool, ApplicationSocket)
    case closed(ApplicationSocket)
    case published(UInt64, Notice.Outcome)
    case access(AccessSettings)
    case stop
}
