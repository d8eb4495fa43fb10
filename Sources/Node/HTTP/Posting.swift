import Transport
import Wire

/// A request that says something: one message or a list of them, and an answer to each.
final class Posting {
    /// What one item of the body asks for.
    struct Item {
        /// As it is said at the desk, under a number of its own.
        let message: Message
        /// The id that the client knows it by.
        let id: UInt64
    }

    let encoding: Encoding
    let isList: Bool
    /// By place in the list.
    private var answers: [Message?]
    private var ids: [UInt64]

    /// How many items a list may have.
    static let itemLimit = 256

    init(_ encoding: Encoding, ids: [UInt64], isList: Bool) {
        self.encoding = encoding
        self.isList = isList
        self.ids = ids
        answers = [Message?](repeating: nil, count: ids.count)
    }

    /// Takes what the desk says; the answer to a repeat comes under the same id as the first.
    func take(_ message: Message) {
        let id: UInt64?
        switch message {
        case .ack(let ack): id = ack.id
        case .nack(let nack): id = nack.id
        case .reply(let reply): id = reply.id
        case .page(let page): id = page.id
        default: id = nil
        }
        for place in ids.indices where ids[place] == id && answers[place] == nil {
            answers[place] = message
            return
        }
    }

    /// What became of an item that never went to the desk, or needs no answer from it.
    func settle(_ place: Int, _ answer: Message) { answers[place] = answer }

    /// The answer, when all is answered; when it is late, what is not is said to be unknown.
    func answer(isLate: Bool) -> HTTPResponse? {
        if isLate {
            for place in ids.indices where answers[place] == nil {
                let nack = Nack(
                    id: ids[place], code: .overloaded,
                    reason: "no answer came in time; it may have been done: ask again with the key")
                answers[place] = .nack(nack)
            }
        }
        var whole: [Message] = []
        for answer in answers {
            guard let answer else { return nil }
            whole.append(answer)
        }
        let fields = [("cache-control", "no-store"), ("content-type", encoding.mediaType)]
        guard !isList, let only = whole.first else {
            return HTTPResponse(
                .ok, fields: fields,
                body: encoding.list(of: whole.map { $0.encoded(encoding) }))
        }
        var response = HTTPResponse(.ok, fields: fields, body: only.encoded(encoding))
        if case .nack(let nack) = only {
            response.status = HTTPStatus(nack.code)
            response.addRetry(nack.code, after: nack.after)
        }
        return response
    }
}
