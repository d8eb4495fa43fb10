internal import Transport
internal import Wire

/// One thing the program does.
struct Command: Sendable {
    let name: String
    /// What stands behind the name: `URL TOPIC`.
    let words: String
    let summary: String
    let options: [Option]
    let examples: [(String, String)]
    let run: @Sendable (Arguments) throws(UsageError) -> Outcome

    static let all: [Command] = [.load, .check, .compare, .watch, .publish, .token]

    static func named(_ name: String) -> Command? { all.first { $0.name == name } }

    // MARK: Help

    var help: String {
        var text = "fieldcast-probe \(name) \(words)\n\n  \(summary)\n\nOptions\n"
        let heads = options.map { "--\($0.name)" + ($0.value.map { " \($0)" } ?? "") }
        let width = (heads.map { $0.count }.max() ?? 0) + 2
        for (head, option) in zip(heads, options) {
            text += "  " + Figures.left(head, width) + option.help + "\n"
        }
        text += "\nExamples\n"
        for (line, what) in examples { text += "  # \(what)\n  \(line)\n" }
        return text
    }

    static var overview: String {
        var text = """
            fieldcast-probe: measures and checks servers and clients that speak Fieldcast

            Commands

            """
        let width = (all.map { $0.name.count + $0.words.count }.max() ?? 0) + 4
        for command in all {
            text +=
                "  " + Figures.left("\(command.name) \(command.words)", width)
                + command.summary + "\n"
        }
        return text + """

            fieldcast-probe COMMAND --help says more, with examples.
            Exit codes: 0 all held, 1 something did not, 2 wrong usage, 3 the run is not valid.

            """
    }
}

/// The program, from its words to its exit code.
public enum Probe {
    /// Runs and ends the program.
    public static func main(_ words: [String]) -> Never {
        Process.exit(run(Array(words.dropFirst())).rawValue)
    }

    static func run(_ words: [String]) -> Outcome {
        guard let name = words.first else {
            Process.write(Command.overview, to: .error)
            return .usage
        }
        if name == "--help" || name == "help" && words.count == 1 {
            Process.write(Command.overview)
            return .held
        }
        let isHelp = name == "help" || words.dropFirst().contains("--help")
        let wanted = name == "help" ? words[1] : name
        guard let command = Command.named(wanted) else {
            let near = Command.all.min {
                Arguments.distance($0.name, wanted) < Arguments.distance($1.name, wanted)
            }
            let hint = near.map { "did you mean \($0.name)?" }
            return complain(UsageError("there is no command \(wanted)", hint: hint), nil)
        }
        if isHelp {
            Process.write(command.help)
            return .held
        }
        do throws(UsageError) {
            let arguments = try Arguments(Array(words.dropFirst()), knowing: command.options)
            return try command.run(arguments)
        } catch {
            return complain(error, command)
        }
    }

    private static func complain(_ error: UsageError, _ command: Command?) -> Outcome {
        var text = "fieldcast-probe: \(error.message)\n"
        if let hint = error.hint { text += "  \(hint)\n" }
        let help = command.map { "\($0.name) --help" } ?? "--help"
        text += "  fieldcast-probe \(help) says what there is.\n"
        Process.write(text, to: .error)
        return .usage
    }
}

extension Arguments {
    /// The words that a command wants, by name, no more and no fewer.
    func positions(_ names: String...) throws(UsageError) -> [String] {
        if words.count < names.count {
            throw UsageError("\(names[words.count]) is missing")
        }
        if words.count > names.count {
            throw UsageError("\(words[names.count]): one word too many")
        }
        return words
    }
}
