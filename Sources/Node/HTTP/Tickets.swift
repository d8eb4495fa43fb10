import Hub
import Synchronization
import Transport
import Wire

/// Tickets: for clients that cannot send a header with their token, as a browser's EventSource
/// cannot. Each is good once and for a short time, and stands for the token that bought it
/// (rule 27). All loops of a node share them.
final class Tickets: Sendable {
    struct Holder: Sendable {
        let bearer: Bearer
        let until: Instant
    }

    /// How long a ticket is good.
    static let life = Interval.seconds(30)
    private static let limit = 10_000

    private let holders = Mutex<[Text: Holder]>([:])

    /// Nil while too many are out.
    func issue(to bearer: Bearer, now: Instant) -> Text? {
        var digits: [UInt8] = []
        for byte in System.random(16) {
            for digit in [byte >> 4, byte & 15] {
                digits.append(digit < 10 ? 48 + digit : 87 + digit)
            }
        }
        let ticket = Text(String(decoding: digits, as: UTF8.self))
        return holders.withLock { holders in
            if holders.count >= Tickets.limit { holders = holders.filter { $0.value.until > now } }
            guard holders.count < Tickets.limit else { return nil }
            holders[ticket] = Holder(bearer: bearer, until: now + Tickets.life)
            return ticket
        }
    }

    /// Whose it is; it is used up by this.
    func take(_ ticket: Text, now: Instant) -> Bearer? {
        let holder = holders.withLock { $0.removeValue(forKey: ticket) }
        guard let holder, holder.until > now else { return nil }
        return holder.bearer
    }
}

/// Somebody whose token was found good, and when it stops to be.
struct Bearer: Sendable {
    let principal: Principal
    /// On the clock of the node; nil for a token that never expires.
    let expires: Instant?

    func lifetime(at now: Instant) -> Interval? { expires.map { $0.since(now) } }
}
