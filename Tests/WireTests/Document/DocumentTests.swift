import FuzzEntries
import Testing
import Wire

@Suite("Documents") struct DocumentTests {
    private func map(_ value: Value) -> Map { Samples.nested(value) }

    @Test("Random sequences of operations lead every reader to the same view", arguments: 0..<8)
    func randomOperations(_ seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<40 {
            FuzzEntry.document((0..<random.below(250)).map { _ in UInt8(random.below(256)) })
        }
    }

    @Test("Setting an equal value raises the version and sends nothing (rule 6)")
    func equalValue() throws {
        var document = Document()
        let view = try document.watched(.everything)
        _ = try document.apply(Patch(set: map(["a": 1, "b": ["c": [:]]])))
        let again = try document.apply(Patch(set: map(["a": 1, "b": ["c": [:]]])))
        #expect(again.version == 2)
        #expect(again.views == 0)
        #expect(document.diff(from: 1, in: view).isEmpty)
        #expect(document.lastChange(at: ["a"]) == 1)
    }

    @Test("A patch is refused whole, with the reason") func refusals() throws {
        var document = Document(bounds: .init(nodes: 6, tombstones: 4))
        _ = try document.apply(Patch(set: map(["a": 1, "b": ["c": "x"]])))
        let long = Path([Text](repeating: "p", count: Limits.pathSegments + 1))
        var deep: Value = 1
        for name in long.segments { deep = .map(Map([.init(key: name, value: deep)]) ?? Map()) }
        let one = Number(Int64(1))
        let cases: [(Patch, PatchRefusal)] = [
            (Patch(conditions: [.init(path: ["a"], version: 0)]), .conflict(["a"], version: 1)),
            (Patch(conditions: [.init(path: [], version: 0)]), .conflict([], version: 1)),
            (Patch(conditions: [.init(path: ["b"], version: 0)]), .conflict(["b"], version: 1)),
            // The document never had that version: it is one of another epoch.
            (Patch(conditions: [.init(path: ["a"], version: 2)]), .conflict(["a"], version: 1)),
            (Patch(conditions: [.init(path: ["x"], version: 2)]), .conflict(["x"], version: 0)),
            (Patch(increments: [.init(path: ["b"], amount: one)]), .notANumber(["b"])),
            (Patch(increments: [.init(path: ["b", "c"], amount: one)]), .notANumber(["b", "c"])),
            (Patch(increments: [.init(path: [], amount: one)]), .rootNotAField),
            (
                Patch(unset: [["a"]], increments: [.init(path: ["a"], amount: one)]),
                .notANumber(["a"])
            ),
            (
                Patch(
                    increments: [
                        .init(path: ["x"], amount: one), .init(path: ["x", "y"], amount: one),
                    ]), .notANumber(["x", "y"])
            ),
            (
                Patch(set: map(["a": 5]), increments: [.init(path: ["a", "z"], amount: one)]),
                .notANumber(["a", "z"])
            ),
            (
                Patch(increments: [.init(path: ["a"], amount: Number(UInt64.max))]),
                .notANumber(["a"])
            ),
            (Patch(unset: [long]), .pathTooLong(long)),
            (Patch(set: map(deep)), .pathTooLong(Path(long.segments.dropLast()))),
            (Patch(increments: [.init(path: long, amount: one)]), .pathTooLong(long)),
            (Patch(set: map(["d": 1, "e": 2, "f": 3])), .tooManyFields),
        ]
        for (patch, refusal) in cases {
            #expect(throws: refusal) { try document.apply(patch) }
        }
        #expect(document.version == 1)
        #expect(document.value(at: []) == ["a": 1, "b": ["c": "x"]])
    }

    @Test("A condition asks for changes at, above and beneath its place") func lastChanges() throws
    {
        var document = Document(bounds: .init(nodes: 100, tombstones: 1))
        _ = try document.apply(Patch(set: map(["a": ["b": 1, "c": 1], "d": 1])))
        _ = try document.apply(Patch(set: map(["a": ["b": 2]])))
        #expect(document.lastChange(at: ["a", "c"]) == 1)
        #expect(document.lastChange(at: ["a"]) == 2)
        #expect(document.lastChange(at: ["a", "none"]) == 0)
        _ = try document.apply(Patch(unset: [["a", "b"]]))
        #expect(document.lastChange(at: ["a", "b"]) == 3)
        #expect(document.lastChange(at: ["a"]) == 3)
        #expect(document.lastChange(at: ["a", "c"]) == 1)
        _ = try document.apply(Patch(set: map(["a": 7])))
        #expect(document.lastChange(at: ["a", "b"]) == 4)
        #expect(document.lastChange(at: ["d"]) == 1)
        #expect(document.lastChange(at: []) == 4)
    }

    @Test("A forgotten removal still counts as a change to what it was beneath")
    func lastChangeBelowTheFloor() throws {
        var document = Document(bounds: .init(nodes: 100, tombstones: 0))
        _ = try document.apply(Patch(set: map(["a": ["b": 1, "c": 1], "d": ["e": 1]])))
        _ = try document.apply(Patch(unset: [["a", "b"]]))
        document.forgetTombstones(behind: 2)
        #expect(document.floor == 2)
        #expect(document.lastChange(at: ["a"]) == 2)
        #expect(document.lastChange(at: ["a", "b"]) == 2)
        #expect(document.lastChange(at: ["a", "c"]) == 1)
    }

    @Test("The floor rises exactly to the youngest removal that was forgotten")
    func floor() throws {
        var document = Document(bounds: .init(nodes: 100, tombstones: 2))
        let view = try document.watched(.everything)
        _ = try document.apply(Patch(set: map(["a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1])))
        for name in ["a", "b", "c"] as [Text] { _ = try document.apply(Patch(unset: [[name]])) }
        document.forgetTombstones(behind: 1)
        #expect(document.floor == 0, "a reader at version 1 is spared")
        document.forgetTombstones(behind: 2)
        #expect(document.floor == 2)
        #expect(document.tombstoneCount == 2)
        #expect(document.reaches(2) && !document.reaches(1))
        #expect(document.diff(from: 2, in: view).unset == [["c"], ["b"]])
        for name in ["d", "e"] as [Text] { _ = try document.apply(Patch(unset: [[name]])) }
        document.forgetTombstones(behind: 2)
        #expect(document.floor == 2, "four are twice the limit, not more")
        _ = try document.apply(Patch(unset: [["f"]]))
        document.forgetTombstones(behind: 2)
        #expect(document.floor == 3, "beyond twice the limit a reader is not spared")
        #expect(document.tombstoneCount == 4)
    }

    @Test("A field set again is no removal any more, and the floor does not rise for it")
    func resurrection() throws {
        var document = Document(bounds: .init(nodes: 100, tombstones: 0))
        _ = try document.apply(Patch(set: map(["a": 1])))
        _ = try document.apply(Patch(unset: [["a"]]))
        _ = try document.apply(Patch(set: map(["a": 1])))
        document.forgetTombstones(behind: 3)
        #expect(document.floor == 0)
        #expect(document.tombstoneCount == 0)
    }

    @Test("There are at most 64 views, and a place that was given up is given again")
    func views() throws {
        var document = Document()
        for _ in 0..<64 { _ = try document.watched(.nothing) }
        let tooMany = document.addView(.everything)
        #expect(tooMany == nil)
        document.removeView(.init(bit: 5))
        _ = try document.apply(Patch(set: map(["a": 1])))
        let late = try document.watched(.everything)
        #expect(late.bit == 5)
        #expect(document.snapshot(of: late) == map(["a": 1]))
        let applied = try document.apply(Patch(set: map(["a": 2])))
        #expect(applied.views == late.mask)
    }

    @Test("A document of ten thousand fields, each changed and removed, leaves nothing behind")
    func large() throws {
        var document = Document(bounds: .init(nodes: 70_000, tombstones: 0), literalDepth: 1)
        let view = try document.watched(.everything)
        for i in 0..<10_000 {
            var map = Map()
            map[Text("row\(i)")] = ["status": "open", "n": .integer(Int64(i))]
            _ = try document.apply(Patch(set: map))
        }
        #expect(document.fieldCount == 20_000)
        document.keepHash(of: view, true)
        for i in 0..<10_000 { _ = try document.apply(Patch(unset: [[Text("row\(i)")]])) }
        #expect(document.hash(of: view) == ViewHash())
        document.forgetTombstones(behind: document.version)
        #expect(document.fieldCount == 0)
        #expect(document.tombstoneCount == 0)
        #expect(document.floor == document.version)
        #expect(document.snapshot(of: view).isEmpty)
    }
}

extension Document {
    mutating func watched(_ mask: Mask) throws -> ViewID {
        let view = addView(mask)
        return try #require(view)
    }
}
