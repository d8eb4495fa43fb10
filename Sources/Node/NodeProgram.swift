import Hub
import Transport
import Wire

/// The program `fieldcast-node`: from words to a running node and back.
public enum NodeProgram {
    static let version = "0.1.0"

    static let help = """
        fieldcast-node keeps live state in step between this server and its subscribers.

        USAGE
          fieldcast-node --demo [--listen HOST:PORT] [--loops N]
              Live demonstration data, with a secret made for this run. Prints the address of a
              page that shows it, a token, and a command that shows live diffs.

          fieldcast-node --secret-file FILE [--listen HOST:PORT] [--loops N]
              Serves. FILE holds the secret that signs tokens, at least 32 bytes.

          fieldcast-node token --secret-file FILE [--subject NAME] [--tenant NAME]
                               [--read PATTERN]... [--write PATTERN]... [--seconds N]
              Prints a token. PATTERN names topics: desk/queue, desk/*, desk/**.

        OPTIONS
          --listen HOST:PORT   where to listen (127.0.0.1:8080); port 0 takes a free one
          --loops N            how many threads share connections and topics (1)
          --page               serve the demonstration's page at / without its data

        It ends in good order on SIGINT and SIGTERM. Exit codes: 0 ended in good order,
        1 could not start, 2 wrong usage.

        """

    /// Runs to the end, and ends the process with the exit code.
    public static func main(_ words: [String]) -> Never { Process.exit(run(words)) }

    /// Runs to the end; the exit code comes back.
    public static func run(_ words: [String]) -> Int32 {
        do throws(NodeCommand.Mistake) {
            switch try NodeCommand(words) {
            case .help: Process.write(help)
            case .version: Process.write("fieldcast-node \(version)\n")
            case .token(let wish): return printToken(wish)
            case .serve(let serve): return self.serve(serve)
            }
            return 0
        } catch {
            Process.write(
                "fieldcast-node: \(error.text)\nfieldcast-node --help tells more\n", to: .error)
            return 2
        }
    }

    private static func fail(_ text: String) -> Int32 {
        Process.write("fieldcast-node: \(text)\n", to: .error)
        return 1
    }

    // MARK: Serving

    private static func serve(_ serve: NodeCommand.Serve) -> Int32 {
        var settings = NodeSettings()
        settings.listen = serve.listen
        settings.loops = serve.loops
        settings.isDemonstration = serve.isDemonstration
        settings.hasPage = serve.hasPage
        if let file = serve.secretFile {
            guard let secret = try? Process.read(file, upTo: 4_096) else {
                return fail("cannot read \(file), which should hold the secret")
            }
            settings.secret = trimmed(secret)
        } else {
            settings.secret = System.random(32)
        }
        if serve.isDemonstration { settings.hub.rules = Demonstration.rules }
        let node: Node
        do throws(Node.StartError) {
            try? Process.holdSignals()
            node = try Node.start(settings)
        } catch {
            switch error {
            case .secretTooShort:
                return fail("the secret must have at least 32 bytes; try: head -c 32 /dev/urandom")
            case .system(let errno):
                return fail("cannot listen at \(serve.listen): \(errno)")
            }
        }
        if serve.isDemonstration {
            Process.write(welcome(node.address, secret: settings.secret))
        } else {
            Process.write("fieldcast-node \(version) listens at \(node.address)\n")
        }
        Process.awaitEnd()
        Process.write("ending: connections are told to come back\n")
        node.stop()
        return 0
    }

    /// A secret in a file most often has a line end that nobody meant.
    private static func trimmed(_ secret: [UInt8]) -> [UInt8] {
        var secret = secret
        while let last = secret.last, last == 0x0a || last == 0x0d { secret.removeLast() }
        return secret
    }

    private static func welcome(_ address: SocketAddress, secret: [UInt8]) -> String {
        let principal = Principal(
            name: "visitor", tenant: Demonstration.tenant,
            grants: [
                Principal.Grant(
                    topics: TopicPattern("desk/**"), read: .everything, write: .everything)
            ])
        let token = Tokens(secret: secret)?.token(
            for: principal, at: Process.wall, seconds: 86_400)
        let topics = Demonstration.topics.map(\.string).joined(separator: "  ")
        return """
            fieldcast-node \(version) shows a support desk that lives. Open it in a browser:

              http://\(address)/#token=\(token?.string ?? "")

              address  ws://\(address)/v1/ws
              topics   \(topics)
              token    \(token?.string ?? "")

            See live diffs, in another terminal:

              .build/release/fieldcast-probe watch ws://\(address)/v1/ws desk/metrics \\
                --token \(token?.string ?? "")

            Ctrl-C ends it.

            """
    }

    // MARK: Tokens

    private static func printToken(_ wish: NodeCommand.TokenWish) -> Int32 {
        guard let file = wish.secretFile, let secret = try? Process.read(file, upTo: 4_096),
            let tokens = Tokens(secret: trimmed(secret))
        else { return fail("the secret file cannot be read, or holds less than 32 bytes") }
        let patterns = Set(wish.read + wish.write).sorted()
        let principal = Principal(
            name: Text(wish.subject), tenant: Text(wish.tenant),
            grants: patterns.map { pattern in
                Principal.Grant(
                    topics: TopicPattern(Text(pattern)),
                    read: wish.read.contains(pattern) ? .everything : nil,
                    write: wish.write.contains(pattern) ? .everything : nil)
            })
        let token = tokens.token(for: principal, at: Process.wall, seconds: wish.seconds)
        guard let token else { return fail("the secret cannot sign") }
        Process.write(token.string + "\n")
        return 0
    }
}
