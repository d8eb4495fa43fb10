internal import Transport
internal import Wire

/// What a follower over HTTP has beside: the answer that is coming in.
final class Reader {
    let speech: Target.Speech
    /// The status of the answer under way; 0 between two.
    var status: UInt16 = 0
    /// Of an answer: all of its body so far. Of an event stream: the line begun.
    private(set) var bytes: [UInt8] = []
    /// The event begun: its lines of data.
    private var data: [UInt8] = []
    /// A whole snapshot was asked for, to prove what is held.
    var isProving = false

    init(_ speech: Target.Speech) { self.speech = speech }

    func begin(_ status: UInt16) {
        self.status = status
        bytes = []
        data = []
    }

    func add(_ piece: Span<UInt8>) { for i in piece.indices { bytes.append(piece[i]) } }

    /// The messages of a body: a list of them. Each comes back as it would stand alone.
    func messages(_ encoding: Encoding) -> [[UInt8]]? {
        let body = bytes
        bytes = []
        let value: Value? =
            switch encoding {
            case .json: try? Value(json: body.span)
            case .messagePack: try? Value(messagePack: body.span)
            }
        guard case .array(let list)? = value else { return nil }
        return list.map { encoding == .json ? $0.json : $0.messagePack }
    }

    /// The events that are whole, as the standard for event streams reads them: lines of `data`
    /// up to an empty line. Ids and comments are for others.
    func events() -> [[UInt8]] {
        var found: [[UInt8]] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0a) {
            var line = bytes[start..<end]
            if line.last == 0x0d { line.removeLast() }
            start = end + 1
            if line.isEmpty {
                if !data.isEmpty { found.append(data) }
                data = []
            } else if line.starts(with: [UInt8]("data:".utf8)) {
                var rest = line.dropFirst(5)
                if rest.first == 0x20 { rest.removeFirst() }
                if !data.isEmpty { data.append(0x0a) }
                data += rest
            }
        }
        bytes.removeFirst(start)
        return found
    }
}

extension Follower {
    /// What to ask for next over HTTP; what was to be said is in the request.
    mutating func request(
        _ reader: Reader, _ words: Words, host: String, query fields: String?
    ) -> HTTPCall {
        let isStream = reader.speech == .eventStream && !reader.isProving
        var target = isStream ? "/v1/streams/" : "/v1/topics/"
        target += Follower.encoded(words.topic) + "?hash=true"
        if let fields { target += "&fields=" + fields }
        if let cursor, !reader.isProving {
            target += "&cursor=\(cursor.epoch.string):\(cursor.version):\(cursor.print.string)"
            if !isStream { target += "&wait=20" }
        }
        let accepted =
            isStream
            ? "text/event-stream"
            : encoding == .json ? "application/json" : "application/msgpack"
        return HTTPCall(
            host: host, target: target,
            fields: [
                ("authorization", "Bearer " + words.token.string), ("accept", accepted),
                ("user-agent", "fieldcast-probe"),
            ])
    }

    /// A name in a path: what is not plainly a letter is written with its number.
    static func encoded(_ name: Text) -> String {
        var text = ""
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x2f, 0x5f, 0x7e:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return text
    }
}
