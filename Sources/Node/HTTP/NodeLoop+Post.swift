import Hub
import Transport
import Wire

/// What is said over HTTP, one item or a list.
extension NodeLoop {
    /// Says it at the desk; a problem comes back when the request as a whole makes no sense.
    func post(
        _ kind: Route.PostKind, _ request: HTTPRequest, _ bearer: Bearer, _ encoding: Encoding,
        _ id: ConnectionID, _ origin: String?
    ) -> Problem? {
        let key = request.fields.first("idempotency-key").map { Text($0) }
        if let key, key.isEmpty || key.count > 64 {
            return Problem(code: .malformed, reason: "an Idempotency-Key has 1 to 64 bytes")
        }
        guard let body = Value(body: request) else {
            return Problem(
                code: .malformed, reason: "the body is neither JSON nor what its content-type says")
        }
        let items: [Map]
        var isList = false
        switch body {
        case .map(let map): items = [map]
        case .array(let values):
            isList = true
            var maps: [Map] = []
            for value in values {
                guard case .map(let map) = value else {
                    return Problem(code: .malformed, reason: "each item of the list is a map")
                }
                maps.append(map)
            }
            items = maps
        default:
            return Problem(code: .malformed, reason: "the body is one item or a list of them")
        }
        guard items.count <= Posting.itemLimit else {
            return Problem(code: .tooMany, reason: "a list has at most 256 items")
        }
        let ids = items.enumerated().map { place, item in
            item["id"]?.wholeNumber ?? UInt64(place + 1)
        }
        guard Set(ids).count == ids.count else {
            return Problem(code: .malformed, reason: "two items have the same id")
        }
        let posting = Posting(encoding, ids: ids, isList: isList)
        let exchange = open(
            .posting(posting), encoding, bearer, key, until: loop.now + NodeLoop.answerTime, id,
            origin)
        for place in items.indices {
            var item = items[place]
            item["id"] = .unsigned(ids[place])
            if let answer = say(kind, item, ids[place], exchange, bearer) {
                posting.settle(place, answer)
            }
        }
        exchange.isStirred = true
        stirred.append(id)
        return nil
    }

    static let answerTime = Interval.seconds(30)

    /// Says one item; its answer comes back where the desk gives none.
    private func say(
        _ kind: Route.PostKind, _ item: Map, _ id: UInt64, _ exchange: Exchange, _ bearer: Bearer
    ) -> Message? {
        do throws(MessageError) {
            switch kind {
            case .publish: return say(try Message(.publish, named: item), exchange)
            case .command: return say(try Message(.command, named: item), exchange)
            case .signal:
                let message = try Message(.signal, named: item)
                guard case .signal(let signal) = message,
                    bearer.principal.writable(signal.topic) != nil, !signal.topic.isReserved
                else { return .nack(Nack(id: id, code: .notAllowed)) }
                _ = say(message, exchange)
                return .ack(Ack(id: id, version: 0))
            case .presence:
                guard case .presence(let presence) = try Message(.presence, named: item) else {
                    throw .field("topic")
                }
                return lease(presence, item, id, exchange)
            case .ack, .nack: return try acknowledge(kind, item, id, exchange)
            case .ticket: return nil
            }
        } catch {
            return .nack(Nack(id: id, code: .malformed, reason: error.reason))
        }
    }

    private func say(_ message: Message, _ exchange: Exchange) -> Message? {
        desk.received(message, from: exchange.station, now: loop.now, carrier: self)
        return nil
    }

    /// Presence without a connection: under a name that the client chose, and for a time.
    private func lease(
        _ presence: Presence, _ item: Map, _ id: UInt64, _ exchange: Exchange
    ) -> Message {
        guard let client = item["client"]?.plainText, !client.isEmpty, client.count <= 64 else {
            return .nack(
                Nack(id: id, code: .malformed, reason: "client is a name of 1 to 64 bytes"))
        }
        let milliseconds = item["lease"]?.wholeNumber ?? 60_000
        guard (1_000...600_000).contains(milliseconds) else {
            return .nack(
                Nack(id: id, code: .malformed, reason: "lease is 1,000 to 600,000 milliseconds"))
        }
        let isAllowed = desk.lease(
            presence, as: client, for: .milliseconds(milliseconds), at: exchange.station,
            carrier: self)
        return isAllowed
            ? .ack(Ack(id: id, version: 0)) : .nack(Nack(id: id, code: .notAllowed))
    }

    /// A word on events under a durable name; the hub answers how far the name has come.
    private func acknowledge(
        _ kind: Route.PostKind, _ item: Map, _ id: UInt64, _ exchange: Exchange
    ) throws(MessageError) -> Message? {
        guard let topic = item["topic"]?.plainText else { throw .field("topic") }
        guard let name = item["name"]?.plainText else { throw .field("name") }
        let word: Request.Acknowledgement.Word
        if kind == .ack {
            guard case .ack(let ack) = try Message(.ack, named: item) else {
                throw .field("version")
            }
            word = .done(upTo: ack.version, ranges: ack.ranges)
        } else {
            guard case .nack(let nack) = try Message(.nack, named: item),
                let sequence = nack.version
            else { throw .field("version") }
            word = .refused(
                sequence: sequence, nack.code, after: .milliseconds(nack.after ?? 1_000))
        }
        let isAllowed = desk.acknowledge(
            topic, name, word, id: id, at: exchange.station, carrier: self)
        return isAllowed ? nil : .nack(Nack(id: id, code: .notAllowed))
    }
}

extension MessageError {
    fileprivate var reason: Text {
        switch self {
        case .malformed: "not well formed"
        case .unknown(let name): Text("\(name) is not known")
        case .field(let name): Text("field \(name) is missing or not of its kind")
        }
    }
}

extension Value {
    /// A request's body; nil when it is not what its type says. Without a type, or with the one
    /// that command lines give of themselves, it is JSON.
    fileprivate init?(body request: HTTPRequest) {
        let type = request.fields.first("content-type") ?? "application/json"
        let value: Value?
        switch Encoding(mediaType: type) {
        case .json?:
            var reader = JSONReader(request.body.span)
            value = try? reader.readValue()
            guard value != nil, (try? reader.finish()) != nil else { return nil }
        case .messagePack?:
            var reader = MessagePackReader(request.body.span)
            value = try? reader.readValue()
            guard value != nil, (try? reader.finish()) != nil else { return nil }
        case nil: return nil
        }
        guard let value else { return nil }
        self = value
    }

    fileprivate var plainText: Text? {
        if case .text(let text) = self { text } else { nil }
    }

    fileprivate var wholeNumber: UInt64? {
        guard case .number(let number) = self, let n = number.uint64, n <= Limits.integer else {
            return nil
        }
        return n
    }
}

extension Encoding {
    /// Nil for a type that is neither. A form's type is what curl says when nobody says more.
    init?(mediaType: String) {
        let bare = mediaType.prefix { $0 != ";" && $0 != " " }.lowercased()
        switch bare {
        case "application/json", "text/json", "application/x-www-form-urlencoded": self = .json
        case "application/msgpack", "application/x-msgpack", "application/vnd.msgpack":
            self = .messagePack
        default: return nil
        }
    }

    /// MessagePack where the client asks for it, else JSON.
    init(accepting request: HTTPRequest) {
        let asked = request.fields.list("accept").lazy.compactMap { Encoding(mediaType: $0) }
        self = asked.first ?? .json
    }
}
