/// What will happen, in the order of its moments; what falls on one moment happens in the order in
/// which it was planned. Nothing else orders a simulation, so a seed always gives the same one.
struct Agenda {
    struct Entry {
        /// The world's own time, in nanoseconds.
        let at: UInt64
        let order: UInt64
        let event: Event
    }

    enum Event {
        /// A loop runs a turn. Superseded when the loop's turn has been planned anew.
        case turn(loop: Int, life: Int)
        /// A bundle of letters reaches a loop.
        case mail(from: Int, to: Int, life: Int)
        /// The next message of a connection reaches its other end.
        case up(Line)
        case down(Line)
        /// An end of a connection learns that it is gone.
        case serverEnd(Line)
        case clientEnd(Line)
        /// A client's timer; superseded like a turn.
        case wake(client: Int)
        case connect(client: Int)
        /// A client does something of its own accord.
        case act(client: Int)
        /// A slow reader reads again.
        case read(client: Int)
        case fault
        case restart
        /// A node that goes has waited long enough.
        case shut(life: Int)
        /// What a loop asked its storage for is done.
        case stored(loop: Int, life: Int)
    }

    private var heap: [Entry] = []
    private var planned: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }

    mutating func plan(_ event: Event, at: UInt64) {
        planned += 1
        heap.append(Entry(at: at, order: planned, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if Agenda.precedes(heap[parent], heap[child]) { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    mutating func next() -> Entry? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            let left = parent * 2 + 1
            if left >= heap.count { break }
            let right = left + 1
            let child =
                right < heap.count && Agenda.precedes(heap[right], heap[left]) ? right : left
            if Agenda.precedes(heap[parent], heap[child]) { break }
            heap.swapAt(parent, child)
            parent = child
        }
        return first
    }

    private static func precedes(_ a: Entry, _ b: Entry) -> Bool {
        a.at != b.at ? a.at < b.at : a.order < b.order
    }
}

/// First in, first out.
struct Queue<Element> {
    private var elements: [Element] = []
    private var first = 0

    var count: Int { elements.count - first }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func next() -> Element? {
        guard first < elements.count else { return nil }
        let element = elements[first]
        first += 1
        if first > 32 && first * 2 > elements.count {
            elements.removeFirst(first)
            first = 0
        }
        return element
    }

    mutating func removeAll() {
        elements = []
        first = 0
    }
}
