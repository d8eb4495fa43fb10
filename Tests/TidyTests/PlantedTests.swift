import Testing

/// A fault put where a check must find it, and its nearest neighbour that is no fault.
struct Planted: Sendable, CustomTestStringConvertible {
    var check: Check
    var bad: [String: String]
    var good: [String: String]
    var testDescription: String { check.name }

    init(_ check: Check, bad: [String: String], good: [String: String]) {
        (self.check, self.bad, self.good) = (check, bad, good)
    }

    /// The same file with one text or the other.
    init(_ check: Check, in path: String, bad: String, good: String) {
        self.init(check, bad: [path: bad], good: [path: good])
    }

    static let all: [Planted] = [
        Planted(.layers, in: "Sources/Hub/A.swift", bad: "import Node", good: "import Wire"),
        Planted(
            .layers, in: "Sources/Node/A.swift", bad: "internal import Foundation",
            good: "// import Foundation"),
        Planted(
            .layers, in: "Sources/Wire/A.swift", bad: "@preconcurrency import struct Hub.Topic",
            good: #"let text = "import Hub""#),
        Planted(
            .layers, bad: ["Sources/Unheard/A.swift": ""], good: ["Sources/Wire/A.swift": ""]),
        Planted(
            .doors, bad: ["Sources/Node/Elsewhere.swift": "import COpenSSL"],
            good: ["Sources/Node/Elsewhere.swift": "import Wire"]),
        Planted(
            .unusedSwift,
            bad: [
                "Sources/Hub/A.swift": "struct A { var b: B }",
                "Sources/Hub/B.swift": "enum B {} // A",
            ],
            good: [
                "Sources/Hub/A.swift": "struct A {}", "Sources/Hub/B.swift": "extension A {}",
                "Sources/Hub/main.swift": "let b = 1",
            ]),
        Planted(
            .unusedDocuments, bad: ["docs/a.md": "a.md is me", "README.md": "nothing"],
            good: [
                "docs/a.md": "", "README.md": "[a](docs/a.md)", "spec/v/1.json": "",
                "Tests/T.swift": #"read("spec/v")"#,
            ]),
        Planted(.emptyWords, in: "A.swift", bad: "final class TopicManager {", good: "// Manager"),
        Planted(.emptyWords, in: "A.swift", bad: "enum NewTopic {", good: "struct Base64URL {"),
        Planted(.emptyWords, bad: ["Wire+Util.swift": ""], good: ["Utilization.swift": ""]),
        Planted(.traps, in: "Sources/A.swift", bad: "let a = b!", good: "let a = !b, c = d != e"),
        Planted(.traps, in: "Sources/A.swift", bad: "f(x[0]!)", good: #"f("it works!")"#),
        Planted(.traps, in: "Sources/A.swift", bad: "try! f()", good: "try? f()"),
        Planted(.traps, in: "Bench/A.swift", bad: "x as! Int", good: "x as? Int"),
        Planted(.traps, in: "Sources/A.swift", bad: #"f("\(a!)")"#, good: #"f("\(a)!")"#),
        Planted(
            .uncheckedSharing, in: "A.swift", bad: "struct A: @unchecked Sendable {",
            good: "// Only its own thread writes.\n@frozen\nstruct A: @unchecked Sendable {"),
        Planted(
            .uncheckedSharing, in: "A.swift", bad: "// why\n\nnonisolated(unsafe) var a = 1",
            good: "// why\nnonisolated(unsafe) var a = 1"),
        Planted(
            .sleepingTests, in: "Tests/A.swift", bad: "try await Task.sleep(for: .seconds(1))",
            good: "let asleep = sleeper (1)"),
        Planted(
            .columns, in: "A.swift", bad: "// " + String(repeating: "é", count: 98),
            good: "// " + String(repeating: "é", count: 97)),
        Planted(
            .longFiles, in: "Sources/A.swift", bad: String(repeating: "\n", count: 401),
            good: String(repeating: "\n", count: 400)),
    ]
}

@Suite("A check can fail") struct PlantedTests {
    @Test(arguments: Planted.all) func findsTheFault(_ planted: Planted) {
        #expect(planted.check.find(Tree(planted.bad)).count == 1)
    }

    @Test(arguments: Planted.all) func leavesTheNeighbourAlone(_ planted: Planted) {
        #expect(planted.check.find(Tree(planted.good)).map(\.description) == [])
    }

    @Test("Every check has a planted fault") func everyCheckIsTried() {
        let tried = Set(Planted.all.map(\.check.name))
        #expect(Check.all.map(\.name).filter { !tried.contains($0) } == [])
    }

    @Test(
        "Only code is left of a source",
        arguments: [
            ("a // b", "a     "),
            ("a /* b /* c */ d */ e", "a                   e"),
            (#"f("a\"b", c)"#, #"f("    ", c)"#),
            (##"f(#"a"b"#, c)"##, ##"f(#"   "#, c)"##),
            (#"f("a\(b("c"))d")"#, #"f("  (b(" ")) ")"#),
            ("\"\"\"\na \" b\n\"\"\" c", "\"\"\"\n     \n\"\"\" c"),
            ("#if a\n#endif", "#if a\n#endif"),
        ])
    func blanksWhatIsNoCode(_ text: String, _ code: String) {
        #expect(SwiftText.code(of: text) == code)
    }
}
