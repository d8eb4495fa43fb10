import Hub

/// What one loop writes to another: requests to the hub of a shard, notices to a desk. A turn's
/// letters to one loop travel together.
enum Letter: Sendable {
    case request(Request)
    case notice(Notice, fromShard: Int)
    case stop
}
