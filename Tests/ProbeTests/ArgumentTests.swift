import Testing
import Wire

@testable import Probe

@Suite("The command line") struct ArgumentTests {
    private let options = [
        Option("connections", "N", ""), Option("expect", "RULE", ""), Option("quiet", ""),
        Option("for", "TIME", ""), Option("json", "SHARE", ""),
    ]

    private func arguments(_ words: String...) throws(UsageError) -> Arguments {
        try Arguments(words, knowing: options)
    }

    private func mistake(_ words: String...) -> UsageError? {
        do throws(UsageError) {
            _ = try Arguments(words, knowing: options)
            return nil
        } catch {
            return error
        }
    }

    @Test("Options take their values behind a space or an equals sign, and may be repeated")
    func values() throws {
        let found = try arguments(
            "ws://a", "--connections", "5,000", "--expect=lost == 0", "--expect", "p99(ack) < 1s",
            "--quiet", "--for=1.5s", "--json", "25%")
        #expect(found.words == ["ws://a"])
        #expect(try found.count("connections", in: 1...10_000, or: 1) == 5_000)
        #expect(found.all("expect") == ["lost == 0", "p99(ack) < 1s"])
        #expect(found.has("quiet") && !found.has("help"))
        #expect(try found.duration("for", or: .seconds(9)) == .milliseconds(1_500))
        #expect(try found.share("json", or: 1) == 0.25)
    }

    @Test("A mistake is answered with what was meant")
    func mistakes() {
        #expect(mistake("--conections", "3")?.hint == "did you mean --connections?")
        #expect(mistake("--conn", "3")?.hint == "did you mean --connections?")
        #expect(mistake("--zebra")?.hint == nil)
        #expect(mistake("--for")?.message.contains("wants a value") == true)
        #expect(mistake("--quiet=yes")?.message == "--quiet takes no value")
        #expect(mistake("-q")?.message == "-q is no option")
        #expect(mistake("a", "--", "--zebra") == nil)
    }

    @Test(
        "Times have units",
        arguments: [
            ("500ms", 500_000_000), ("10s", 10_000_000_000), ("10", 10_000_000_000),
            ("2m", 120_000_000_000), ("250us", 250_000), ("0.5h", 1_800_000_000_000), ("0", 0),
        ] as [(String, UInt64)])
    func times(_ text: String, _ nanoseconds: UInt64) {
        #expect(Interval(words: text)?.nanoseconds == nanoseconds)
    }

    @Test("What is no time is none", arguments: ["", "s", "5 parsecs", "-1s", "1e400s", "ms5"])
    func noTimes(_ text: String) { #expect(Interval(words: text) == nil) }

    @Test(
        "Addresses are read in every usual form",
        arguments: [
            ("ws://a.example:8080/v1/ws", "a.example", 8080, "/v1/ws"),
            ("127.0.0.1:9", "127.0.0.1", 9, "/v1/ws"), ("http://h", "h", 80, "/v1/ws"),
            ("ws://[::1]:7/x", "::1", 7, "/x"), ("ws://h/", "h", 80, "/v1/ws"),
        ] as [(String, String, UInt16, String)])
    func addresses(_ text: String, _ host: String, _ port: UInt16, _ path: String) throws {
        let target = try Target(text)
        #expect(target.host == host && target.port == port && target.path == path)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "ws://", "ws://h:0", "ws://h:99999", "ftp://h", "wss://h:0", "tcp://h", "ws://[::1",
        ])
    func noAddresses(_ text: String) {
        #expect(throws: UsageError.self) { try Target(text) }
    }

    @Test("Every command has help with examples, and every option of an example exists")
    func help() {
        for command in Command.all {
            #expect(command.help.contains("Examples") && !command.examples.isEmpty)
            for (line, _) in command.examples {
                for word in line.split(separator: " ") where word.hasPrefix("--") {
                    let name = word.dropFirst(2).prefix { $0 != "=" }
                    #expect(command.options.contains { $0.name == name }, "\(word) in \(line)")
                }
            }
        }
    }

    @Test("Thresholds are read, judged, and refused where they make no sense")
    func thresholds() throws {
        #expect(try Expectation("p99(receipt) < 50ms").bound == 50_000_000)
        #expect(try Expectation("p99.9(ack)<=1s").figure == .percentile(99.9, stage: "ack"))
        #expect(try Expectation("lost == 0").figure == .count("lost"))
        #expect(try Expectation("receipts/s >= 10,000").bound == 10_000)
        for bad in [
            "lost", "p99(receipt) < 50", "p101(receipt) < 1ms", "p99(moon) < 1ms", "moon == 1",
            "lost == x", "",
        ] {
            #expect(throws: UsageError.self, "\(bad)") { try Expectation(bad) }
        }
    }

    @Test("The command line wins over a file, and a file over a preset")
    func scenarios() throws {
        var given = try Arguments(
            ["--rate", "7", "--preset", "hot-topic"], knowing: Command.loadOptions)
        let file =
            #"{"fields": 30, "rate": 9, "expect": ["lost == 0", "cuts == 0"], "quiet": true}"#
        try Scenario.add(
            [UInt8](file.utf8), from: "file", to: &given, knowing: Command.loadOptions)
        try Scenario.complete(&given, knowing: Command.loadOptions)
        let plan = try LoadPlan(given)
        #expect(plan.rate == 7 && plan.fields == 30 && plan.publishers == 20)
        #expect(given.all("expect").count == 2 && given.has("quiet"))
    }

    @Test("Every preset can be carried out")
    func presets() throws {
        for preset in Scenario.presets {
            var given = try Arguments(["--preset", preset.name], knowing: Command.loadOptions)
            try Scenario.complete(&given, knowing: Command.loadOptions)
            #expect(try LoadPlan(given).fault == nil)
        }
    }

    @Test(
        "A scenario with a mistake is refused",
        arguments: [
            "[]", "{", #"{"conections": 3}"#, #"{"rate": {}}"#, #"{"quiet": "yes"}"#,
            #"{"scenario": "x"}"#,
        ])
    func badScenarios(_ text: String) throws {
        var given = try Arguments([], knowing: Command.loadOptions)
        #expect(throws: UsageError.self) {
            try Scenario.add(
                [UInt8](text.utf8), from: "file", to: &given, knowing: Command.loadOptions)
        }
    }
}
