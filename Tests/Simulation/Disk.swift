import Hub
import Wire

/// The store that outlives the node: what was synced is there after every crash, of what was under
/// way a part, and now and then it fails.
final class Disk {
    private var topics: [TopicKey: StoredTopic] = [:]
    /// By loop, in order: asked for and not done.
    private var queues: [Queue<StoreRequest>] = []
    private var last: [UInt64] = []
    /// How many commits of one loop were under way at a time, at most.
    private(set) var mostUnderWay = 0

    /// The node starts with empty queues.
    func begin(loops: Int) {
        queues = [Queue<StoreRequest>](repeating: Queue(), count: loops)
        last = [UInt64](repeating: 0, count: loops)
    }

    /// Takes a request on; the moment at which it will be done comes back.
    func ask(_ request: StoreRequest, from loop: Int, at moment: UInt64) -> UInt64 {
        queues[loop].append(request)
        mostUnderWay = max(mostUnderWay, queues[loop].count)
        last[loop] = max(last[loop], moment)
        return last[loop]
    }

    /// Does what a loop asked for first; nil when a crash was faster.
    func serve(_ loop: Int, fails: Bool, _ oracle: Oracle) -> StoreAnswer? {
        guard loop < queues.count, let request = queues[loop].next() else { return nil }
        switch request {
        case .load(let key): return fails ? .loadFailed(key) : .loaded(key, topics[key])
        case .list: return .listed(TopicList(topics: [], last: nil))
        case .commit(let commit):
            if fails { return .failed(commit.id) }
            keep(commit, oracle)
            return .committed(commit.id)
        }
    }

    /// The node dies: of what each loop had under way, the first so many are on the disk.
    func crash(_ chance: inout Chance, _ oracle: Oracle) {
        for loop in queues.indices {
            while let request = queues[loop].next(), chance.percent(50) {
                if case .commit(let commit) = request { keep(commit, oracle) }
            }
        }
        queues = []
    }

    private func keep(_ commit: Commit, _ oracle: Oracle) {
        for write in commit.writes {
            topics[write.key] = .after(write, topics[write.key])
            oracle.stored(write)
        }
    }
}
