import Hub
import Transport
import Wire

/// The program `fieldcast-node`: from words to a running node and back.
public enum NodeProgram {
    static let version = "0.1.0"

    static let help = """
        fieldcast-node keeps live state in step between this server and its subscribers.

        USAGE
          fieldcast-node --demo [--listen HOST:PORT] [--loops N] [--store FILE]
              Live demonstration data, with a secret made for this run. Prints the address of a
              page that shows it, a token, and a command that shows live diffs.

          fieldcast-node --secret-file FILE [--listen HOST:PORT] [--loops N]
                         [--store FILE] [--topics PATTERN=WORDS]...
              Serves. The secret file holds the secret that signs tokens, at least 32 bytes.

          fieldcast-node store check FILE
          fieldcast-node store backup FILE TO
          fieldcast-node store info FILE
              Looks through a store, copies it, says what is in it; also while a node uses it.

          fieldcast-node token --secret-file FILE [--subject NAME] [--tenant NAME]
                               [--read PATTERN]... [--write PATTERN]... [--seconds N]
              Prints a token. PATTERN names topics: desk/queue, desk/*, desk/**.

          fieldcast-node admin VERB …
              What an operator asks of a running node: topics, connections, who is slow, dead
              letters, revocations. fieldcast-node admin --help lists the verbs.

        OPTIONS
          --listen HOST:PORT   where to listen (127.0.0.1:8080); port 0 takes a free one
          --devices HOST:PORT  where framed streams come in, for devices without WebSockets
          --admin HOST:PORT    where the operator's verbs and the metrics are served: on loopback
                               to whoever is on this machine, elsewhere to tokens with the claim
                               "admin"
          --loops N            how many threads share connections and topics (1)
          --page               serve the demonstration's page at / without its data
          --store FILE         keeps topics in FILE: what is acknowledged survives the node. Made
                               when it is not there. Without it topics live in memory
          --topics PATTERN=WORDS
                               what topics are: state (else), collection, event or signal; with
                               'durable' beside it they are kept in the store, and with
                               'checkpoint:N' stored whole after N changes (1000). The first that
                               matches decides: --topics 'jobs/**=event,durable'. With --store and
                               without --topics every topic is durable
          --store-log-pages N  moves the store's write-ahead log into FILE when it holds N pages
                               of 4 KiB (2000)

        It ends in good order on SIGINT and SIGTERM. Exit codes: 0 ended in good order,
        1 could not start or found damage, 2 wrong usage.

        """

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

    // MARK: Serving

    private static func serve(_ serve: NodeCommand.Serve) -> Int32 {
        var settings = NodeSettings()
        settings.listeners[0].address = serve.listen
        settings.loops = serve.loops
        if let devices = serve.devices {
            settings.listeners.append(
                NodeSettings.Listener(name: "devices", address: devices, speech: .framed))
        }
        settings.admin = serve.admin.map {
            AdminSettings(address: $0, wantsToken: !$0.isLoopback)
        }
        settings.isDemonstration = serve.isDemonstration
        settings.hasPage = serve.hasPage
        if let file = serve.secretFile {
            guard let secret = try? Process.read(file) else {
                return fail("cannot read \(file), which should hold the secret or keys")
            }
            do throws(TokenKeys.Mistake) {
                settings.access.keys = try TokenKeys(files: [secret])
            } catch {
                return fail("\(file) cannot be used: \(error.text)")
            }
        } else if let keys = TokenKeys(secret: System.random(32)) {
            settings.access.keys = keys
        }
        settings.store = serve.storeFile.map { StoreSettings(file: $0) }
        if let pages = serve.storeLogPages { settings.store?.options.logPages = pages }
        settings.hub.rules = rules(serve)
        let node: Node
        do throws(Node.StartError) {
            try? Process.holdSignals()
            node = try Node.start(settings)
        } catch {
            switch error {
            case .noKeys: return fail("there is no key to check tokens with")
            case .storeMissing: return fail("durable topics need --store FILE")
            case .store(let error): return fail(error.text)
            case .listener(let name, let errno):
                let place = settings.listeners.first { $0.name == name }?.address ?? serve.admin
                return fail("cannot listen at \(place ?? serve.listen): \(errno)")
            case .system(let errno): return fail("cannot start a loop: \(errno)")
            }
        }
        if serve.isDemonstration {
            Process.write(welcome(node.address, Tokens(settings.access)))
        } else {
            Process.write("fieldcast-node \(version) listens at \(node.address)\n")
            if let devices = node.addresses["devices"] {
                Process.write("framed streams come in at \(devices)\n")
            }
            if let admin = node.adminAddress {
                Process.write("operators ask at \(admin)\n")
            }
        }
        Process.awaitEnd()
        Process.write("ending: connections are told to come back\n")
        node.stop()
        return 0
    }

    private static func rules(_ serve: NodeCommand.Serve) -> TopicRules {
        var rules = TopicRules(rules: serve.topics)
        rules.otherwise.isDurable = serve.storeFile != nil && serve.topics.isEmpty
        if serve.isDemonstration {
            rules.rules += Demonstration.rules(isDurable: serve.storeFile != nil)
        }
        return rules
    }

    private static func welcome(_ address: SocketAddress, _ tokens: Tokens) -> String {
        let principal = Principal(
            name: "visitor", tenant: Demonstration.tenant,
            grants: [
                Principal.Grant(
                    topics: TopicPattern("desk/**"), read: .everything, write: .everything)
            ])
        let token = tokens.token(
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
        guard let file = wish.secretFile, let secret = try? Process.read(file) else {
            return fail("the secret file cannot be read")
        }
        var access = AccessSettings()
        do throws(TokenKeys.Mistake) {
            access.keys = try TokenKeys(files: [secret])
        } catch {
            return fail("\(file) cannot be used: \(error.text)")
        }
        let tokens = Tokens(access)
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
