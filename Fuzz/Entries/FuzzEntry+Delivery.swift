import Wire

extension FuzzEntry {
    /// Operations on an inbox and on ranges beside plain sets of numbers.
    public static func delivery(_ input: [UInt8]) {
        var tape = Tape(input)
        var ranges = Ranges()
        var numbers: Set<UInt64> = []
        let start = UInt64(tape.next() & 3)
        var inbox = Inbox(done: start)
        var (finished, open): (Set<UInt64>, Set<UInt64>) = ([], [])
        while let operation = tape.nextIfAny() {
            let number = UInt64(tape.next() & 31)
            switch operation % 7 {
            case 0:
                ranges.insert(number)
                numbers.insert(number)
            case 1:
                let end = number + UInt64(operation >> 4)
                ranges.insert(number...end)
                numbers.formUnion(number...end)
            case 2:
                ranges.removeAll(upTo: number)
                numbers = numbers.filter { $0 > number }
            case 3, 4:
                let verdict = inbox.received(number)
                let isDone = number <= start || finished.contains(number)
                require((verdict == .repeated) == isDone, "done or not")
                require(
                    (verdict == .underWay) == (!isDone && open.contains(number)), "under way")
                if !isDone { open.insert(number) }
            case 5 where number > start:
                inbox.finished(number)
                finished.insert(number)
                open.remove(number)
            default:
                inbox.refused(number)
                open.remove(number)
            }
            check(ranges, numbers)
            check(inbox, finished, start)
        }
    }

    private static func check(_ ranges: Ranges, _ numbers: Set<UInt64>) {
        require(ranges.list.flatMap { Array($0) } == numbers.sorted(), "another set")
        for (a, b) in zip(ranges.list, ranges.list.dropFirst()) {
            require(a.upperBound + 1 < b.lowerBound, "ranges that touch")
        }
        for n in UInt64(0)...50 { require(ranges.contains(n) == numbers.contains(n), "contains") }
    }

    private static func check(_ inbox: Inbox, _ finished: Set<UInt64>, _ start: UInt64) {
        var done = start
        while finished.contains(done + 1) { done += 1 }
        require(inbox.done == done, "done up to another")
        var copy = inbox
        if let ack = copy.acknowledgement(1) {
            require(ack.version == done, "acknowledges another")
            require(
                ack.ranges.flatMap { Array($0) } == finished.filter { $0 > done }.sorted(),
                "acknowledges other ranges")
        }
    }
}
