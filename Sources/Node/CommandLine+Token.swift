extension NodeCommand {
    /// `fieldcast-node token …`
    public struct TokenWish: Equatable, Sendable {
        public var secretFile: String?
        /// Where key, issuer and audience are taken from in place of a secret file.
        public var configFile: String?
        public var subject = "me"
        public var tenant = "main"
        public var read: [String] = []
        public var write: [String] = []
        /// The fields that `read` and `write` mean; all when there is none.
        public var fields: [String] = []
        public var roles: [String] = []
        public var commands: [String] = []
        public var isAdministrator = false
        public var id: String?
        public var issuer: String?
        public var audience: String?
        public var seconds: Int64 = 3_600
    }

    static func token(_ words: inout ArraySlice<String>) throws(Mistake) -> TokenWish {
        var wish = TokenWish()
        while let word = words.popFirst() {
            switch word {
            case "--secret-file": wish.secretFile = try value(of: word, &words)
            case "--config": wish.configFile = try value(of: word, &words)
            case "--subject": wish.subject = try value(of: word, &words)
            case "--tenant": wish.tenant = try value(of: word, &words)
            case "--read": wish.read.append(try value(of: word, &words))
            case "--write": wish.write.append(try value(of: word, &words))
            case "--fields": wish.fields += try list(of: word, &words)
            case "--roles": wish.roles += try list(of: word, &words)
            case "--commands": wish.commands += try list(of: word, &words)
            case "--admin": wish.isAdministrator = true
            case "--id": wish.id = try value(of: word, &words)
            case "--issuer": wish.issuer = try value(of: word, &words)
            case "--audience": wish.audience = try value(of: word, &words)
            case "--seconds":
                let text = try value(of: word, &words)
                guard let seconds = Int64(text), (1...315_360_000).contains(seconds) else {
                    throw Mistake(
                        text: "--seconds wants a number from 1 to 315360000, ten years, not "
                            + "'\(text)'")
                }
                wish.seconds = seconds
            default: throw unknown(word, known: tokenOptions)
            }
        }
        guard (wish.secretFile == nil) != (wish.configFile == nil) else {
            throw Mistake(
                text: "token wants --secret-file FILE, the file that the node was given, or "
                    + "--config FILE, whose first key it is")
        }
        for field in wish.fields where FieldPattern.read(.text(field)) == nil {
            throw Mistake(
                text: "--fields wants names such as status,customer.name,*.unread, not '\(field)'")
        }
        return wish
    }

    private static let tokenOptions = [
        "--secret-file", "--config", "--subject", "--tenant", "--read", "--write", "--fields",
        "--roles", "--commands", "--admin", "--id", "--issuer", "--audience", "--seconds",
    ]

    /// Words with commas between them.
    private static func list(
        of option: String, _ words: inout ArraySlice<String>
    ) throws(Mistake) -> [String] {
        try value(of: option, &words).split(separator: ",").map(String.init)
    }
}
