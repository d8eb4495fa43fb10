/// Which fields a view holds: all that stand at or beneath any of its patterns.
///
/// A pattern is a path in which a segment may also be *any name*, which is how one asks for a
/// column of a collection: `[any, "status"]`. Masks are kept in one canonical form, sorted and
/// without patterns that another covers, so equal masks ask for the same fields by the same bytes
/// and share an audience.
public struct Mask: Hashable, Sendable {
    public enum Segment: Hashable, Comparable, Sendable {
        /// Sorts before every name.
        case any
        case name(Text)
    }

    public typealias Pattern = [Segment]

    public let patterns: [Pattern]

    /// The whole document.
    public static let everything = Mask([[]])
    /// No field at all.
    public static let nothing = Mask([])

    public init(_ patterns: [Pattern]) {
        var kept: [Pattern] = []
        // In this order a pattern stands right before those that it begins, and without any name
        // in it, it covers no others. So only the few that have one are compared with all.
        for pattern in patterns.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            if let last = kept.last, pattern.starts(with: last) { continue }
            kept.append(pattern)
        }
        let wide = kept.filter { $0.contains(.any) }
        if !wide.isEmpty {
            kept.removeAll { pattern in
                wide.contains { $0 != pattern && Mask.covers($0, pattern) }
            }
        }
        self.patterns = kept
    }

    /// The fields at and beneath these paths.
    public init(paths: [Path]) {
        self.init(paths.map { path in path.segments.map { .name($0) } })
    }

    public var isEverything: Bool { patterns == [[]] }
    public var isNothing: Bool { patterns.isEmpty }

    /// Whether all that `b` matches is at or beneath what `a` matches.
    private static func covers(_ a: Pattern, _ b: Pattern) -> Bool {
        guard a.count <= b.count else { return false }
        for (x, y) in zip(a, b) where x != .any && x != y { return false }
        return true
    }

    /// The fields that both masks hold: what a subscriber asked for, of what it may see.
    public func intersection(_ other: Mask) -> Mask {
        var both: [Pattern] = []
        for a in patterns {
            for b in other.patterns {
                if let pattern = Mask.overlap(a, b) { both.append(pattern) }
            }
        }
        return Mask(both)
    }

    private static func overlap(_ a: Pattern, _ b: Pattern) -> Pattern? {
        let (short, long) = a.count < b.count ? (a, b) : (b, a)
        var result = long
        for i in short.indices {
            switch (short[i], long[i]) {
            case (.any, _): break
            case (_, .any): result[i] = short[i]
            case (let x, let y): if x != y { return nil }
            }
        }
        return result
    }

    /// How a place in the document lies to the mask.
    enum Place: Equatable {
        /// At or beneath a pattern: visible.
        case within
        /// On the way to a pattern: what is removed here may take visible fields along.
        case above
        case outside
    }

    func place(of path: Path) -> Place {
        place(depth: path.segments.count) { path.segments[$0] }
    }

    /// The same for a place given by its depth and the name at each level.
    @inline(__always)
    func place(depth: Int, name: (Int) -> Text) -> Place {
        var place = Place.outside
        for pattern in patterns {
            var matches = true
            for i in 0..<min(depth, pattern.count) {
                if case .name(let wanted) = pattern[i], wanted != name(i) {
                    matches = false
                    break
                }
            }
            if matches {
                if pattern.count <= depth { return .within }
                place = .above
            }
        }
        return place
    }

    /// Whether the field at `path` and all that could stand beneath it are held.
    public func holds(_ path: Path) -> Bool { place(of: path) == .within }
}
