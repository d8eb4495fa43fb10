internal import Transport
internal import Wire

/// One connection to the peer that is checked, and what came on it and was not looked at yet.
///
/// A script asks for the messages that it waits for; others stay until somebody asks for them, for
/// the order between an ack and a diff is nobody's to rely on (L6).
final class Talk {
    struct Said {
        let bytes: [UInt8]
        let message: Message
    }

    let lines: Lines
    let id: ConnectionID
    let encoding: Encoding
    var terms = Terms()
    var patience: Interval
    private(set) var unread: [Said] = []
    private(set) var end: ConnectionEnd?
    /// The bytes of all messages that came (L9).
    private(set) var position: UInt64 = 0
    private var nextID: UInt64 = 1
    /// Everything received is confirmed as it comes, as a good client does; a server never does.
    var confirms = true
    private var confirmed: UInt64 = 0
    /// The bytes of all messages that were said.
    private(set) var saidBytes: UInt64 = 0

    init(_ lines: Lines, _ id: ConnectionID, _ encoding: Encoding, patience: Interval) {
        (self.lines, self.id, self.encoding, self.patience) = (lines, id, encoding, patience)
    }

    func freshID() -> UInt64 {
        defer { nextID += 1 }
        return nextID
    }

    // MARK: Saying

    func say(_ message: Message) {
        say(bytes: message.encoded(encoding), binary: encoding == .messagePack)
    }

    /// As it is, whatever it is.
    func say(bytes: [UInt8], binary: Bool) {
        saidBytes += UInt64(bytes.count)
        _ = lines.loop.send(message: bytes.span, binary: binary, to: id)
    }

    func say(json text: String) { say(bytes: [UInt8](text.utf8), binary: false) }

    func say(packed bytes: [UInt8]) { say(bytes: bytes, binary: true) }

    /// Bytes on the wire that no framing touches.
    func say(raw bytes: [UInt8]) { _ = lines.loop.send(Frame(bytes), to: id) }

    /// Hangs up without a word.
    func cut() {
        lines.loop.abort(id)
        lines.wait(for: .milliseconds(20))
    }

    func leave() {
        lines.loop.close(id)
        lines.flush()
    }

    // MARK: Hearing

    /// Takes in what has come, or comes in the time; false when nothing did.
    @discardableResult
    func take(within time: Interval) throws(Finding) -> Bool {
        guard end == nil, let heard = lines.next(id, within: time) else { return false }
        switch heard {
        case .message(let bytes, let binary):
            position += UInt64(bytes.count)
            try demand(
                binary == (encoding == .messagePack),
                "a message came as \(binary ? "binary" : "text"), not as the subprotocol says")
            try note(bytes)
        case .closed(let end): self.end = end
        case .opened, .head, .body, .answered: break
        }
        return true
    }

    private func note(_ bytes: [UInt8]) throws(Finding) {
        let message: Message
        do throws(MessageError) {
            message =
                encoding == .json
                ? try Message(json: bytes.span)
                : try Message(messagePack: bytes.span, definitions: Talk.anyAlias)
        } catch {
            // A type that this version does not know is nothing to a client (V3).
            if case .unknown = error { return }
            throw .fail("\(Talk.shown(bytes)) came, which is no message: \(error)")
        }
        if case .ping(let ping) = message {
            say(.pong(Pong(nonce: ping.nonce, position: confirms ? position : nil)))
            return
        }
        unread.append(Said(bytes: bytes, message: message))
        if confirms, position - confirmed >= terms.unconfirmedBytes / 8 { confirm() }
    }

    /// So that a diff can be read before it is known whose it is; its mirror reads it anew.
    private static let anyAlias = (0..<4_096).map {
        Diff.Definition(alias: UInt32($0), name: Text("\($0)"))
    }

    func confirm() {
        confirmed = position
        say(.seen(Seen(position: position)))
    }

    /// The first message that is picked, of those that came or come.
    func hear<T>(
        _ what: String, within time: Interval? = nil, _ pick: (Said) throws(Finding) -> T?
    ) throws(Finding) -> T {
        let limit = System.now + (time ?? patience)
        var looked = 0
        while true {
            while looked < unread.count {
                if let found = try pick(unread[looked]) {
                    unread.remove(at: looked)
                    return found
                }
                looked += 1
            }
            if let end {
                throw .fail("\(what) was awaited, and the connection was closed, \(words(end))")
            }
            let now = System.now
            guard now < limit else {
                let last = unread.last.map { ", but \(Talk.shown($0.bytes))" } ?? ""
                throw .fail("\(what) was awaited and did not come\(last)")
            }
            try take(within: limit.since(now))
        }
    }

    func words(_ end: ConnectionEnd) -> String { LoadRun.words(end) }

    static func shown(_ bytes: [UInt8]) -> String {
        let isText = bytes.prefix(160).allSatisfy { $0 >= 0x20 && $0 < 0x7f }
        let head = bytes.prefix(160)
        let text =
            isText
            ? String(decoding: head, as: UTF8.self)
            : head.prefix(60).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return text + (bytes.count > 160 ? "…" : "")
    }

    /// Waits for the connection's end; the protocol's code of it comes back, 0 for none.
    func hearEnd(_ what: String, within time: Interval? = nil) throws(Finding) -> UInt64 {
        let limit = System.now + (time ?? patience)
        while end == nil, System.now < limit { try take(within: limit.since(System.now)) }
        guard let end else { throw .fail("\(what): the connection was to be closed, and stayed") }
        if let code = end.code?.rawValue, code >= 3_000 { return UInt64(code) - 3_000 }
        for said in unread {
            if case .close(let close) = said.message { return close.code.rawValue }
        }
        return 0
    }

    func expectEnd(_ code: UInt64, _ what: String, within time: Interval? = nil) throws(Finding) {
        let found = try hearEnd(what, within: time)
        try demand(
            found == code,
            "\(what): closed with \(found == 0 ? "no code" : "\(found)"), not \(code)")
    }

    /// A ping and its pong: what was sent before it has been looked at.
    func fence() throws(Finding) {
        let nonce = freshID() + 7_000_000
        say(.ping(Ping(nonce: nonce)))
        try hear("the pong") { said in
            if case .pong(let pong) = said.message, pong.nonce == nonce { () } else { nil }
        }
    }

    /// The error that answers what was said last.
    func hearProblem(_ code: UInt64, _ what: String) throws(Finding) -> Problem {
        let found = try hear("error \(code) for \(what)") { said -> Problem? in
            if case .error(let problem) = said.message { problem } else { nil }
        }
        try demand(
            found.code.rawValue == code,
            "\(what) was answered with error \(found.code.rawValue), not \(code)")
        return found
    }

    /// Messages that came and nobody asked for.
    func leftovers(_ pick: (Message) -> Bool) -> Int { unread.count { pick($0.message) } }
}

extension Message {
    func encoded(_ encoding: Encoding) -> [UInt8] {
        var writer = Writer()
        switch encoding {
        case .json: write(json: &writer)
        case .messagePack: write(messagePack: &writer)
        }
        return writer.bytes()
    }
}
