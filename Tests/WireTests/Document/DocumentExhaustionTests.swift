import FuzzEntries
import Testing
import Wire

/// Rule 4: all sequences of three operations on a tree of two by two, empty or full, under all
/// masks, for all readers.
@Suite("Every sequence of three operations") struct DocumentExhaustionTests {
    /// On either branch the same; the first operation is on `a`, because `b` is its mirror image.
    static func operations(_ branch: Text) -> [Patch] {
        [
            Patch(set: map([branch: ["x": 1]])), Patch(set: map([branch: ["y": 2]])),
            Patch(set: map([branch: 3])), Patch(set: map([branch: ["x": 1, "y": 1]])),
            Patch(set: map([branch: [:]])), Patch(set: map([branch: ["x": ["z": 1]]])),
            Patch(unset: [[branch, "x"]]), Patch(unset: [[branch]]),
            Patch(increments: [.init(path: [branch, "x"], amount: Number(Int64(1)))]),
            Patch(unset: [[branch]], set: map([branch: ["x": 1]])),
        ]
    }

    static let firsts = operations("a") + [Patch(unset: [[]])]
    static let all = operations("a") + operations("b") + [Patch(unset: [[]])]

    static func map(_ value: Value) -> Map { Samples.nested(value) }

    /// Of each branch nothing, one field, the other, both, or the branch; and everything.
    static let masks: [Mask] = {
        func choices(_ branch: Text) -> [[Mask.Pattern]] {
            let (x, y): (Mask.Pattern, Mask.Pattern) =
                ([.name(branch), .name("x")], [.name(branch), .name("y")])
            return [[], [x], [y], [x, y], [[.name(branch)]]]
        }
        var masks = choices("a").flatMap { a in choices("b").map { Mask(a + $0) } }
        masks += [.everything, Mask([[.any]]), Mask([[.any, .name("x")]])]
        masks += [Mask([[.any, .name("y")], [.name("a")]]), Mask([[.name("a"), .any]])]
        return masks
    }()

    @Test("leads every reader to the same view", arguments: firsts.indices, [false, true])
    func exhaustion(_ first: Int, _ fromFull: Bool) {
        var diffs = 0
        var start = DocumentRig(literalDepth: fromFull ? 1 : 0)
        for (i, mask) in DocumentExhaustionTests.masks.enumerated() {
            start.addView(mask, keepsHash: i % 2 == 0)
        }
        if fromFull {
            _ = start.apply(
                Patch(
                    set: DocumentExhaustionTests.map([
                        "a": ["x": 1, "y": 1], "b": ["x": 1, "y": 1],
                    ])))
            start.begin()
        }
        _ = start.apply(DocumentExhaustionTests.firsts[first])
        start.check()
        for second in DocumentExhaustionTests.all {
            var afterSecond = start
            _ = afterSecond.apply(second)
            afterSecond.check()
            for third in DocumentExhaustionTests.all {
                var rig = afterSecond
                _ = rig.apply(third)
                rig.check()
                diffs += rig.diffs
            }
        }
        #expect(diffs > 1_000)
    }
}
