import Hub

/// What one loop writes to another: requests to the hub of a shard, notices to a desk; and what the
/// store answers. A turn's letters to one loop travel together.
enum Letter: Sendable {
    case request(Request)
    case notice(Notice, fromShard: Int)
    case store([StoreAnswer])
    case stop
}
