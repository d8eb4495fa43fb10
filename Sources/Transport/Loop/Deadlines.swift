internal import Wire

/// When to look at which connection again: a heap with at most a few entries each.
///
/// A connection's true deadline is its own field. The heap holds an entry that is not later than
/// it; pushing a deadline further away (which every byte received does) therefore costs nothing
/// here, and an entry that comes up too early is put back at the true time.
struct Deadlines {
    struct Entry: Equatable {
        var at: Instant
        var token: Token
    }

    private var heap: [Entry] = []

    var earliest: Instant? { heap.first?.at }
    var count: Int { heap.count }

    mutating func insert(_ at: Instant, _ token: Token) {
        heap.append(Entry(at: at, token: token))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].at < heap[parent].at else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest entry that is not after `now`.
    mutating func popDue(_ now: Instant) -> Entry? {
        guard let top = heap.first, top.at <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return top }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)..<(2 * parent + 3) where child < heap.count {
                if heap[child].at < heap[least].at { least = child }
            }
            if least == parent { return top }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
