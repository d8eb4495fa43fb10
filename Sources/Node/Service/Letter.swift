import Hub
import Transport

/// What one loop writes to another: requests to the hub of a shard, notices to a desk; and what the
/// store answers. A turn's letters to one loop travel together.
enum Letter: Sendable {
    case request(Request)
    case notice(Notice, fromShard: Int)
    /// From now on tokens are checked so; connections that are in stay in.
    case access(AccessSettings)
    /// From now on these limits hold.
    case limits(NodeLimits)
    /// From now on a listener shows this certificate.
    case certificate(TLSContext, listener: String)
    case store([StoreAnswer])
    /// Somebody wants to know whether this loop turns.
    case pulse(Pulse)
    /// An application answers, or has something done.
    case application(ApplicationLetter)
    /// The operator asks.
    case inquiry(Inquiry)
    case stop
}
