/// Bounds that hold everywhere, whatever a server is configured to allow beneath them.
public enum Limits {
    /// How deep maps and arrays may be nested within a value.
    public static let depth = 64
    /// A page of the past wraps each event twice; its fields may be deeper by so much.
    static let pageDepth = 2
    /// Versions, sequences and lengths stay below 2^53, so that every language's numbers hold them.
    public static let integer: UInt64 = 1 << 53 - 1
    /// How many segments a path may have.
    public static let pathSegments = 16
    /// How many conditions a patch may have; each may ask about a whole tree.
    public static let conditions = 64
    /// How many patterns a mask may have.
    public static let patterns = 64
    /// How many bytes a topic's name may have.
    public static let topicBytes = 256
}
