import Testing
import Wire

@Suite("Masks") struct MaskTests {
    /// Random patterns over few names, so that they often cover each other.
    private func mask(_ random: inout Seeded) -> Mask {
        Mask(
            (0..<random.below(4)).map { _ in
                (0..<random.below(4)).map { _ in
                    random.below(3) == 0 ? .any : .name(random.pick(["a", "b"]))
                }
            })
    }

    private static let paths: [Path] = {
        var paths: [Path] = [[]]
        for _ in 0..<4 {
            paths += paths.flatMap { path in
                (["a", "b", "c"] as [Text]).map { Path(path.segments + [$0]) }
            }
        }
        return Array(Set(paths)).sorted().filter { $0.segments.count < 5 }
    }()

    @Test("Order, repetition and what is covered anyway make no difference") func canonical() {
        let mask = Mask([[.name("b")], [.name("a"), .name("x")], [.any, .name("y")]])
        #expect(
            mask.patterns == [[.any, .name("y")], [.name("a"), .name("x")], [.name("b")]])
        #expect(Mask(mask.patterns.reversed() + mask.patterns) == mask)
        #expect(Mask([[.name("b"), .name("c")], [.name("b")]]) == Mask([[.name("b")]]))
        #expect(Mask([[.any], [.name("b")]]) == Mask([[.any]]))
        #expect(Mask([[.name("a"), .any], [.any, .name("b")]]).patterns.count == 2)
        #expect(Mask([[], [.name("a")]]) == .everything)
        #expect(Mask([]).isNothing && Mask.everything.isEverything)
    }

    @Test("Masks that hold the same places are equal, and others are not") func equality() {
        var random = Seeded(7)
        for _ in 0..<2_000 {
            let (a, b) = (mask(&random), mask(&random))
            // A name that is in no pattern stands for all others; paths are one longer than masks.
            let same = MaskTests.paths.allSatisfy { a.holds($0) == b.holds($0) }
            if (a == b) != same { Issue.record("\(a.patterns) \(b.patterns)") }
        }
    }

    @Test("An intersection holds what both hold, and has the laws of one") func intersection() {
        var random = Seeded(8)
        for _ in 0..<1_000 {
            let (a, b, c) = (mask(&random), mask(&random), mask(&random))
            let both = a.intersection(b)
            for path in MaskTests.paths where both.holds(path) != (a.holds(path) && b.holds(path)) {
                Issue.record("\(a.patterns) \(b.patterns) \(path)")
            }
            #expect(both == b.intersection(a))
            #expect(a.intersection(a) == a)
            #expect(both.intersection(c) == a.intersection(b.intersection(c)))
            #expect(a.intersection(.everything) == a)
            #expect(a.intersection(.nothing) == .nothing)
        }
    }

    @Test("The largest masks that may meet are not compared each with each") func large() {
        let rows = Mask((0..<64).map { [.name(Text("row\($0)")), .any] })
        let columns = Mask((0..<64).map { [.any, .name(Text("column\($0)"))] })
        #expect(rows.intersection(columns).patterns.count == 4_096)
    }

    @Test("A mask holds what is at or beneath a pattern") func holds() {
        let mask = Mask([[.any, .name("status")], [.name("total")]])
        #expect(mask.holds(["row", "status"]) && mask.holds(["row", "status", "deep"]))
        #expect(mask.holds(["total"]) && mask.holds(["total", "sum"]))
        #expect(!mask.holds([]) && !mask.holds(["row"]) && !mask.holds(["row", "other"]))
        #expect(Mask.everything.holds([]) && !Mask.nothing.holds(["a"]))
    }
}
