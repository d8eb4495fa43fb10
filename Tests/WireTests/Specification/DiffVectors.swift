import Wire

extension VectorFile {
    /// Masks, hashes, and diffs against what a reader holds.
    static let diffs: VectorFile = {
        var file = VectorFile("diffs")
        for (comment, patterns) in masks {
            let mask = Mask(patterns)
            file.add(
                "D21", "mask, canonical form: " + comment,
                ["patterns": value(patterns), "canonical": value(mask.patterns)])
        }
        for (comment, a, b) in intersections {
            file.add(
                "D22", "masks, what both hold: " + comment,
                [
                    "a": value(a), "b": value(b),
                    "both": value(Mask(a).intersection(Mask(b)).patterns),
                ])
        }
        for (path, leaf) in leaves {
            file.add(
                "D41", "hash of one leaf",
                [
                    "path": .array(path.segments.map { .text($0) }), "value": leaf,
                    "hash": .text(ViewHash.leaf(path, leaf).hex),
                ])
        }
        for (comment, document) in documents {
            let map = Samples.nested(document)
            file.add(
                "D42", "hash of a view: " + comment,
                ["document": document, "hash": .text(ViewHash(of: map).hex)])
        }
        for scenario in DiffScenario.all { scenario.add(to: &file) }
        return file
    }()

    private static func value(_ patterns: [Mask.Pattern]) -> Value {
        .array(
            patterns.map { pattern in
                .array(
                    pattern.map { segment in
                        if case .name(let name) = segment { .text(name) } else { .null }
                    })
            })
    }

    private static let masks: [(String, [Mask.Pattern])] = [
        ("no field at all", []), ("the whole document", [[]]),
        ("one field", [[.name("a")]]), ("in the order of bytes", [[.name("b")], [.name("a")]]),
        ("repeated", [[.name("a")], [.name("a")]]),
        ("covered by what is above it", [[.name("a"), .name("x")], [.name("a")]]),
        ("covered by the whole document", [[.name("a")], []]),
        ("a column covers a cell", [[.name("r"), .name("x")], [.any, .name("x")]]),
        ("a cell does not cover a column", [[.any, .name("x")], [.name("r"), .name("y")]]),
        ("any name sorts first", [[.name("")], [.any, .name("x")]]),
        ("any name covers all names", [[.any], [.name("a")], [.name("b"), .name("c")]]),
        (
            "a shorter pattern sorts first",
            [[.name("a"), .name("x")], [.name("a!")], [.name("b")]]
        ),
        ("neither covers the other", [[.name("a"), .any], [.any, .name("b")]]),
    ]

    private static let intersections: [(String, [Mask.Pattern], [Mask.Pattern])] = [
        ("with everything", [[.name("a")]], [[]]), ("with nothing", [[.name("a")]], []),
        ("different fields", [[.name("a")]], [[.name("b")]]),
        ("a branch and a field of it", [[.name("a")]], [[.name("a"), .name("x")]]),
        ("a column and a row", [[.any, .name("x")]], [[.name("r")]]),
        ("a column and another", [[.any, .name("x")]], [[.any, .name("y")]]),
        ("any name and a name", [[.any]], [[.name("a")], [.name("b")]]),
        (
            "crosswise", [[.name("a"), .any, .name("z")]],
            [[.any, .name("y")], [.name("a"), .name("w"), .any]]
        ),
    ]

    private static let leaves: [(Path, Value)] = {
        let custom = Custom(type: 5, data: [1, 2]).map { Value.custom($0) } ?? .null
        let values: [Value] = [
            .null, false, true, 0, 1, -1, 255, .integer(.min), .integer(1 << 53),
            .integer(1 << 53 | 1), .unsigned(.max), .double(0.5) ?? .null, .double(1e300) ?? .null,
            .double(0x1p64) ?? .null, "", "abc", "abcd", "é", .bytes([]), .bytes([0xff]),
            .time(WallTime(seconds: 1, nanoseconds: 5)), .time(WallTime(seconds: -1)), custom, [],
            [1, "a", [.null]], [:], [["b": 1, "a": [:]]],
        ]
        return values.map { (["a"], $0) }
            + [(["ab", "c"], 1), (["a", "bc"], 1), (["", ""], 1), (["é", "日本"], 1)]
    }()

    private static let documents: [(String, Value)] = [
        ("empty", [:]), ("one field", ["a": 1]),
        ("the order does not matter", ["b": 2, "a": 1]),
        ("inner maps are their leaves", ["a": ["x": 1, "y": 2], "b": ["x": 1]]),
        ("the empty map is a leaf", ["a": [:]]), ("a list is one leaf", ["a": [["x": 1], [:]]]),
    ]
}

/// A document's changes, and what becomes of a reader who held an earlier version.
struct DiffScenario {
    let comment: String
    let rule: Text
    let start: Value
    let patches: [Patch]
    var mask = Mask.everything
    var from: UInt64 = 1
    var held: UInt64?
    var literalDepth = 0

    static func set(_ value: Value) -> Patch { Patch(set: Samples.nested(value)) }

    static let tree: Value = ["a": ["x": 1, "y": 2], "b": 3]

    static let all: [DiffScenario] = [
        .init(comment: "a field is set", rule: "D10", start: tree, patches: [set(["b": 4])]),
        .init(comment: "a field is added", rule: "D10", start: tree, patches: [set(["c": 4])]),
        .init(
            comment: "an inner field is set", rule: "D10", start: tree,
            patches: [set(["a": ["x": "new"]])]),
        .init(
            comment: "two versions in one diff, the last value alone", rule: "D11", start: tree,
            patches: [set(["b": 4]), set(["b": 5])]),
        .init(
            comment: "a field is unset", rule: "D12", start: tree,
            patches: [Patch(unset: [["b"]])]),
        .init(
            comment: "an inner map is unset with all beneath", rule: "D12", start: tree,
            patches: [Patch(unset: [["a"]])]),
        .init(
            comment: "the last field beneath a map takes the map along", rule: "D4", start: tree,
            patches: [Patch(unset: [["a", "x"]]), Patch(unset: [["a", "y"]])]),
        .init(
            comment: "everything is unset", rule: "D12", start: tree,
            patches: [Patch(unset: [[]])]),
        .init(
            comment: "unset and set again", rule: "D12", start: tree,
            patches: [Patch(unset: [["a"]]), set(["a": ["y": 2]])]),
        .init(
            comment: "a map becomes a value", rule: "D5", start: tree, patches: [set(["a": 7])]),
        .init(
            comment: "a value becomes a map", rule: "D5", start: tree,
            patches: [set(["b": ["z": 1]])]),
        .init(
            comment: "a map becomes the empty map", rule: "D3", start: tree,
            patches: [set(["a": [:]])]
        ),
        .init(
            comment: "the empty map becomes a map", rule: "D3", start: ["a": [:]],
            patches: [set(["a": ["x": 1]])]),
        .init(
            comment: "an increment travels as its sum", rule: "D14", start: tree,
            patches: [Patch(increments: [.init(path: ["b"], amount: Number(Int64(-5)))])]),
        .init(
            comment: "the reader holds more than from", rule: "D15", start: tree,
            patches: [set(["b": 4]), set(["a": ["x": 0]]), set(["c": 1])], held: 3),
        .init(
            comment: "the reader holds to already: ignored", rule: "D15", start: tree,
            patches: [set(["b": 4])], held: 2),
        .init(
            comment: "the reader holds less than from: a gap", rule: "D15", start: tree,
            patches: [set(["b": 4]), set(["b": 5])], from: 2, held: 1),
        .init(
            comment: "a removal above the fields of the view", rule: "D13", start: tree,
            patches: [Patch(unset: [["a"]]), set(["a": ["z": 1]])],
            mask: Mask(paths: [["a", "x"]])),
        .init(
            comment: "a value takes the place above the fields of the view", rule: "D13",
            start: tree, patches: [set(["a": 1])], mask: Mask(paths: [["a", "x"]])),
        .init(
            comment: "a column of a collection, row keys as texts", rule: "D31",
            start: ["r1": ["s": 1, "t": 1], "r2": ["s": 2]],
            patches: [set(["r1": ["s": 3], "r3": ["s": 1, "t": 2]])],
            mask: Mask([[.any, .name("s")]]), literalDepth: 1),
        .init(
            comment: "a row of a collection goes", rule: "D31",
            start: ["r1": ["s": 1], "r2": ["s": 2]], patches: [Patch(unset: [["r1"]])],
            mask: Mask([[.any, .name("s")]]), literalDepth: 1),
        .init(
            comment: "a list is replaced whole", rule: "D2", start: ["a": [1, 2]],
            patches: [set(["a": [1, 2, 3]])]),
        .init(
            comment: "bytes, a time and null", rule: "D2", start: tree,
            patches: [
                set([
                    "b": .null, "c": .bytes([1]), "d": .time(WallTime(seconds: 5)),
                ])
            ]),
        .init(
            comment: "the topic's second version, from nothing", rule: "D10", start: [:],
            patches: [set(["a": 1])], from: 0, held: 0),
        .init(
            comment: "a name with a dollar sign, alone in the tree that is set", rule: "E49",
            start: ["$x": 1, "$y": 2], patches: [set(["$x": 5])]),
        .init(
            comment: "a name with a dollar sign, at a level of its own", rule: "E49",
            start: ["m": ["$x": 1, "y": 2]],
            patches: [Patch(unset: [["m", "y"]], set: Samples.nested(["m": ["$x": 7]]))]),
    ]

    /// Plays the scenario; version 1 is the start, each patch one more.
    func add(to file: inout VectorFile) {
        var document = Document(literalDepth: literalDepth)
        guard let view = document.addView(mask) else { return }
        var states: [Map] = [Map()]
        var writer = Writer()
        for patch in [DiffScenario.set(start)] + patches {
            let before = document.version
            guard (try? document.apply(patch)) != nil else { return }
            states.append(document.snapshot(of: view))
            // The frames that others received gave the names their aliases.
            writer.clear()
            if before == 0 {
                _ = document.writeDiff(from: before, in: view, number: 300, to: &writer)
            }
        }
        let known = document.definitions(after: 0, in: view).filter { definition in
            !document.definitions(after: from, in: view).contains(definition)
        }
        writer.clear()
        _ = document.writeDiff(from: from, in: view, number: 300, to: &writer)
        let content = document.diff(from: from, in: view)
        let diff = Diff(view: 300, from: from, to: document.version, content: content)
        let held = held ?? from
        var mirror = Mirror()
        mirror.reset(to: states[Int(held)], version: held)
        let verdict = mirror.apply(diff)
        file.add(
            rule, "diff: " + comment,
            [
                "held": .unsigned(held), "before": .map(states[Int(held)]),
                "names": .array(
                    known.map { [.unsigned(UInt64($0.alias)), .text($0.name)] as Value }),
                "messagePack": .hex(writer.bytes()),
                "json": .string(Message.diff(diff).encoded(.json)),
                "verdict": .text("\(verdict)"), "version": .unsigned(mirror.version),
                "after": .map(mirror.document), "hash": .text(mirror.hash.hex),
            ])
    }
}
