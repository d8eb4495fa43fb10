internal import Transport
internal import Wire

/// A topic with one field to which values are written in the bytes of either encoding, and two
/// readers, one in each: what goes in must come out of both.
final class Echo {
    enum Taken: Equatable {
        case done(UInt64)
        case refused
    }

    private let check: ServerCheck
    let topic: Text
    private var writers: [Encoding: Talk] = [:]
    private var problems: [Encoding: Int] = [:]
    let readers: [Encoding: Watch]

    init(_ check: ServerCheck) throws(Finding) {
        self.check = check
        topic = check.topic()
        let first = try check.ready(.messagePack)
        try first.set(topic, ["v": "begun"])
        writers[.messagePack] = first
        var readers: [Encoding: Watch] = [:]
        for encoding in Encoding.allCases {
            readers[encoding] = try check.ready(encoding).watch(topic)
        }
        self.readers = readers
    }

    /// After so many mistakes a server may close: a new connection is taken before.
    private func writer(_ encoding: Encoding) throws(Finding) -> Talk {
        if let talk = writers[encoding], talk.end == nil, problems[encoding, default: 0] < 12 {
            return talk
        }
        writers[encoding]?.leave()
        let talk = try check.ready(encoding)
        writers[encoding] = talk
        problems[encoding] = 0
        return talk
    }

    /// Sets the field to a value given by its bytes.
    func put(_ value: [UInt8], _ encoding: Encoding) throws(Finding) -> Taken {
        let talk = try writer(encoding)
        let id = talk.freshID()
        switch encoding {
        case .json:
            let head = #"{"type":"publish","data":{"id":\#(id),"topic":"\#(topic)","set":{"v":"#
            talk.say(bytes: [UInt8](head.utf8) + value + [UInt8]("}}}".utf8), binary: false)
        case .messagePack:
            var writer = Writer()
            writer.packArray(4)
            writer.pack(UInt64(14))
            writer.pack(id)
            writer.pack(topic)
            // A map of one entry, "v", and the value as it was given.
            talk.say(packed: writer.bytes() + [0x81, 0xa1, 0x76] + value)
        }
        let taken: Taken
        do throws(Finding) {
            taken = try talk.hear("an answer to \(Talk.shown(value))") { said -> Taken? in
                switch said.message {
                case .ack(let ack) where ack.id == id: .done(ack.version)
                case .nack(let nack) where nack.id == id: .refused
                case .error: .refused
                default: nil
                }
            }
        } catch {
            // Closing is a refusal as well.
            guard talk.end != nil else { throw error }
            problems[encoding] = 100
            return .refused
        }
        if taken == .refused { problems[encoding, default: 0] += 1 }
        return taken
    }

    func put(json: String) throws(Finding) -> Taken { try put([UInt8](json.utf8), .json) }

    /// What both readers hold after a version.
    func read(_ version: UInt64) throws(Finding) -> [(Encoding, Value?)] {
        var values: [(Encoding, Value?)] = []
        for encoding in Encoding.allCases {
            guard let reader = readers[encoding] else { continue }
            try reader.come(to: version)
            values.append((encoding, reader.document["v"]))
        }
        return values
    }

    /// The value goes in and comes out of both.
    func carries(
        _ bytes: [UInt8], _ encoding: Encoding, as value: Value
    ) throws(Finding) {
        // An equal value would send nothing.
        guard case .done(let before) = try put(marker(), .json) else {
            throw .fail("a text was refused")
        }
        guard case .done(let version) = try put(bytes, encoding) else {
            throw .fail("\(Talk.shown(bytes)) was refused")
        }
        try demand(version == before + 1, "two patches of one field made \(version - before)")
        for (reader, found) in try read(version) {
            try demand(
                found == value,
                "\(Talk.shown(bytes)) in \(encoding) came in \(reader) as "
                    + (found.map { FieldList.words($0) } ?? "nothing"))
        }
    }

    func carries(json: String, as value: Value) throws(Finding) {
        try carries([UInt8](json.utf8), .json, as: value)
    }

    private var marks = 0
    private func marker() -> [UInt8] {
        marks += 1
        return [UInt8]("\"mark \(marks)\"".utf8)
    }

    func refuses(_ bytes: [UInt8], _ encoding: Encoding, _ what: String) throws(Finding) {
        if case .done = try put(bytes, encoding) {
            throw .fail("\(what) was taken: \(Talk.shown(bytes))")
        }
    }

    func refuses(json: String, _ what: String) throws(Finding) {
        try refuses([UInt8](json.utf8), .json, what)
    }

    /// The newest frame to a reader has these bytes in it: the value's canonical form.
    func isCanonical(_ bytes: [UInt8], _ encoding: Encoding) throws(Finding) {
        guard let frame = readers[encoding]?.frames.last else { throw .fail("no frame came") }
        if !frame.contains(bytes) {
            throw .lenient(
                "\(Talk.shown(bytes)) would be canonical, not \(Talk.shown(frame))")
        }
    }
}

extension [UInt8] {
    /// Whether these bytes stand in a row somewhere in it.
    func contains(_ part: [UInt8]) -> Bool {
        guard let first = part.first, part.count <= count else { return part.isEmpty }
        for start in 0...count - part.count
        where self[start] == first && self[start..<start + part.count].elementsEqual(part) {
            return true
        }
        return false
    }
}
