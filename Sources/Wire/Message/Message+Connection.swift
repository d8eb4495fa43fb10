// Messages about the connection itself.

/// The client's first word.
public struct Open: Equatable, Sendable {
    /// The newest version of the protocol that the client speaks.
    public var version: UInt64
    public var features: [Text]
    /// Names this run of this client: with it, the ids of publishes are known again after a
    /// reconnect. Random, at least 64 bits, as text of at most 64 bytes.
    public var instance: Text?
    /// Name and version of the client's software, for the operator's eyes.
    public var agent: Text?

    public init(
        version: UInt64 = 1, features: [Text] = [], instance: Text? = nil, agent: Text? = nil
    ) {
        self.version = version
        self.features = features
        self.instance = instance
        self.agent = agent
    }

    init(_ fields: inout Fields) throws(MessageError) {
        version = try fields.integer("version")
        features = try fields.list("features") { $0.asText }
        instance = try fields.optionalText("instance")
        agent = try fields.optionalText("agent")
    }

    func put(_ list: inout FieldList) {
        list.put("version", version)
        list.put("features", list: features.map { .text($0) })
        list.put("instance", instance)
        list.put("agent", agent)
    }
}

/// What the server answers: what holds on this connection.
public struct Opened: Equatable, Sendable {
    /// The version spoken from here on: the newest that both know.
    public var version: UInt64
    /// Those of the client's features that the server has.
    public var features: [Text]
    /// Names the connection in logs and traces.
    public var connection: Text
    public var terms: Terms

    public init(version: UInt64, features: [Text], connection: Text, terms: Terms) {
        self.version = version
        self.features = features
        self.connection = connection
        self.terms = terms
    }

    init(_ fields: inout Fields) throws(MessageError) {
        version = try fields.integer("version")
        features = try fields.list("features") { $0.asText }
        connection = try fields.text("connection")
        terms = Terms(try fields.map("terms"))
    }

    func put(_ list: inout FieldList) {
        list.put("version", version)
        list.put("features", list: features.map { .text($0) })
        list.put("connection", connection)
        list.put("terms", map: terms.map)
    }
}

public struct Authenticate: Equatable, Sendable {
    public var token: Text

    public init(token: Text) { self.token = token }

    init(_ fields: inout Fields) throws(MessageError) { token = try fields.text("token") }

    func put(_ list: inout FieldList) { list.put("token", token) }
}

public struct Authenticated: Equatable, Sendable {
    public var principal: Text
    public var tenant: Text
    /// Milliseconds for which the token still holds; refresh before they are over.
    public var expires: UInt64?

    public init(principal: Text, tenant: Text, expires: UInt64?) {
        self.principal = principal
        self.tenant = tenant
        self.expires = expires
    }

    init(_ fields: inout Fields) throws(MessageError) {
        principal = try fields.text("principal")
        tenant = try fields.text("tenant")
        expires = try fields.optionalInteger("expires")
    }

    func put(_ list: inout FieldList) {
        list.put("principal", principal)
        list.put("tenant", tenant)
        list.put("expires", expires)
    }
}

/// How much the client has received: the bytes of all messages so far on this connection.
public struct Seen: Equatable, Sendable {
    public var position: UInt64

    public init(position: UInt64) { self.position = position }

    init(_ fields: inout Fields) throws(MessageError) { position = try fields.integer("position") }

    func put(_ list: inout FieldList) { list.put("position", position) }
}

public struct Ping: Equatable, Sendable {
    public var nonce: UInt64

    public init(nonce: UInt64) { self.nonce = nonce }

    init(_ fields: inout Fields) throws(MessageError) { nonce = try fields.integer("nonce") }

    func put(_ list: inout FieldList) { list.put("nonce", nonce) }
}

public struct Pong: Equatable, Sendable {
    public var nonce: UInt64
    /// A client's pong says what `seen` says; a server's has none.
    public var position: UInt64?

    public init(nonce: UInt64, position: UInt64? = nil) {
        self.nonce = nonce
        self.position = position
    }

    init(_ fields: inout Fields) throws(MessageError) {
        nonce = try fields.integer("nonce")
        position = try fields.optionalInteger("position")
    }

    func put(_ list: inout FieldList) {
        list.put("nonce", nonce)
        list.put("position", position)
    }
}

/// Something the peer said could not be taken. Never the answer to an error.
public struct Problem: Equatable, Sendable {
    public var code: Code
    public var reason: Text
    /// The id of what it answers, where that had one.
    public var id: UInt64?

    public init(code: Code, reason: Text, id: UInt64? = nil) {
        self.code = code
        self.reason = reason
        self.id = id
    }

    init(_ fields: inout Fields) throws(MessageError) {
        code = Code(rawValue: try fields.integer("code"))
        reason = try fields.optionalText("reason") ?? Text()
        id = try fields.optionalInteger("id")
    }

    func put(_ list: inout FieldList) {
        list.put("code", code.rawValue)
        list.put("reason", reason)
        list.put("id", id)
    }
}

/// The server will go: finish, and come back after a random wait within the window.
public struct Drain: Equatable, Sendable {
    /// Milliseconds until the server closes the connection.
    public var after: UInt64
    /// Milliseconds over which clients spread their return.
    public var window: UInt64

    public init(after: UInt64, window: UInt64) {
        self.after = after
        self.window = window
    }

    init(_ fields: inout Fields) throws(MessageError) {
        after = try fields.integer("after")
        window = try fields.integer("window")
    }

    func put(_ list: inout FieldList) {
        list.put("after", after)
        list.put("window", window)
    }
}

/// The last word before the transport's own close, where the transport has no code.
public struct Close: Equatable, Sendable {
    public var code: Code
    public var reason: Text
    /// Milliseconds to wait before coming back, where that is known better than by back-off.
    public var after: UInt64?

    public init(code: Code, reason: Text, after: UInt64? = nil) {
        self.code = code
        self.reason = reason
        self.after = after
    }

    init(_ fields: inout Fields) throws(MessageError) {
        code = Code(rawValue: try fields.integer("code"))
        reason = try fields.optionalText("reason") ?? Text()
        after = try fields.optionalInteger("after")
    }

    func put(_ list: inout FieldList) {
        list.put("code", code.rawValue)
        list.put("reason", reason)
        list.put("after", after)
    }
}
