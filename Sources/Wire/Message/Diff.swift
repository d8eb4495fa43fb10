/// What brings a view from any version in `from...to` to `to`: all that is unset, then all that is
/// set, as absolute values.
public struct Diff: Equatable, Sendable {
    public var view: UInt64
    public var from: UInt64
    public var to: UInt64
    public var content: Content
    /// Aliases to keep for this and later frames of the view.
    public var definitions: [Definition]

    public init(
        view: UInt64, from: UInt64, to: UInt64, content: Content, definitions: [Definition] = []
    ) {
        self.view = view
        self.from = from
        self.to = to
        self.content = content
        self.definitions = definitions
    }

    public struct Content: Equatable, Sendable {
        public var unset: [Path]
        public var set: [Assignment]

        public init(unset: [Path] = [], set: [Assignment] = []) {
            self.unset = unset
            self.set = set
        }

        public var isEmpty: Bool { unset.isEmpty && set.isEmpty }
    }

    public struct Assignment: Equatable, Sendable {
        public let path: Path
        public let value: Value

        public init(path: Path, value: Value) {
            self.path = path
            self.value = value
        }
    }

    public struct Definition: Equatable, Sendable {
        public let alias: UInt32
        public let name: Text

        public init(alias: UInt32, name: Text) {
            self.alias = alias
            self.name = name
        }
    }

    static func write(_ definitions: [Definition], to writer: inout Writer) {
        writer.packArray(definitions.count * 2)
        for definition in definitions {
            writer.pack(UInt64(definition.alias))
            writer.pack(definition.name)
        }
    }
}
