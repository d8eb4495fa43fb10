/// In MessagePack a message is an array: its code, then its fields by position.
extension Message {
    /// Writes the message. The small ones that come most often are written without building
    /// anything.
    public func write(messagePack writer: inout Writer) {
        switch self {
        case .diff(let diff): diff.write(messagePack: &writer)
        case .ack(let ack) where ack.ranges.isEmpty:
            Message.write(.ack, ack.id, ack.version, to: &writer)
        case .seen(let seen): Message.write(.seen, seen.position, nil, to: &writer)
        case .ping(let ping): Message.write(.ping, ping.nonce, nil, to: &writer)
        case .pong(let pong): Message.write(.pong, pong.nonce, pong.position, to: &writer)
        default:
            var list = FieldList()
            put(&list)
            var count = list.items.count
            while count > 0, list.items[count - 1].value == nil { count -= 1 }
            writer.packArray(count + 1)
            writer.pack(UInt64(kind.rawValue))
            for item in list.items[..<count] {
                if let value = item.value { writer.pack(value) } else { writer.packNil() }
            }
        }
    }

    @inline(__always)
    private static func write(
        _ kind: Kind, _ first: UInt64, _ second: UInt64?, to writer: inout Writer
    ) {
        writer.packArray(second == nil ? 2 : 3)
        writer.pack(UInt64(kind.rawValue))
        writer.pack(first)
        if let second { writer.pack(second) }
    }

    /// Reads a message that takes up all of `bytes`. A diff's aliases are resolved by
    /// `definitions`, which are those that its view has been told so far.
    public init(
        messagePack bytes: Span<UInt8>, definitions: [Diff.Definition] = []
    ) throws(MessageError) {
        let parsed: Parsed
        do throws(DecodeError) {
            parsed = try Message.parse(messagePack: bytes, definitions)
        } catch {
            throw .malformed(error)
        }
        switch parsed {
        case .message(let message): self = message
        case .fields(let kind, let values):
            var fields = Fields(positional: values)
            self = try Message(kind, &fields)
        case .unknown(let code): throw .unknown(Text(String(code)))
        }
    }

    private enum Parsed {
        case message(Message)
        case fields(Kind, [Value])
        case unknown(UInt64)
    }

    private static func parse(
        messagePack bytes: Span<UInt8>, _ definitions: [Diff.Definition]
    ) throws(DecodeError) -> Parsed {
        var reader = MessagePackReader(bytes)
        let head = try MessageHead(&reader)
        guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: head.code)), head.code <= 255
        else {
            for _ in 0..<head.fields { try reader.skip() }
            try reader.finish()
            return .unknown(head.code)
        }
        if kind == .diff {
            let diff = try Diff(&reader, fields: head.fields, definitions)
            try reader.finish()
            return .message(.diff(diff))
        }
        if let small = readSmall(kind, head.fields, &reader) {
            try reader.finish()
            return .message(small)
        }
        var values: [Value] = []
        values.reserveCapacity(min(head.fields, 16))
        if kind == .page { reader.depthLimit += Limits.pageDepth }
        for _ in 0..<head.fields { values.append(try reader.readValue()) }
        try reader.finish()
        return .fields(kind, values)
    }

    /// The messages that come most often, in the form in which they come, straight from the bytes;
    /// nil, and nothing read, for every other.
    @inline(__always)
    private static func readSmall(
        _ kind: Kind, _ fields: Int, _ reader: inout MessagePackReader
    ) -> Message? {
        let start = reader.offset
        do throws(DecodeError) {
            if let message = try readFew(kind, fields, &reader) { return message }
        } catch {}
        reader.offset = start
        return nil
    }

    @inline(__always)
    private static func readFew(
        _ kind: Kind, _ fields: Int, _ reader: inout MessagePackReader
    ) throws(DecodeError) -> Message? {
        switch (kind, fields) {
        case (.ack, 2):
            return .ack(Ack(id: try reader.readInteger(), version: try reader.readInteger()))
        case (.seen, 1): return .seen(Seen(position: try reader.readInteger()))
        case (.ping, 1): return .ping(Ping(nonce: try reader.readInteger()))
        case (.pong, 1): return .pong(Pong(nonce: try reader.readInteger()))
        case (.pong, 2):
            return .pong(
                Pong(nonce: try reader.readInteger(), position: try reader.readInteger()))
        default: return nil
        }
    }
}

/// How a message in MessagePack begins: its code, and how many fields follow. Read alone, it tells
/// a client to which mirror a diff goes without building the diff.
public struct MessageHead {
    public let code: UInt64
    public let fields: Int

    @inline(__always)
    public init(_ reader: inout MessagePackReader) throws(DecodeError) {
        let count = try reader.readArrayCount()
        guard count > 0 else { throw DecodeError(.missingField, at: reader.offset) }
        code = try reader.readInteger()
        fields = count - 1
    }
}

extension Diff {
    func write(messagePack writer: inout Writer) {
        writer.packArray(!definitions.isEmpty ? 7 : !content.unset.isEmpty ? 6 : 5)
        writer.pack(UInt64(Message.Kind.diff.rawValue))
        writer.pack(view)
        writer.pack(to)
        writer.pack(to - from)
        writer.packArray(content.set.count * 2)
        for assignment in content.set {
            Diff.write(assignment.path, to: &writer)
            writer.pack(assignment.value)
        }
        if !definitions.isEmpty || !content.unset.isEmpty {
            writer.packArray(content.unset.count)
            for path in content.unset { Diff.write(path, to: &writer) }
        }
        if !definitions.isEmpty { Diff.write(definitions, to: &writer) }
    }

    /// A path of one name is that name.
    private static func write(_ path: Path, to writer: inout Writer) {
        if path.segments.count != 1 { writer.packArray(path.segments.count) }
        for segment in path.segments { writer.pack(segment) }
    }

    /// `reader` stands behind the code.
    init(
        _ reader: inout MessagePackReader, fields: Int, _ known: [Definition]
    ) throws(DecodeError) {
        guard fields >= 4 else { throw DecodeError(.missingField, at: reader.offset) }
        view = try reader.readInteger()
        let span = try Span(&reader)
        from = span.from
        to = span.to
        content = Content()
        definitions = []
        let parts = try Parts(&reader, fields: fields)
        if parts.definitions < parts.end {
            reader.offset = parts.definitions
            definitions = try Diff.readDefinitions(&reader)
        }
        let names = Diff.table(known + definitions)
        reader.offset = parts.sets
        for _ in 0..<(try reader.readPairCount()) {
            let start = reader.offset
            let path = try Diff.readPath(&reader, names)
            let value = try reader.readValue()
            if path.segments.isEmpty { throw DecodeError(.wrongKind, at: start) }
            if case .map(let map) = value, !map.isEmpty {
                throw DecodeError(.wrongKind, at: start)
            }
            content.set.append(Assignment(path: path, value: value))
        }
        if parts.unsets < parts.end {
            reader.offset = parts.unsets
            for _ in 0..<(try reader.readListCount()) {
                content.unset.append(try Diff.readPath(&reader, names))
            }
        }
        reader.offset = parts.end
    }

    /// Where the lists of a diff begin. Definitions are needed first, then come all unsets before
    /// all sets, which is the reverse of the order in which they travel: the last is often absent.
    struct Parts {
        let sets: Int
        /// At `end` when it is absent, and `definitions` the same.
        let unsets: Int
        let definitions: Int
        let end: Int

        /// `reader` stands behind the versions and is left there.
        @inline(__always)
        init(_ reader: inout MessagePackReader, fields: Int) throws(DecodeError) {
            sets = reader.offset
            try reader.skip()
            var starts = (unsets: reader.offset, definitions: reader.offset)
            if fields > 4 { try reader.skip() }
            starts.definitions = reader.offset
            for _ in 5..<max(fields, 5) { try reader.skip() }
            end = reader.offset
            unsets = starts.unsets
            definitions = starts.definitions
            reader.offset = sets
        }
    }

    /// Names by their aliases, so that a path costs its length, however many there are.
    private static func table(_ definitions: [Definition]) -> [Text?] {
        var names: [Text?] = []
        for definition in definitions where definition.alias < Document.aliasLimit {
            while names.count <= definition.alias { names.append(nil) }
            names[Int(definition.alias)] = definition.name
        }
        return names
    }

    private static func readPath(
        _ reader: inout MessagePackReader, _ names: [Text?]
    ) throws(DecodeError) -> Path {
        let head = try reader.peek()
        let isList = head & 0xf0 == 0x90 || head == 0xdc || head == 0xdd
        let count = isList ? try reader.readArrayCount() : 1
        guard count <= Limits.pathSegments else { throw DecodeError(.tooMany, at: reader.offset) }
        var segments: [Text] = []
        for _ in 0..<count {
            if try reader.isAtText() {
                segments.append(try reader.readText())
                continue
            }
            let start = reader.offset
            let alias = try reader.readInteger()
            guard alias < UInt64(names.count), let name = names[Int(alias)] else {
                throw DecodeError(.unknownAlias, at: start)
            }
            segments.append(name)
        }
        return Path(segments)
    }

    static func readDefinitions(
        _ reader: inout MessagePackReader
    ) throws(DecodeError) -> [Definition] {
        var definitions: [Definition] = []
        for _ in 0..<(try reader.readPairCount()) {
            let alias = try reader.readInteger(upTo: UInt64(Document.aliasLimit) - 1)
            definitions.append(Definition(alias: UInt32(alias), name: try reader.readText()))
        }
        return definitions
    }
}
