import Wire

/// The one source of everything that is random in a simulation.
struct Chance {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        // Neighbouring seeds begin alike; a few numbers on they have nothing in common.
        for _ in 0..<4 { _ = generator.next() }
    }

    mutating func number(_ range: ClosedRange<UInt64>) -> UInt64 {
        let width = range.upperBound - range.lowerBound
        return width == .max
            ? generator.next() : range.lowerBound + generator.next() % (width + 1)
    }

    mutating func number(below limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }

    mutating func count(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + number(below: range.upperBound - range.lowerBound + 1)
    }

    /// True so often in a hundred.
    mutating func percent(_ share: Int) -> Bool { generator.next() % 100 < UInt64(share) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[number(below: elements.count)]
    }
}
