#if !hasFeature(Embedded)
    /// In JSON a message is the envelope `{"type": …, "data": {…}, "timestamp": …}`: its fields
    /// by name in `data`, which is left out when it has none, and the moment at which it was
    /// written, for people to read; nothing depends on it.
    extension Message {
        public func write(json writer: inout Writer, timestamp: WallTime? = nil) {
            writer.append("{\"type\":")
            writer.writeJSON(kind.name)
            var first = true
            if case .diff(let diff) = self {
                diff.putJSON(&writer, &first)
            } else {
                var list = FieldList()
                put(&list)
                for item in list.items {
                    guard let value = item.value else { continue }
                    Message.begin(item.name, &writer, &first)
                    writer.writeJSON(value)
                }
            }
            if !first { writer.append(0x7d) }
            if let timestamp {
                writer.append(",\"timestamp\":\"")
                writer.append(iso8601: timestamp)
                writer.append(0x22)
            }
            writer.append(0x7d)
        }

        fileprivate static func begin(_ name: Text, _ writer: inout Writer, _ first: inout Bool) {
            if first { writer.append(",\"data\":{") } else { writer.append(0x2c) }
            first = false
            writer.writeJSON(name)
            writer.append(0x3a)
        }

        /// Reads a message that takes up all of `bytes`.
        public init(json bytes: Span<UInt8>) throws(MessageError) {
            do throws(MessageError) {
                try self.init(json: bytes, depthLimit: Limits.depth)
            } catch {
                // Only a page may be deeper, and that it is one is known when it has been read.
                guard case .malformed(let malformed) = error, malformed.reason == .tooDeep else {
                    throw error
                }
                try self.init(json: bytes, depthLimit: Limits.depth + Limits.pageDepth)
                if kind != .page { throw error }
            }
        }

        /// The limit is that of a field's value, as in MessagePack: the envelope adds two levels.
        private init(json bytes: Span<UInt8>, depthLimit: Int) throws(MessageError) {
            let value: Value
            do throws(DecodeError) {
                var reader = JSONReader(bytes, depthLimit: depthLimit + 2)
                value = try reader.readValue()
                try reader.finish()
            } catch {
                throw .malformed(error)
            }
            guard case .map(let envelope) = value else {
                throw .malformed(DecodeError(.wrongKind, at: 0))
            }
            guard case .text(let name)? = envelope["type"] else { throw .field("type") }
            guard let kind = Kind(name: name) else { throw .unknown(name) }
            let data: Map
            switch envelope["data"] {
            case nil, .null?: data = Map()
            case .map(let map)?: data = map
            default: throw .field("data")
            }
            try self.init(kind, named: data)
        }

        /// A message from its kind and its fields by name, as they stand in `data`.
        public init(_ kind: Kind, named data: Map) throws(MessageError) {
            var fields = Fields(named: data)
            if kind == .diff {
                self = .diff(try Diff(&fields))
            } else {
                self = try Message(kind, &fields)
            }
        }
    }

    extension Diff {
        /// `set` as a tree, laid over the document by the reader; names are always literal.
        fileprivate func putJSON(_ writer: inout Writer, _ first: inout Bool) {
            for (name, n) in [("view", view), ("from", from), ("to", to)] as [(Text, UInt64)] {
                Message.begin(name, &writer, &first)
                writer.writeJSON(Number(n))
            }
            if !content.unset.isEmpty {
                Message.begin("unset", &writer, &first)
                writer.writeJSON(.array(content.unset.map { Value($0) }))
            }
            if !content.set.isEmpty {
                Message.begin("set", &writer, &first)
                let ordered = content.set.sorted { $0.path < $1.path }
                writer.writeJSON(Map(ordered[...], depth: 0))
            }
        }

        fileprivate init(_ fields: inout Fields) throws(MessageError) {
            view = try fields.integer("view")
            from = try fields.integer("from")
            to = try fields.integer("to")
            guard from < to else { throw .field("from") }
            content = Content(unset: try fields.list("unset") { $0.asPath })
            var paths: [(Path, Value)] = []
            try fields.map("set").collect(beneath: [], into: &paths)
            content.set = paths.map { Assignment(path: $0.0, value: $0.1) }
            definitions = []
        }
    }

    extension Map {
        /// What assignments in the order of their paths, equal up to `depth`, set beneath it. In
        /// that order every map is complete when it is made, so that thousands of fields cost no
        /// more than their sorting.
        fileprivate init(_ ordered: ArraySlice<Diff.Assignment>, depth: Int) {
            var entries: [Entry] = []
            var rest = ordered
            while let first = rest.first {
                // A set of the document itself is none.
                guard depth < first.path.segments.count else {
                    rest.removeFirst()
                    continue
                }
                let name = first.path.segments[depth]
                let group = rest.prefix {
                    depth < $0.path.segments.count && $0.path.segments[depth] == name
                }
                rest = rest.dropFirst(group.count)
                if let last = group.last, last.path.segments.count == depth + 1 {
                    entries.append(Entry(key: name, value: last.value))
                } else {
                    entries.append(Entry(key: name, value: .map(Map(group, depth: depth + 1))))
                }
            }
            self.init(ordered: entries)
        }

        fileprivate func collect(
            beneath path: [Text], into paths: inout [(Path, Value)]
        ) throws(MessageError) {
            guard path.count < Limits.pathSegments || isEmpty else { throw .field("set") }
            for entry in entries {
                if case .map(let inner) = entry.value, !inner.isEmpty {
                    try inner.collect(beneath: path + [entry.key], into: &paths)
                } else {
                    paths.append((Path(path + [entry.key]), entry.value))
                }
            }
        }
    }
#endif

extension Message {
    public func write(_ encoding: Encoding, to writer: inout Writer, timestamp: WallTime? = nil) {
        switch encoding {
        case .messagePack: write(messagePack: &writer)
        case .json:
            #if !hasFeature(Embedded)
                write(json: &writer, timestamp: timestamp)
            #else
                preconditionFailure("JSON is not part of an embedded build")
            #endif
        }
    }

    /// The message's bytes, for whoever sends just one.
    public func encoded(_ encoding: Encoding, timestamp: WallTime? = nil) -> [UInt8] {
        var writer = Writer()
        write(encoding, to: &writer, timestamp: timestamp)
        return writer.bytes()
    }
}
