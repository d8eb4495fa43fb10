import Transport

/// The program `fieldcast-node`: from words to a running node and back.
public enum NodeProgram {
    static let version = "0.1.0"

    /// Runs to the end, and ends the process with the exit code.
    public static func main(_ words: [String]) -> Never { Process.exit(run(words)) }

    /// Runs to the end; the exit code comes back.
    public static func run(_ words: [String]) -> Int32 {
        do throws(NodeCommand.Mistake) {
            if words.first == "admin" {
                if words.count == 1 || words.contains("--help") {
                    Process.write(AdminCommand.help)
                    return 0
                }
                return try AdminCommand(words.dropFirst()).run()
            }
            switch try NodeCommand(words) {
            case .help: Process.write(help)
            case .version: Process.write("fieldcast-node \(version)\n")
            case .token(let wish): return printToken(wish)
            case .store(let wish): return look(wish)
            case .config(let wish): return explain(wish)
            case .serve(let serve): return self.serve(serve)
            }
            return 0
        } catch {
            Process.write(
                "fieldcast-node: \(error.text)\nfieldcast-node --help tells more\n", to: .error)
            return 2
        }
    }

    static func fail(_ text: String) -> Int32 {
        Process.write("fieldcast-node: \(text)\n", to: .error)
        return 1
    }
}
