// Messages that the members of an audience receive in common, the diff apart.

/// All that a view shows at a version, or a part of it.
public struct Snapshot: Equatable, Sendable {
    public var view: UInt64
    public var epoch: Text
    public var version: UInt64
    public var document: Map
    /// The parts of one snapshot count from zero; it is complete with the one that has the hash.
    public var part: UInt64
    public var hash: ViewHash?
    public var definitions: [Diff.Definition]

    public init(
        view: UInt64, epoch: Text, version: UInt64, document: Map, part: UInt64 = 0,
        hash: ViewHash?, definitions: [Diff.Definition] = []
    ) {
        self.view = view
        self.epoch = epoch
        self.version = version
        self.document = document
        self.part = part
        self.hash = hash
        self.definitions = definitions
    }

    init(_ fields: inout Fields) throws(MessageError) {
        view = try fields.integer("view")
        epoch = try fields.text("epoch")
        version = try fields.integer("version")
        document = try fields.map("document")
        part = try fields.optionalInteger("part") ?? 0
        hash = nil
        if let text = try fields.optionalText("hash") {
            guard let read = ViewHash(hex: text) else { throw .field("hash") }
            hash = read
        }
        definitions = []
        let flat = try fields.list("names") { $0 }
        guard flat.count % 2 == 0 else { throw .field("names") }
        for i in stride(from: 0, to: flat.count, by: 2) {
            guard let alias = flat[i].count, alias < UInt64(Document.aliasLimit),
                let name = flat[i + 1].asText
            else { throw .field("names") }
            definitions.append(Diff.Definition(alias: UInt32(alias), name: name))
        }
    }

    func put(_ list: inout FieldList) {
        list.put("view", view)
        list.put("epoch", epoch)
        list.put("version", version)
        list.put("document", .map(document))
        list.put("part", part == 0 ? nil : part)
        list.put("hash", hash?.hex)
        list.put(
            "names", list: definitions.flatMap { [.unsigned(UInt64($0.alias)), .text($0.name)] })
    }
}

/// From the server: the hash of a view at a version, sent behind the frame to that version. From a
/// client: without a hash it asks for one; with one it says what it computed, and a server that
/// finds another repairs the view with a snapshot.
public struct HashReport: Equatable, Sendable {
    public var view: UInt64
    public var version: UInt64?
    public var hash: ViewHash?

    public init(view: UInt64, version: UInt64? = nil, hash: ViewHash? = nil) {
        self.view = view
        self.version = version
        self.hash = hash
    }

    init(_ fields: inout Fields) throws(MessageError) {
        view = try fields.integer("view")
        version = try fields.optionalInteger("version")
        hash = nil
        if let text = try fields.optionalText("hash") {
            guard let read = ViewHash(hex: text) else { throw .field("hash") }
            hash = read
        }
    }

    func put(_ list: inout FieldList) {
        list.put("view", view)
        list.put("version", version)
        list.put("hash", hash?.hex)
    }
}

/// Tells a slow reader on which rung of the ladder it stands (rule 15).
public struct Lag: Equatable, Sendable {
    public enum Rung: UInt64, CaseIterable, Sendable {
        /// Caught up again.
        case none = 0
        /// Versions are merged until it confirms.
        case merging = 1
        /// A snapshot takes the place of what it missed.
        case snapshot = 2
        /// Its rate class was lowered.
        case slowed = 3
    }

    public var view: UInt64
    public var rung: Rung
    /// How many versions the next frame merges.
    public var merged: UInt64

    public init(view: UInt64, rung: Rung, merged: UInt64) {
        self.view = view
        self.rung = rung
        self.merged = merged
    }

    init(_ fields: inout Fields) throws(MessageError) {
        view = try fields.integer("view")
        guard let rung = Rung(rawValue: try fields.integer("rung")) else { throw .field("rung") }
        self.rung = rung
        merged = try fields.integer("merged")
    }

    func put(_ list: inout FieldList) {
        list.put("view", view)
        list.put("rung", rung.rawValue)
        list.put("merged", merged)
    }
}

/// A client says that it is there, and how, among those who watch a topic; without a state, that
/// it is not any more. Who is there is itself a topic, `$presence/` and the name, so everything
/// that holds for topics holds for it (rule 29).
public struct Presence: Equatable, Sendable {
    public var topic: Text
    public var state: Value?

    public init(topic: Text, state: Value?) {
        self.topic = topic
        self.state = state
    }

    init(_ fields: inout Fields) throws(MessageError) {
        topic = try fields.text("topic")
        state = fields.optionalValue("state")
    }

    func put(_ list: inout FieldList) {
        list.put("topic", topic)
        list.put("state", state)
    }
}

extension ViewHash {
    /// Sixteen hexadecimal digits, lower case: the form in which a hash travels.
    public var hex: Text {
        var digits: [UInt8] = []
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(word >> UInt64(shift) & 15)
            digits.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
        return Text(validated: digits.span, 0..<16)
    }

    public init?(hex: Text) {
        guard hex.count == 16 else { return nil }
        var word: UInt64 = 0
        for i in 0..<16 {
            let byte = hex.byte(at: i)
            switch byte {
            case 0x30...0x39: word = word << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: word = word << 4 | UInt64(byte - 0x57)
            default: return nil
            }
        }
        self.init(word)
    }
}
