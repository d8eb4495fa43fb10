public import Wire

/// The events of a topic, the newest last; the oldest go when there are too many.
public struct EventLog: Sendable {
    public struct Entry: Equatable, Sendable {
        public let sequence: UInt64
        public let time: WallTime
        public let data: Value

        public init(sequence: UInt64, time: WallTime, data: Value) {
            self.sequence = sequence
            self.time = time
            self.data = data
        }
    }

    private var entries: [Entry?] = []
    private var dropped = 0
    private let limit: Int

    init(limit: Int, entries: [Entry] = []) {
        self.limit = limit
        self.entries = entries
    }

    var count: Int { entries.count - dropped }

    /// The oldest sequence that is still there; nil when none is.
    var first: UInt64? { count > 0 ? entries[dropped]?.sequence : nil }

    var all: [Entry] { entries[dropped...].compactMap { $0 } }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        if count > limit {
            entries[dropped] = nil
            dropped += 1
        }
        if dropped > 64 && dropped * 2 > entries.count {
            entries.removeFirst(dropped)
            dropped = 0
        }
    }

    /// Forgets the oldest, those of a greater age; false when there are none.
    mutating func forget(olderThan age: Interval, at wall: WallTime) -> Bool {
        let start = dropped
        while dropped < entries.count, let entry = entries[dropped], entry.time + age < wall {
            entries[dropped] = nil
            dropped += 1
        }
        return dropped > start
    }

    subscript(sequence: UInt64) -> Entry? {
        let i = place(from: sequence)
        guard i < entries.count, entries[i]?.sequence == sequence else { return nil }
        return entries[i]
    }

    /// The place of the first entry at or above the sequence.
    private func place(from sequence: UInt64) -> Int {
        var low = dropped
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if (entries[middle]?.sequence ?? 0) < sequence {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// At most so many entries, from the first at or above the sequence.
    func entries(from sequence: UInt64, limit: Int) -> [Entry] {
        let start = place(from: sequence)
        return entries[start..<min(entries.count, start + limit)].compactMap { $0 }
    }

    /// The last so many.
    func last(_ limit: Int) -> [Entry] {
        entries[max(dropped, entries.count - limit)...].compactMap { $0 }
    }

    /// The sequence of the first entry at or after a moment; nil when all are older.
    func sequence(at time: WallTime) -> UInt64? {
        all.first { $0.time >= time }?.sequence
    }
}
