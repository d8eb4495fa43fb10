import Testing
import Wire

@testable import Probe

@Suite("Watching and publishing by hand") struct WatchTests {
    private let before: Map = {
        var map = Map()
        map["a"] = ["x": 1, "y": "two"]
        map["a0"] = true
        map["gone"] = [1, 2]
        return map
    }()

    private let after: Map = {
        var map = Map()
        map["a"] = ["x": 2, "z": 3]
        map["a0"] = true
        return map
    }()

    @Test("What differs is found whichever side it is on")
    func differences() {
        let changes = FieldList(after).changes(since: FieldList(before))
        #expect(
            changes == [
                .set("a/x", old: "1", new: "2"), .unset("a/y"),
                .set("a/z", old: nil, new: "3"), .unset("gone"),
            ])
        #expect(FieldList(after).changes(since: FieldList(after)).isEmpty)
    }

    @Test("A terminal is never told to do what a value says")
    func controls() {
        #expect(FieldList.words(.text("\u{9b}2J")) == "\"\\u{9b}2J\"")
        #expect(!FieldList.words(.text("\u{1b}[2J")).contains("\u{1b}"))
    }

    @Test("The screen fits, shows what changed, and forgets it after a while")
    func screen() {
        var screen = WatchScreen(topic: "desk/metrics", server: "ws://h")
        let start = Instant(nanoseconds: 10_000_000_000)
        screen.snapshot(before, version: 7)
        _ = screen.changed(after, version: 9, versions: 2, now: start)
        let lines = screen.lines(columns: 60, rows: 10, now: start)
        #expect(lines.count <= 10)
        #expect(lines[1].contains("version 9") && lines[1].contains("1 merg"))
        #expect(lines.contains { $0.contains("a/x") && $0.contains("\u{1b}[30;42m2") })
        #expect(lines.contains { $0.contains("gone") })
        let later = screen.lines(columns: 40, rows: 10, now: start + .seconds(3))
        #expect(!later.contains { $0.contains("\u{1b}[30;42m") || $0.contains("gone") })
        let small = screen.lines(columns: 20, rows: 6, now: start + .seconds(3))
        #expect(small.count <= 6 && small.contains { $0.contains("2 more") })
    }

    @Test("Changes are lines where there is no terminal")
    func lines() {
        let changes = FieldList(after).changes(since: FieldList(before))
        #expect(
            WatchScreen.line(version: 9, changes, merged: 1)
                == "v9 (1 merged)  a/x 1 → 2   a/y gone   a/z = 3   gone gone")
    }

    @Test("Patterns of fields become a mask")
    func patterns() throws {
        let mask = try Mask(words: "load,*/status,queue/depth")
        #expect(mask.holds(["load"]) && mask.holds(["ada", "status"]))
        #expect(mask.holds(["queue", "depth"]) && !mask.holds(["queue", "other"]))
        #expect(throws: UsageError.self) { try Mask(words: "a,,b") }
    }

    @Test("Words become a patch: JSON, texts, increments, paths")
    func assignments() throws {
        let change = try Publish.Change(
            assignments: ["depth=4", "agent/ada=idle", "agent/bob={\"a\":1}", "n+=2.5", "e==x"],
            unset: ["old/note"], event: nil)
        var set = Map()
        set["depth"] = 4
        set["agent"] = ["ada": "idle", "bob": ["a": 1]]
        set["e"] = "=x"
        let amount = try #require(Number(2.5))
        #expect(
            change
                == .patch(
                    Patch(
                        unset: [["old", "note"]], set: set,
                        increments: [Patch.Increment(path: ["n"], amount: amount)])))
    }

    @Test(
        "What is no change is refused",
        arguments: [["depth"], ["=4"], ["a//b=1"], ["n+=x"], []] as [[String]])
    func noAssignments(_ words: [String]) {
        #expect(throws: UsageError.self) {
            try Publish.Change(assignments: words, unset: [], event: nil)
        }
    }

    @Test("An event stands alone")
    func events() throws {
        #expect(
            try Publish.Change(assignments: [], unset: [], event: "{\"a\":1}")
                == .event(["a": 1]))
        #expect(throws: UsageError.self) {
            try Publish.Change(assignments: ["a=1"], unset: [], event: "1")
        }
    }
}
