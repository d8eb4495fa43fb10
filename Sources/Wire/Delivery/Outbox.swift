/// A publisher's side: what was said and not answered yet, to be said again after a reconnect or a
/// *retry later*, always under the same id, so that it is done once however often it is said.
public struct Outbox: Sendable {
    /// What became of a publish or command.
    public enum Outcome: Equatable, Sendable {
        case acknowledged(version: UInt64)
        case replied(Value)
        /// It will be tried again by itself.
        case postponed(Code)
        case refused(Nack)
        /// Nothing is waiting under that id: an answer that came again.
        case unknown
    }

    private enum Standing: Equatable, Sendable {
        case waiting
        case sent
        case postponed(until: Instant)
    }

    private struct Item: Sendable {
        let id: UInt64
        let message: Message
        var standing: Standing
        var retry = Retry()
    }

    /// In the order of their ids, which is the order in which they are said.
    private var items: [Item] = []
    private var nextID: UInt64 = 1
    private var sent = 0
    /// How many may be unanswered at a time, as the server announced.
    public var inFlightLimit: Int = 256

    public init() {}

    public var count: Int { items.count }
    public var isEmpty: Bool { items.isEmpty }

    /// Takes a change of a topic on; the id under which it will be answered comes back.
    public mutating func publish(
        _ topic: Text, _ change: Publish.Change, expiries: [Publish.Expiry] = []
    ) -> UInt64 {
        take { .publish(Publish(id: $0, topic: topic, change: change, expiries: expiries)) }
    }

    public mutating func command(_ name: Text, _ data: Value) -> UInt64 {
        take { .command(Command(id: $0, name: name, data: data)) }
    }

    private mutating func take(_ make: (UInt64) -> Message) -> UInt64 {
        let id = nextID
        nextID += 1
        items.append(Item(id: id, message: make(id), standing: .waiting))
        return id
    }

    /// The next thing to say, if there is one and the server would take it now.
    public mutating func next(now: Instant) -> Message? {
        guard sent < inFlightLimit else { return nil }
        for i in items.indices {
            switch items[i].standing {
            case .sent: continue
            case .postponed(let until) where until > now: continue
            case .waiting, .postponed:
                items[i].standing = .sent
                sent += 1
                return items[i].message
            }
        }
        return nil
    }

    /// The connection is gone: everything without an answer is to be said again, in order.
    public mutating func disconnected() {
        for i in items.indices where items[i].standing == .sent { items[i].standing = .waiting }
        sent = 0
    }

    public mutating func received(_ ack: Ack) -> Outcome {
        remove(ack.id) == nil ? .unknown : .acknowledged(version: ack.version)
    }

    public mutating func received(_ reply: Reply) -> Outcome {
        remove(reply.id) == nil ? .unknown : .replied(reply.data)
    }

    public mutating func received(
        _ nack: Nack, now: Instant, using generator: inout some RandomNumberGenerator
    ) -> Outcome {
        guard let place = place(nack.id) else { return .unknown }
        switch nack.code.remedy {
        case .retryNow, .retryLater:
            if items[place].standing == .sent { sent -= 1 }
            let wait = items[place].retry.next(
                nack.code.remedy, after: nack.after, now: now, using: &generator)
            items[place].standing = .postponed(until: now + wait)
            return .postponed(nack.code)
        case .authenticateAgain, .takeSnapshot, .giveUp:
            remove(nack.id)
            return .refused(nack)
        }
    }

    /// When `next` has something again that it does not have now.
    public var deadline: Instant? {
        var soonest: Instant?
        for item in items {
            if case .postponed(let until) = item.standing {
                soonest = min(soonest ?? until, until)
            }
        }
        return soonest
    }

    private func place(_ id: UInt64) -> Int? {
        var low = 0
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if items[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < items.count && items[low].id == id ? low : nil
    }

    @discardableResult
    private mutating func remove(_ id: UInt64) -> Message? {
        guard let place = place(id) else { return nil }
        if items[place].standing == .sent { sent -= 1 }
        return items.remove(at: place).message
    }
}
