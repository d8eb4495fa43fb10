import Hub
import Transport
import Wire

/// What a loop and the store say to each other.
extension NodeLoop {
    /// Hands over what the hub asked of the store, and what was held back before.
    func writeToStore() {
        guard let store = shared.store else { return }
        let requests = hub.takeStoreRequests()
        for case .commit(let commit) in requests { committing[commit.id] = loop.now }
        storeLine.add(requests, now: loop.now)
        let due = storeLine.due(now: loop.now)
        if !due.isEmpty && !store.post(due, from: number) { storeLine.putBack(due) }
    }

    func receive(_ answers: [StoreAnswer]) {
        for answer in answers {
            if case .committed(let id) = answer, let began = committing.removeValue(forKey: id) {
                timing.stored.add(loop.now.since(began))
            }
            if case .failed(let id) = answer { committing[id] = nil }
            storeLine.note(answer, now: loop.now)
            hub.receive(answer, now: loop.now)
        }
    }
}

/// The requests on their way from one loop to the store.
///
/// A hub tries again at once: a topic that could not be read is asked for as long as somebody
/// watches it, and what a durable name is owed is stored with the next commit when this one failed.
/// While a disk is full that would keep a loop and the store busy with nothing, so here is where a
/// request that failed just now waits before it goes again.
struct StoreLine {
    /// What goes with the next letter, in order.
    private var ready: [StoreRequest] = []
    private var held: [(until: Instant, request: StoreRequest)] = []
    /// The topics of each commit that has not been answered.
    private var underWay: [UInt64: [TopicKey]] = [:]
    /// Topics that could not be stored or not be read, and until when they wait.
    private var unstored: [TopicKey: Instant] = [:]
    private var unread: [TopicKey: Instant] = [:]
    private var isBoxFull = false

    static let pauseAfterCommit = Interval.milliseconds(250)
    static let pauseAfterLoad = Interval.milliseconds(1_000)

    mutating func add(_ requests: [StoreRequest], now: Instant) {
        if !unstored.isEmpty { unstored = unstored.filter { $0.value > now } }
        if !unread.isEmpty { unread = unread.filter { $0.value > now } }
        for request in requests {
            let until: Instant?
            switch request {
            case .load(let key): until = unread[key]
            case .list: until = nil
            case .commit(let commit):
                let keys = commit.writes.map { $0.key }
                underWay[commit.id] = keys
                until = unstored.isEmpty ? nil : keys.compactMap { unstored[$0] }.max()
            }
            if let until { held.append((until, request)) } else { ready.append(request) }
        }
    }

    /// What is to be sent now.
    mutating func due(now: Instant) -> [StoreRequest] {
        for (_, request) in held.filter({ $0.until <= now }) { ready.append(request) }
        held.removeAll { $0.until <= now }
        defer { ready = [] }
        isBoxFull = false
        return ready
    }

    /// The store's box was full: soon again.
    mutating func putBack(_ requests: [StoreRequest]) {
        ready = requests + ready
        isBoxFull = true
    }

    mutating func note(_ answer: StoreAnswer, now: Instant) {
        switch answer {
        case .loaded, .listed: break
        case .loadFailed(let key): unread[key] = now + StoreLine.pauseAfterLoad
        case .committed(let id): underWay[id] = nil
        case .failed(let id):
            for key in underWay.removeValue(forKey: id) ?? [] {
                unstored[key] = now + StoreLine.pauseAfterCommit
            }
        }
    }

    /// When something that was held back goes.
    func deadline(now: Instant) -> Instant? {
        let soonest = held.map { $0.until }.min()
        let again = now + .milliseconds(1)
        return isBoxFull ? min(soonest ?? again, again) : soonest
    }
}
