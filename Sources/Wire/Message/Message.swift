/// Everything that a client and a server say to each other.
///
/// `spec/messages.md` has the purpose and fields of each. A message reads and writes itself as a
/// list of named fields (see `Fields`), which JSON carries by name and MessagePack by position, so
/// the two encodings cannot drift apart.
public enum Message: Equatable, Sendable {
    case open(Open)
    case opened(Opened)
    case authenticate(Authenticate)
    case authenticated(Authenticated)
    case refresh(Authenticate)
    case subscribe(Subscribe)
    case subscribed(Subscribed)
    case unsubscribe(Unsubscribe)
    case unsubscribed(Unsubscribed)
    case snapshot(Snapshot)
    case diff(Diff)
    case event(Event)
    case signal(Signal)
    case publish(Publish)
    case command(Command)
    case reply(Reply)
    case ack(Ack)
    case nack(Nack)
    case seen(Seen)
    case ping(Ping)
    case pong(Pong)
    case presence(Presence)
    case hash(HashReport)
    case lag(Lag)
    case credit(Credit)
    case will(Will)
    case history(History)
    case page(Page)
    case error(Problem)
    case drain(Drain)
    case close(Close)

    /// The code in MessagePack and, by name, the type in JSON. Codes are never given twice.
    public enum Kind: UInt8, CaseIterable, Sendable {
        case open = 1
        case opened = 2
        case authenticate = 3
        case authenticated = 4
        case refresh = 5
        case subscribe = 6
        case subscribed = 7
        case unsubscribe = 8
        case unsubscribed = 9
        case snapshot = 10
        case diff = 11
        case event = 12
        case signal = 13
        case publish = 14
        case command = 15
        case reply = 16
        case ack = 17
        case nack = 18
        case seen = 19
        case ping = 20
        case pong = 21
        case presence = 22
        case hash = 23
        case lag = 24
        case credit = 25
        case will = 26
        case history = 27
        case page = 28
        case error = 29
        case drain = 30
        case close = 31

        public var name: Text {
            switch self {
            case .open: "open"
            case .opened: "opened"
            case .authenticate: "authenticate"
            case .authenticated: "authenticated"
            case .refresh: "refresh"
            case .subscribe: "subscribe"
            case .subscribed: "subscribed"
            case .unsubscribe: "unsubscribe"
            case .unsubscribed: "unsubscribed"
            case .snapshot: "snapshot"
            case .diff: "diff"
            case .event: "event"
            case .signal: "signal"
            case .publish: "publish"
            case .command: "command"
            case .reply: "reply"
            case .ack: "ack"
            case .nack: "nack"
            case .seen: "seen"
            case .ping: "ping"
            case .pong: "pong"
            case .presence: "presence"
            case .hash: "hash"
            case .lag: "lag"
            case .credit: "credit"
            case .will: "will"
            case .history: "history"
            case .page: "page"
            case .error: "error"
            case .drain: "drain"
            case .close: "close"
            }
        }

        init?(name: Text) {
            guard let kind = Kind.allCases.first(where: { $0.name == name }) else { return nil }
            self = kind
        }
    }

    public var kind: Kind {
        switch self {
        case .open: .open
        case .opened: .opened
        case .authenticate: .authenticate
        case .authenticated: .authenticated
        case .refresh: .refresh
        case .subscribe: .subscribe
        case .subscribed: .subscribed
        case .unsubscribe: .unsubscribe
        case .unsubscribed: .unsubscribed
        case .snapshot: .snapshot
        case .diff: .diff
        case .event: .event
        case .signal: .signal
        case .publish: .publish
        case .command: .command
        case .reply: .reply
        case .ack: .ack
        case .nack: .nack
        case .seen: .seen
        case .ping: .ping
        case .pong: .pong
        case .presence: .presence
        case .hash: .hash
        case .lag: .lag
        case .credit: .credit
        case .will: .will
        case .history: .history
        case .page: .page
        case .error: .error
        case .drain: .drain
        case .close: .close
        }
    }
}

/// Which of the two encodings a connection speaks; chosen by WebSocket subprotocol.
public enum Encoding: UInt8, CaseIterable, Hashable, Sendable {
    case json
    case messagePack

    public var subprotocol: Text {
        switch self {
        case .json: "fieldcast.v1.json"
        case .messagePack: "fieldcast.v1.msgpack"
        }
    }

    public init?(subprotocol: Text) {
        guard let found = Encoding.allCases.first(where: { $0.subprotocol == subprotocol }) else {
            return nil
        }
        self = found
    }
}

/// Why bytes are not a message.
public enum MessageError: Error, Equatable, Sendable {
    /// The bytes are not of the encoding at all.
    case malformed(DecodeError)
    /// Well formed, but of a type that this version does not know: its name or its code.
    case unknown(Text)
    /// A field is missing, of the wrong kind or out of range.
    case field(Text)
}
