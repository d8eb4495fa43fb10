public import Wire

/// What a desk needs of the loop it stands on. Called in order, on the loop's thread, and never
/// calling back into the desk.
///
/// Connections are named by the loop's own word for them, 64 bits that the desk gives back as it
/// got them.
public protocol Carrier: AnyObject {
    /// One message to one connection.
    func carry(_ message: [UInt8], _ encoding: Encoding, to connection: UInt64)

    /// Makes a frame of a message, for the calls of `carryPrepared` that follow.
    func prepare(_ message: [UInt8], _ encoding: Encoding)
    func carryPrepared(to connection: UInt64)

    /// Closes behind everything carried so far.
    func close(_ connection: UInt64, _ code: Code, _ reason: Text)

    /// Stops reading from a connection that has too much under way, and reads again.
    func pause(_ connection: UInt64)
    func resume(_ connection: UInt64)

    /// To the hub that owns the topics of a shard.
    func post(_ request: Request, toShard shard: Int)

    /// Whose token it is.
    func verify(_ token: Text) -> TokenVerdict

    /// Whether somebody whose token is good may have one connection more; why not, otherwise.
    func admit(_ principal: Principal, on connection: UInt64) -> Nack?

    /// Hands a command on; a refusal where nobody takes it.
    func take(
        _ command: Command, from origin: Origin, _ principal: Principal, instance: Text?
    ) -> Nack?

    /// How long somebody must wait before publishing, signalling or reading history again; nil
    /// while it is within the limits.
    func wait(for principal: Principal) -> Interval?
}

extension Carrier {
    public func admit(_ principal: Principal, on connection: UInt64) -> Nack? { nil }
    public func wait(for principal: Principal) -> Interval? { nil }

    public func take(
        _ command: Command, from origin: Origin, _ principal: Principal, instance: Text?
    ) -> Nack? {
        Nack(id: command.id, code: .unsupported, reason: "no application has it")
    }
}

public enum TokenVerdict: Equatable, Sendable {
    /// For so long; nil for a token that never expires.
    case accepted(Principal, lifetime: Interval?)
    /// As invalid, expired or revoked.
    case rejected(Code, reason: Text)
}
