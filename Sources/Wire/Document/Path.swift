/// The names that lead from a document's root to a field. The empty path is the whole document.
public struct Path: Hashable, Comparable, Sendable {
    public let segments: [Text]

    public init(_ segments: [Text]) { self.segments = segments }

    public static func < (a: Path, b: Path) -> Bool {
        for (x, y) in zip(a.segments, b.segments) where x != y { return x < y }
        return a.segments.count < b.segments.count
    }
}

extension Path: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Text...) { segments = elements }
}

extension Path: CustomStringConvertible {
    public var description: String { segments.map { $0.string }.joined(separator: "/") }
}
