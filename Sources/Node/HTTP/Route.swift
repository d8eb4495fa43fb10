import Hub
import Transport
import Wire

/// What a request over HTTP asks for (spec/transports.md), read from its line and its fields alone.
enum Route: Equatable {
    case webSocket
    case health
    /// The messages that a subscription begins with, or the next of one that went on before.
    case read(Subscribe, wait: Interval, known: Cursor?)
    /// The document as it is.
    case document(Subscribe, known: Cursor?)
    case stream(Subscribe)
    case history(History)
    case post(PostKind)
    case preflight

    enum PostKind: String, CaseIterable {
        case publish, command, signal, presence, ack, nack, ticket
    }

    /// Whether the request stays, as a connection does.
    var lasts: Bool {
        switch self {
        case .read(_, let wait, _): wait.nanoseconds > 0
        case .stream: true
        default: false
        }
    }

    /// What is answered to a request that cannot be routed.
    struct Refusal: Error, Equatable {
        let status: HTTPStatus
        let code: Code
        let reason: Text
        var allow: String?
    }

    /// The longest time that a request may wait for news.
    static let longestWait = Interval.seconds(60)

    init(_ request: HTTPRequest) throws(Refusal) {
        let segments = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 2, segments[0].isEmpty else { throw Route.unknown }
        if segments.count == 2, segments[1] == "health" {
            try Route.expect(request, .get)
            self = .health
            return
        }
        guard segments[1] == "v1", segments.count >= 3 else { throw Route.unknown }
        let verb = String(segments[2])
        if request.method == .options, request.fields.first("access-control-request-method") != nil
        {
            self = .preflight
            return
        }
        if segments.count == 3 {
            if verb == "ws" {
                try Route.expect(request, .get)
                self = .webSocket
            } else if let kind = PostKind(rawValue: verb) {
                try Route.expect(request, .post)
                self = .post(kind)
            } else {
                throw Route.unknown
            }
            return
        }
        guard ["topics", "documents", "streams", "history"].contains(verb) else {
            throw Route.unknown
        }
        try Route.expect(request, .get)
        let topic = try Route.topic(segments[3...])
        switch verb {
        case "topics":
            self = .read(
                try Route.subscribe(request, topic), wait: try Route.wait(request),
                known: try Route.known(request))
        case "documents":
            self = .document(try Route.subscribe(request, topic), known: try Route.known(request))
        case "streams":
            var subscribe = try Route.subscribe(request, topic)
            // A browser that reconnects by itself says where it was in its own way.
            if let last = request.fields.first("last-event-id") {
                guard let cursor = Cursor(plain: last) else {
                    throw Route.bad("Last-Event-ID is no cursor of this server")
                }
                subscribe.cursor = cursor
            }
            self = .stream(subscribe)
        default:
            self = .history(
                History(
                    id: 1, topic: topic, limit: try Route.number(request, "limit") ?? 100,
                    start: try Route.start(request)))
        }
    }

    private static let unknown = Refusal(
        status: .notFound, code: .unsupported,
        reason: "nothing is served here; the WebSocket is at /v1/ws")

    private static func bad(_ reason: Text) -> Refusal {
        Refusal(status: .badRequest, code: .malformed, reason: reason)
    }

    private static func expect(_ request: HTTPRequest, _ method: HTTPMethod) throws(Refusal) {
        if request.method == method || method == .get && request.method == .head { return }
        throw Refusal(
            status: .methodNotAllowed, code: .unsupported,
            reason: Text("this takes \(method.rawValue) only"), allow: method.rawValue)
    }

    // MARK: Parts

    /// The rest of the path, decoded segment by segment: a slash that is written as %2F is refused,
    /// for proxies disagree about what it is.
    private static func topic(_ segments: ArraySlice<Substring>) throws(Refusal) -> Text {
        var names: [String] = []
        for segment in segments {
            guard let name = PercentCoding.decode(segment.utf8, plusIsBlank: false),
                !name.utf8.contains(0x2f)
            else {
                throw bad("the path does not name a topic")
            }
            names.append(name)
        }
        let topic = Text(names.joined(separator: "/"))
        guard topic.namesTopic else { throw bad("the path does not name a topic") }
        return topic
    }

    private static func subscribe(
        _ request: HTTPRequest, _ topic: Text
    ) throws(Refusal) -> Subscribe {
        var subscribe = Subscribe(id: 1, topic: topic)
        if let fields = request.queryValue("fields") { subscribe.fields = try mask(fields) }
        if let cursor = request.queryValue("cursor") {
            guard let cursor = Cursor(plain: cursor) else { throw bad("cursor is none of ours") }
            subscribe.cursor = cursor
        }
        if let rate = request.queryValue("rate") {
            guard let rate = Double(rate), rate > 0, let number = Number(rate) else {
                throw bad("rate is frames a second, as in rate=0.5")
            }
            subscribe.rate = number
        }
        subscribe.hash = try flag(request, "hash")
        if let name = request.queryValue("name") {
            subscribe.name = Text(name)
            subscribe.start = try start(request)
            subscribe.credit = try number(request, "credit")
            subscribe.unordered = try flag(request, "unordered")
        }
        return subscribe
    }

    /// `fields=status,owner/name,*/score`: paths of names with slashes, `*` for any name. Commas
    /// and slashes inside a name are written as %2C and %2F once more.
    private static func mask(_ text: String) throws(Refusal) -> Mask {
        var patterns: [Mask.Pattern] = []
        for path in text.split(separator: ",", omittingEmptySubsequences: false) {
            var pattern: Mask.Pattern = []
            for name in path.split(separator: "/", omittingEmptySubsequences: false) {
                guard let decoded = PercentCoding.decode(name.utf8, plusIsBlank: false),
                    !name.isEmpty
                else {
                    throw bad("fields is a list of paths, as in fields=status,owner/name")
                }
                pattern.append(name == "*" ? .any : .name(Text(decoded)))
            }
            patterns.append(pattern)
        }
        guard patterns.count <= Limits.patterns,
            patterns.allSatisfy({ $0.count <= Limits.pathSegments })
        else { throw bad("too many fields, or too long a path") }
        return Mask(patterns)
    }

    private static func wait(_ request: HTTPRequest) throws(Refusal) -> Interval {
        guard let text = request.queryValue("wait") else { return .seconds(0) }
        guard let seconds = Double(text), seconds >= 0, seconds <= 3_600 else {
            throw bad("wait is a number of seconds, at most 60 of which are waited")
        }
        return min(.milliseconds(UInt64(seconds * 1_000)), longestWait)
    }

    /// What the client says it has: the first of its entity tags that is one of ours.
    private static func known(_ request: HTTPRequest) throws(Refusal) -> Cursor? {
        request.fields.list("if-none-match").lazy.compactMap { Cursor(entityTag: $0) }.first
    }

    private static func flag(_ request: HTTPRequest, _ name: String) throws(Refusal) -> Bool {
        switch request.queryValue(name) {
        case nil, "false"?, "0"?: return false
        case "true"?, "1"?, ""?: return true
        case _: throw bad(Text("\(name) is true or false"))
        }
    }

    private static func number(
        _ request: HTTPRequest, _ name: String
    ) throws(Refusal) -> UInt64? {
        guard let text = request.queryValue(name) else { return nil }
        guard let number = UInt64(text), number <= Limits.integer else {
            throw bad(Text("\(name) is a whole number"))
        }
        return number
    }

    private static func start(_ request: HTTPRequest) throws(Refusal) -> Start? {
        switch request.queryValue("start") {
        case nil: return nil
        case "now"?: return .now
        case "earliest"?: return .earliest
        case let text?:
            if let sequence = UInt64(text), sequence <= Limits.integer {
                return .sequence(sequence)
            }
            guard let time = WallTime(iso8601: [UInt8](text.utf8).span) else {
                throw bad("start is now, earliest, a sequence or a time as 2026-11-21T09:30:00Z")
            }
            return .time(time)
        }
    }
}

extension Cursor {
    /// As it stands in a query, a header or an event's id: `epoch:version:print`.
    init?(plain text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let version = UInt64(parts[1]), version <= Limits.integer else {
            return nil
        }
        self.init(
            epoch: Text(String(parts[0])), version: version, print: Text(String(parts[2])))
    }

    var plain: String { "\(epoch):\(version):\(print)" }

    /// Rule 27: from epoch, version, print and encoding.
    func entityTag(_ encoding: Encoding) -> String {
        "\"\(plain):\(encoding == .json ? "json" : "msgpack")\""
    }

    /// A strong or a weak tag: a proxy that compressed the answer made it weak.
    init?(entityTag: String) {
        var tag = entityTag[...]
        if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
        guard tag.count >= 2, tag.first == "\"", tag.last == "\"" else { return nil }
        tag = tag.dropFirst().dropLast()
        guard let end = tag.lastIndex(of: ":") else { return nil }
        self.init(plain: String(tag[..<end]))
    }
}
