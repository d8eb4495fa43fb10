/// A set of sequence numbers, kept as closed ranges in order that neither meet nor touch.
///
///     {1, 2, 3, 7, 9, 10}  is  [1...3, 7...7, 9...10]
///
/// In delivery nearly everything is one range, so the list is short.
public struct Ranges: Equatable, Sendable {
    public private(set) var list: [ClosedRange<UInt64>] = []

    public init() {}

    public var isEmpty: Bool { list.isEmpty }

    /// The place of the first range that ends at or above `number`.
    private func place(_ number: UInt64) -> Int {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if list[middle].upperBound < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    public func contains(_ number: UInt64) -> Bool {
        let i = place(number)
        return i < list.count && list[i].lowerBound <= number
    }

    public mutating func insert(_ number: UInt64) { insert(number...number) }

    public mutating func insert(_ range: ClosedRange<UInt64>) {
        // All that meet or touch the new range become one with it.
        let first = range.lowerBound > 0 ? place(range.lowerBound - 1) : 0
        var last = first
        var low = range.lowerBound
        var high = range.upperBound
        while last < list.count,
            list[last].lowerBound <= (high == .max ? high : high + 1)
        {
            low = min(low, list[last].lowerBound)
            high = max(high, list[last].upperBound)
            last += 1
        }
        list.replaceSubrange(first..<last, with: [low...high])
    }

    /// Drops everything up to and including `number`.
    public mutating func removeAll(upTo number: UInt64) {
        var i = 0
        while i < list.count, list[i].upperBound <= number { i += 1 }
        list.removeFirst(i)
        if let first = list.first, first.lowerBound <= number {
            list[0] = number + 1...first.upperBound
        }
    }
}
