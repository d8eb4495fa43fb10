import Hub
import Wire

/// What is known of those who sit in the hubs' audiences.
struct Seats {
    struct Key: Hashable {
        let desk: UInt32
        let seat: SeatID
    }

    struct AudienceKey: Hashable {
        let shard: Int
        let audience: AudienceID
    }

    struct Crowd {
        var seats = 0
        let rate: RateClass
        var lastFrame: Instant?
    }

    struct NameKey: Hashable {
        let topic: Text
        let name: Text
    }

    /// Asked, and not answered.
    var joining: [Key: Request.Join] = [:]
    var crowds: [AudienceKey: Crowd] = [:]
    /// Who reads under each name, and under which name each seat reads.
    var holders: [NameKey: Key] = [:]
    var names: [Key: NameKey] = [:]
    /// How many events each may still be sent.
    var credit: [Key: Int] = [:]
    /// What was refused for good under each name.
    var refused: [NameKey: Set<UInt64>] = [:]
    /// Seats that the hub has ended, and those that gave their name back.
    var ended: Set<Key> = []
    var released: Set<Key> = []
}

/// What must hold for audiences (rule 13) and for names (rule 23): frames keep to their rate, a
/// name has one reader, whoever loses it is told, and gets nothing more.
extension Oracle {
    func joining(_ join: Request.Join) {
        seats.joining[Seats.Key(desk: join.desk, seat: join.seat)] = join
    }

    func joined(_ desk: Int, _ seat: SeatID, _ joined: Notice.Joined, _ shard: Int) {
        let key = Seats.Key(desk: UInt32(desk), seat: seat)
        guard let join = seats.joining.removeValue(forKey: key) else {
            fail("a seat was given that nobody asked for")
            return
        }
        let audience = Seats.AudienceKey(shard: shard, audience: joined.audience)
        seats.crowds[audience, default: Seats.Crowd(rate: joined.rate)].seats += 1
        if joined.rate != join.rate { fail("an audience has another rate than was asked for") }
        guard let reader = join.reader else { return }
        let name = Seats.NameKey(topic: join.topic.name, name: reader.name)
        if let holder = seats.holders[name], holder != key, !seats.ended.contains(holder),
            !seats.released.contains(holder)
        {
            fail("\(reader.name) of \(join.topic.name) was taken, and its reader not told")
        }
        seats.holders[name] = key
        seats.names[key] = name
        seats.credit[key, default: 0] += Int(reader.credit)
    }

    func left(_ key: Seats.AudienceKey) {
        seats.crowds[key]?.seats -= 1
        if seats.crowds[key]?.seats == 0 { seats.crowds[key] = nil }
    }

    func framed(_ audience: AudienceID, _ frame: Notice.Frame, _ shard: Int, _ now: Instant) {
        let key = Seats.AudienceKey(shard: shard, audience: audience)
        // Not a frame of its own, but a remark on a version.
        if frame.leads == .max { return }
        guard let crowd = seats.crowds[key] else {
            fail("a frame was made for an audience without a seat")
            return
        }
        if let last = crowd.lastFrame, last < now, now.since(last) < crowd.rate.interval {
            fail("frames come more often than \(crowd.rate.perThousandSeconds) in 1,000 s")
        }
        seats.crowds[key]?.lastFrame = now
    }

    /// A reader refuses an event for good. What it says counts while nobody else has come for its
    /// name, and with a commit that fails it is forgotten.
    func refusedForGood(_ sequence: UInt64, _ key: Seats.Key) {
        guard scenario.storeFailures == 0, let name = seats.names[key],
            seats.holders[name] == key, !seats.ended.contains(key)
        else { return }
        let isTaken = seats.joining.values.contains { join in
            join.topic.name == name.topic && join.reader?.name == name.name
        }
        if !isTaken { seats.refused[name, default: []].insert(sequence) }
    }

    /// An event goes out under a name.
    func given(_ key: Seats.Key, _ bytes: [UInt8]) {
        guard let name = seats.names[key] else {
            fail("an event went to a seat without a name")
            return
        }
        if seats.ended.contains(key) {
            fail("an event of \(name.topic) went to whom \(name.name) had been taken from")
        }
        let encoding = bytes.first == UInt8(ascii: "{") ? Encoding.json : .messagePack
        if Line.kind(bytes, encoding) != .event { return }
        if let refused = seats.refused[name], let event = Line.event(bytes, encoding),
            refused.contains(event.sequence)
        {
            fail("event \(event.sequence) of \(name.topic) came again to \(name.name)")
        }
        seats.credit[key, default: 0] -= 1
        // When a commit fails what was under way comes again, and its credit is given back.
        if scenario.storeFailures == 0, seats.credit[key, default: 0] < 0 {
            fail("more events of \(name.topic) went out than \(name.name) gave credit for")
        }
    }
}
