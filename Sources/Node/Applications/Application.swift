public import Hub
public import Transport
public import Wire

/// A module that stands beside the hub: it owns tables, takes commands, serves routes under a path
/// of its own over HTTP and WebSockets, and changes topics through patches like everybody else.
///
/// It lives on one thread of its own, on which all of its functions are called, one after another;
/// what it says, it says through its `ApplicationDoor`. See ARCHITECTURE.md, and
/// Tests/NodeTests/Live/ApplicationTests.swift for one in fifty lines.
public protocol Application: AnyObject {
    /// Somebody who may give it gave a command. Answer with `reply` or `refuse`, now or later.
    func take(_ command: ApplicationCommand)

    /// A request under its path. Answer with `respond`, now or later.
    func take(_ request: ApplicationRequest)

    /// A WebSocket under its path: its opening, its messages, and its end.
    func opened(_ socket: ApplicationSocket, _ request: ApplicationRequest)
    func received(_ message: [UInt8], isBinary: Bool, on socket: ApplicationSocket)
    func closed(_ socket: ApplicationSocket)

    /// What became of a patch of its own, by the number that `publish` gave.
    func published(_ number: UInt64, _ outcome: Notice.Outcome)

    /// The time given to `ApplicationDoor.wake(at:)` has come.
    func reached(_ now: Instant)
}

extension Application {
    public func take(_ request: ApplicationRequest) { request.answer(HTTPResponse(.notFound)) }
    public func opened(_ socket: ApplicationSocket, _ request: ApplicationRequest) {}
    public func received(_ message: [UInt8], isBinary: Bool, on socket: ApplicationSocket) {}
    public func closed(_ socket: ApplicationSocket) {}
    public func published(_ number: UInt64, _ outcome: Notice.Outcome) {}
    public func reached(_ now: Instant) {}
}

/// An application and what it stands for in a node.
public struct ApplicationSettings: Sendable {
    public var name: Text
    /// The commands that are its own, by pattern.
    public var commands: [TopicPattern]
    /// The path beneath which its routes are, as `/desk`; nil for none.
    public var path: String?
    /// The WebSocket subprotocols that it speaks; empty for any offer or none.
    public var subprotocols: [String]
    /// The file of its tables; nil for none.
    public var tables: String?
    /// Makes it, on its thread.
    public var make: @Sendable (ApplicationDoor) throws -> any Application

    public init(
        name: Text, commands: [TopicPattern] = [], path: String? = nil,
        subprotocols: [String] = [], tables: String? = nil,
        make: @escaping @Sendable (ApplicationDoor) throws -> any Application
    ) {
        self.name = name
        self.commands = commands
        self.path = path
        self.subprotocols = subprotocols
        self.tables = tables
        self.make = make
    }
}

/// A command, and who gave it.
public struct ApplicationCommand: Sendable {
    public let command: Command
    public let principal: Principal
    /// With the command's id, what makes a repeat harmless; nil when the client gave none.
    public let instance: Text?
    let origin: Origin
}

/// A request under the application's path, and who asks; nil where no token came along or it was
/// not good.
public struct ApplicationRequest: Sendable {
    public let request: HTTPRequest
    public let principal: Principal?
    let loop: Int
    let connection: ConnectionID
    let post: Post

    /// Answers it. A second answer is nobody's.
    public func answer(_ response: HTTPResponse) {
        post.answer(.application(.respond(response, connection)), to: loop)
    }
}

/// A WebSocket under the application's path.
public struct ApplicationSocket: Hashable, Sendable {
    let loop: Int
    let connection: ConnectionID
}
