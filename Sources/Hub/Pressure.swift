/// What is refused while the whole is short of memory: the first costs most for what is there
/// already, so it is refused first. What goes on already goes on.
public enum Pressure: UInt8, Comparable, Sendable {
    case none
    /// New connections.
    case connections
    /// New subscriptions and reads of history as well.
    case subscriptions
    /// What is published as well.
    case publishes

    public static func < (a: Pressure, b: Pressure) -> Bool { a.rawValue < b.rawValue }
}
