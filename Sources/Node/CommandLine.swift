public import Hub
public import Transport
import Wire

/// The program's words on its command line.
public enum NodeCommand: Equatable, Sendable {
    case serve(Serve)
    case token(TokenWish)
    case store(StoreWish)
    case config(ConfigWish)
    case help
    case version

    /// To serve, or to look whether it could be done. What is not said here is as the file and the
    /// environment have it.
    public struct Serve: Equatable, Sendable {
        public enum Wish: Equatable, Sendable {
            case run
            /// Says what is wrong with the configuration, and does nothing else.
            case check
            /// Prints the configuration as it would be used.
            case show
        }

        public var wish = Wish.run
        public var configFile: String?
        public var listen: SocketAddress?
        public var devices: SocketAddress?
        public var admin: SocketAddress?
        public var loops: Int?
        public var secretFile: String?
        public var isDemonstration = false
        /// The page comes with the demonstration, and without one when asked for.
        public var hasPage = false
        /// Where durable topics are kept.
        public var storeFile: String?
        /// When its write-ahead log holds so many pages, they are moved into the file.
        public var storeLogPages: Int?
        /// What holds for topics, the first pattern that matches decides.
        public var topics: [TopicRules.Rule] = []
    }

    /// What is printed about configuration as such.
    public enum ConfigWish: Equatable, Sendable {
        case example
        case reference
    }

    /// What is wrong with the words, and what would be right.
    public struct Mistake: Error, Equatable {
        public let text: String
    }

    public init(_ words: [String]) throws(Mistake) {
        var words = words[...]
        switch words.first {
        case "token":
            words.removeFirst()
            self = .token(try NodeCommand.token(&words))
        case "store":
            words.removeFirst()
            self = .store(try NodeCommand.store(&words))
        case "config":
            words.removeFirst()
            self = .config(try NodeCommand.config(&words))
        case "help", "--help", "-h": self = .help
        case "--version": self = .version
        default: self = .serve(try NodeCommand.serve(&words))
        }
    }

    private static let serveOptions = [
        "--config", "--check", "--print-config", "--demo", "--page", "--listen", "--devices",
        "--admin", "--loops", "--secret-file", "--store", "--store-log-pages", "--topics", "--help",
        "--version",
    ]

    private static func serve(_ words: inout ArraySlice<String>) throws(Mistake) -> Serve {
        var serve = Serve()
        let isEmpty = words.isEmpty
        while let word = words.popFirst() {
            switch word {
            case "--config": serve.configFile = try value(of: word, &words)
            case "--check": serve.wish = .check
            case "--print-config": serve.wish = .show
            case "--demo":
                serve.isDemonstration = true
                serve.hasPage = true
            case "--page": serve.hasPage = true
            case "--listen": serve.listen = try address(of: word, &words)
            case "--devices": serve.devices = try address(of: word, &words)
            case "--admin": serve.admin = try address(of: word, &words)
            case "--loops":
                let text = try value(of: word, &words)
                guard let loops = Int(text), (1...64).contains(loops) else {
                    throw Mistake(text: "--loops wants a number from 1 to 64, not '\(text)'")
                }
                serve.loops = loops
            case "--secret-file": serve.secretFile = try value(of: word, &words)
            case "--store": serve.storeFile = try value(of: word, &words)
            case "--store-log-pages":
                let text = try value(of: word, &words)
                guard let pages = Int(text), pages > 0 else {
                    throw Mistake(
                        text: "--store-log-pages wants a number above zero, not '\(text)'")
                }
                serve.storeLogPages = pages
            case "--topics": serve.topics.append(try rule(try value(of: word, &words)))
            default: throw unknown(word, known: verbs + serveOptions)
            }
        }
        if serve.storeFile == nil, serve.configFile == nil,
            let durable = serve.topics.first(where: \.settings.isDurable)
        {
            throw Mistake(
                text: "\(durable.pattern.text) is to be durable; say --store FILE, where it is kept"
            )
        }
        if isEmpty {
            throw Mistake(
                text: "say --demo for demonstration data, --config FILE, or --secret-file FILE "
                    + "with the secret that signs tokens (at least 32 bytes)")
        }
        return serve
    }

    private static func address(
        of option: String, _ words: inout ArraySlice<String>
    ) throws(Mistake) -> SocketAddress {
        let text = try value(of: option, &words)
        guard let address = SocketAddress(listening: text) else {
            throw Mistake(text: "\(option) wants HOST:PORT, as in 127.0.0.1:8080, not '\(text)'")
        }
        return address
    }

    private static let verbs = ["token", "store", "config", "admin"]

    private static func config(_ words: inout ArraySlice<String>) throws(Mistake) -> ConfigWish {
        let verb = words.popFirst()
        if let extra = words.first { throw Mistake(text: "there is no '\(extra)' here") }
        switch verb {
        case "example"?: return .example
        case "reference"?: return .reference
        case nil: throw Mistake(text: "config wants 'example' or 'reference'")
        case let verb?: throw unknown(verb, known: ["example", "reference"])
        }
    }

    static func value(
        of option: String, _ words: inout ArraySlice<String>
    ) throws(Mistake) -> String {
        guard let value = words.popFirst() else {
            throw Mistake(text: "\(option) wants a value after it")
        }
        return value
    }

    /// Names the known word that is nearest to what was typed.
    static func unknown(_ word: String, known: [String]) -> Mistake {
        Mistake(text: "there is no '\(word)'; \(Nearest.hint(word, known))")
    }
}

extension SocketAddress {
    /// HOST:PORT, with brackets around an IPv6 host.
    init?(listening text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.first == "[" && host.last == "]" { host = host.dropFirst().dropLast() }
        if host == "localhost" { host = "127.0.0.1" }
        self.init(String(host), port: port)
    }
}
