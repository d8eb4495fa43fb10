public import Hub
public import Transport
import Wire

/// The program's words on its command line.
public enum NodeCommand: Equatable, Sendable {
    case serve(Serve)
    case token(TokenWish)
    case store(StoreWish)
    case help
    case version

    public struct Serve: Equatable, Sendable {
        public var listen = SocketAddress.loopback(port: 8080)
        public var devices: SocketAddress?
        public var admin: SocketAddress?
        public var loops = 1
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

    public struct TokenWish: Equatable, Sendable {
        public var secretFile: String?
        public var subject = "me"
        public var tenant = "main"
        public var read: [String] = []
        public var write: [String] = []
        public var seconds: Int64 = 3_600
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
        case "help", "--help", "-h": self = .help
        case "--version": self = .version
        default: self = .serve(try NodeCommand.serve(&words))
        }
    }

    private static func serve(_ words: inout ArraySlice<String>) throws(Mistake) -> Serve {
        var serve = Serve()
        while let word = words.popFirst() {
            switch word {
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
            default:
                throw unknown(
                    word,
                    known: [
                        "--demo", "--listen", "--devices", "--admin", "--loops", "--page",
                        "--secret-file", "--store", "--store-log-pages", "--topics", "--help",
                    ])
            }
        }
        if serve.storeFile == nil, let durable = serve.topics.first(where: \.settings.isDurable) {
            throw Mistake(
                text: "\(durable.pattern.text) is to be durable; say --store FILE, where it is kept"
            )
        }
        guard serve.isDemonstration || serve.secretFile != nil else {
            throw Mistake(
                text: "say --demo for demonstration data, or --secret-file FILE with the secret "
                    + "that signs tokens (at least 32 bytes)")
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

    private static func token(_ words: inout ArraySlice<String>) throws(Mistake) -> TokenWish {
        var wish = TokenWish()
        while let word = words.popFirst() {
            switch word {
            case "--secret-file": wish.secretFile = try value(of: word, &words)
            case "--subject": wish.subject = try value(of: word, &words)
            case "--tenant": wish.tenant = try value(of: word, &words)
            case "--read": wish.read.append(try value(of: word, &words))
            case "--write": wish.write.append(try value(of: word, &words))
            case "--seconds":
                let text = try value(of: word, &words)
                guard let seconds = Int64(text), seconds > 0 else {
                    throw Mistake(text: "--seconds wants a number above zero, not '\(text)'")
                }
                wish.seconds = seconds
            default:
                throw unknown(
                    word,
                    known: [
                        "--secret-file", "--subject", "--tenant", "--read", "--write", "--seconds",
                    ])
            }
        }
        guard wish.secretFile != nil else {
            throw Mistake(text: "token wants --secret-file FILE, the file that the node was given")
        }
        return wish
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
        let nearest = known.min { distance($0, word) < distance($1, word) }
        if let nearest, distance(nearest, word) <= 3 {
            return Mistake(text: "there is no '\(word)'; did you mean \(nearest)?")
        }
        return Mistake(text: "there is no '\(word)'; known are \(known.joined(separator: ", "))")
    }

    /// How many letters must be added, removed or exchanged (Levenshtein).
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = [UInt8](b.utf8)
        var row = [Int](0...b.count)
        for (i, x) in a.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let next = min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
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
