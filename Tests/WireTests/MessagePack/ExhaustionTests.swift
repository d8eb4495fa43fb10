import FuzzEntries
import Testing

@Suite("Every short MessagePack input") struct ExhaustionTests {
    @Test("One and two bytes are decoded or refused, as the reference does")
    func oneAndTwo() {
        for a in UInt8.min...UInt8.max {
            FuzzEntry.messagePack([a])
            for b in UInt8.min...UInt8.max { FuzzEntry.messagePack([a, b]) }
        }
    }

    /// All sixteen million. Where the first byte is a value by itself, the other two must be found
    /// to be too many, whatever they are; that is seen with less ado.
    @Test("Three bytes are decoded or refused", arguments: UInt8.min...UInt8.max)
    func three(_ a: UInt8) {
        let isWhole = FuzzEntry.messagePackAlone([a]) != nil
        var input = [a, 0, 0]
        var refused = 0
        for b in UInt8.min...UInt8.max {
            input[1] = b
            for c in UInt8.min...UInt8.max {
                input[2] = c
                if isWhole {
                    refused += FuzzEntry.messagePackEndsEarly(input) ? 1 : 0
                } else {
                    FuzzEntry.messagePackAlone(input)
                }
            }
        }
        #expect(refused == (isWhole ? 65_536 : 0))
    }

    @Test("Random values are written as the reference writes them") func randomValues() {
        var random = Seeded(2)
        for _ in 0..<3_000 {
            let value = random.value()
            FuzzEntry.messagePackWriting(value)
        }
    }

    @Test("Random bytes, mostly heads, are decoded or refused as the reference does")
    func randomBytes() {
        var random = Seeded(3)
        for _ in 0..<30_000 {
            let input = (0..<random.below(12) + 3).map { _ in
                random.below(2) == 0 ? UInt8(random.below(256)) : UInt8(0xc0 + random.below(32))
            }
            FuzzEntry.messagePack(input)
        }
    }
}
