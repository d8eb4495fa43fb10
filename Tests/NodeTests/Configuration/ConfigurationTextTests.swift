import Testing
import Wire

@testable import Node

/// The form of a configuration file, before its keys mean anything.
@Suite struct ConfigurationTextTests {
    private func value(_ text: String) -> ConfigurationText.Value? {
        ConfigurationText.item(text)?.value
    }

    @Test("Values are texts, numbers, truths and lists")
    func values() {
        #expect(value(#""a \"b\" \\ \t\u00e9\U0001F600""#) == .text("a \"b\" \\ \té😀"))
        #expect(value(#"'C:\temp'"#) == .text(#"C:\temp"#))
        #expect(value("10_000") == .integer(10_000))
        #expect(value("-7") == .integer(-7))
        #expect(value("2.5e3") == .fraction(2_500))
        #expect(value("true") == .boolean(true))
        guard case .list(let items)? = value("[1, [\"a\"],\n # a comment\n 2,]") else {
            Issue.record("no list")
            return
        }
        #expect(items.map(\.value).count == 3)
        #expect(items[2].place == FilePlace(line: 3, column: 2))
    }

    @Test("Sections and entries know their places, whatever ends the lines")
    func places() throws {
        let text = ConfigurationText(
            [UInt8]("\u{feff}# ä\r\n[node] # é\r\n\tloops = 2\r\n[[a . b]]\r\n".utf8))
        #expect(text.mistakes == [])
        #expect(text.sections.map(\.path) == [[], ["node"], ["a", "b"]])
        #expect(text.sections.map(\.isList) == [false, false, true])
        let entry = try #require(text.sections[1].entries.first)
        #expect(entry.place == FilePlace(line: 3, column: 2))
        #expect(entry.item.place == FilePlace(line: 3, column: 10))
    }

    @Test(
        "Each mistake in the form is said with its place and what would be right",
        arguments: [
            ("a: 1", 1, 2, "stands =, not :"), ("a 1", 1, 3, "stands =, as in a = …"),
            ("a.b = 1", 1, 2, "put [a] above"), ("\"a\" = 1", 1, 1, "needs no quotes"),
            ("a =", 1, 4, "a value is missing"), ("a = # 1", 1, 5, "a value is missing"),
            ("a = b", 1, 5, "stands in quotes: \"b\""), ("a = yes", 1, 5, "write true"),
            ("a = off", 1, 5, "write false"), ("a = 5s", 1, 5, "in quotes: \"5s\""),
            ("a = 1__0", 1, 5, "this is no number"), ("a = 1_", 1, 5, "this is no number"),
            ("a = 99999999999999999999", 1, 5, "too large"),
            ("a = 1e999", 1, 5, "this is no number"), ("a = 0x10", 1, 5, "this is no number"),
            ("a = \"b", 1, 5, "no \" at its end"), ("a = 'b", 1, 5, "no ' at its end"),
            ("a = \"\\q\"", 1, 6, "after \\ stands one of"),
            ("a = \"\\uD800\"", 1, 6, "no such character"),
            ("a = \"\\u00g0\"", 1, 6, "4 hexadecimal digits"),
            ("a = \"\u{1}\"", 1, 6, "control character"),
            ("a = \"\"\"b\"\"\"", 1, 5, "several lines"), ("a = {b = 1}", 1, 5, "braces"),
            ("a = [1 2]", 1, 8, "comma"), ("a = [1,\n2", 1, 5, "no ] at its end"),
            ("a = [[[[[1]]]]]", 1, 9, "not nested so deep"),
            ("a = 1 b", 1, 7, "a new line should begin"), ("[a", 1, 3, "ends with ]"),
            ("[[a]", 1, 5, "ends with ]]"), ("[]", 1, 2, "letters, digits and _"),
            ("[a.b.c.d.e]", 1, 9, "not nested so deep"), ("= 1", 1, 1, "letters, digits"),
            ("\n\n  é = 1", 3, 3, "letters, digits"), ("# \u{7}", 1, 3, "control character"),
        ])
    func mistakes(text: String, line: Int, column: Int, said: String) throws {
        let mistake = try #require(ConfigurationText([UInt8](text.utf8)).mistakes.first)
        #expect(mistake.source == .file(FilePlace(line: line, column: column)), "\(mistake.text)")
        #expect(mistake.text.contains(said), "\(mistake.text)")
    }

    @Test("A wrong line hides none of the others")
    func allMistakes() {
        let text = ConfigurationText([UInt8]("a = b\n[node]\nc = 1\nd = e\nf = 2\n".utf8))
        #expect(text.mistakes.count == 2)
        #expect(text.sections[1].entries.map(\.name) == ["c", "f"])
    }

    @Test("No input takes more than its bounds")
    func bounds() {
        let long = [UInt8](repeating: UInt8(ascii: "#"), count: ConfigurationText.byteLimit + 1)
        #expect(ConfigurationText(long).mistakes.count == 1)
        let wrong = [UInt8](String(repeating: "x\n", count: 1_000).utf8)
        #expect(ConfigurationText(wrong).mistakes.count == ConfigurationText.mistakeLimit)
    }

    @Test("Whatever is done to the example, mistakes stand where the file has a line")
    func disturbed() {
        let example = [UInt8](ConfigurationExample.text.utf8)
        let hard = [UInt8]("[]\"'\\=#\n\r,.{}u0_-é".utf8)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            var bytes = example
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.remove(at: at)
                case 1: bytes[at] = hard.randomElement(using: &generator) ?? 0
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
                }
            }
            let lines = bytes.count { $0 == 0x0a } + 1
            for mistake in NodeProgram.mistakes(inConfiguration: bytes) {
                guard case .file(let place) = mistake.source else { continue }
                #expect((1...lines).contains(place.line) && place.column > 0)
            }
        }
    }

    @Test("Every beginning of the example is read without a trap")
    func beginnings() {
        let example = [UInt8](ConfigurationExample.text.utf8)
        for end in stride(from: 0, to: example.count, by: 7) {
            _ = ConfigurationReader(ConfigurationText(Array(example[..<end])))
        }
    }
}
