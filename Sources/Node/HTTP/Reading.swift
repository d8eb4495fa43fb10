import Transport
import Wire

/// A request for what a topic holds, or for its next news: collects what a subscription is sent
/// until that is an answer.
final class Reading {
    enum Form: Equatable {
        /// The messages as a WebSocket would have had them.
        case messages
        /// The document alone.
        case document
    }

    let form: Form
    let encoding: Encoding
    let subscribe: Subscribe
    /// What the client has already, so that *nothing new* is an answer.
    let known: Cursor?
    let waits: Bool

    private var messages: [[UInt8]] = []
    private var progress = Progress()
    private var mirror = Mirror()
    private var subscribed: Subscribed?
    private var refusal: Problem?
    private var hasNews = false
    /// What was known is old and no base for a diff that the client could use: all of it is due.
    private(set) var beginsAnew = false

    init(
        _ form: Form, _ subscribe: Subscribe, _ encoding: Encoding, known: Cursor?, waits: Bool
    ) {
        self.form = form
        self.encoding = encoding
        self.subscribe = subscribe
        self.known = subscribe.cursor ?? known
        self.waits = waits
    }

    /// What the desk is asked to speak. A document is put together here from diffs, which only
    /// JSON says in full.
    var spoken: Encoding { form == .document ? .json : encoding }

    /// What to subscribe with: what is known may be all there is.
    var first: Subscribe {
        var first = subscribe
        first.cursor = known
        return first
    }

    /// What to subscribe with when `beginsAnew` says so.
    func again() -> Subscribe {
        beginsAnew = false
        messages = []
        hasNews = false
        subscribed = nil
        return subscribe
    }

    func take(_ message: Message, _ bytes: [UInt8]) {
        guard !beginsAnew else { return }
        switch message {
        case .subscribed(let body):
            subscribed = body
            // Of events it says all by itself: the sequences begin anew.
            if body.verdict == .snapshot && body.kind == .event { hasNews = true }
            if body.verdict == .caughtUp && subscribe.cursor == nil && known != nil
                && subscribe.name == nil
            {
                beginsAnew = true
                return
            }
        case .unsubscribed(let body):
            refusal = Problem(
                code: body.code ?? .notAllowed, reason: "the topic cannot be read that way")
        case .error(let problem): refusal = problem
        case .close(let close): refusal = Problem(code: close.code, reason: close.reason)
        case .snapshot(let snapshot):
            hasNews = true
            if form == .document {
                if snapshot.part == 0 {
                    mirror.reset(to: snapshot.document, version: snapshot.version)
                } else {
                    mirror.add(part: snapshot.document)
                }
            }
        case .diff(let diff):
            hasNews = true
            if form == .document { _ = mirror.apply(diff) }
        case .event, .signal: hasNews = true
        case .hash: break
        default: return
        }
        progress.take(message)
        messages.append(bytes)
    }

    /// The answer, when there is one: `isWaiting` while more of the same is on its way, `isLate`
    /// when the client should not be kept waiting.
    func answer(isWaiting: Bool, isLate: Bool) -> HTTPResponse? {
        if let refusal { return HTTPResponse(refusal, encoding) }
        if isLate && subscribed == nil {
            return HTTPResponse(
                Problem(code: .overloaded, reason: "the topic could not be read in time"), encoding)
        }
        guard let subscribed, !beginsAnew, !isWaiting || isLate else { return nil }
        if waits && !hasNews && !isLate { return nil }
        guard let cursor = progress.cursor else { return nil }
        let tag = cursor.entityTag(encoding)
        var fields = [
            ("etag", tag), ("fieldcast-cursor", cursor.plain),
            ("cache-control", "private, no-store"),
        ]
        if known != nil && !hasNews && subscribed.verdict != .gone {
            return HTTPResponse(.notModified, fields: fields)
        }
        fields.append(("content-type", encoding.mediaType))
        switch form {
        case .messages:
            return HTTPResponse(.ok, fields: fields, body: encoding.list(of: messages))
        case .document:
            var writer = Writer()
            switch encoding {
            case .json: writer.writeJSON(Value.map(mirror.document))
            case .messagePack: writer.pack(Value.map(mirror.document))
            }
            return HTTPResponse(.ok, fields: fields, body: writer.bytes())
        }
    }
}

extension Encoding {
    var mediaType: String { self == .json ? "application/json" : "application/msgpack" }

    /// Encoded values as one list.
    func list(of values: [[UInt8]]) -> [UInt8] {
        var writer = Writer(capacity: values.reduce(8) { $0 + $1.count + 1 })
        switch self {
        case .json:
            writer.append(0x5b)
            for (i, value) in values.enumerated() {
                if i > 0 { writer.append(0x2c) }
                writer.append(value)
            }
            writer.append(0x5d)
        case .messagePack:
            writer.packArray(values.count)
            for value in values { writer.append(value) }
        }
        return writer.bytes()
    }
}
