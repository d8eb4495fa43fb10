internal import Transport
internal import Wire

/// Who the probe says it is: one token for everybody, or a secret with which each virtual user
/// gets a token of its own.
enum Credentials {
    case token(Text)
    case mint(TokenMint, tenant: String, claims: Map, life: Interval)

    static let options = [
        Option("token", "TOKEN", "the token to show; @FILE reads it from a file"),
        Option("secret-file", "FILE", "make a token for each user with this shared secret"),
        Option("tenant", "NAME", "the tenant in tokens that are made (main)"),
        Option("claims", "JSON", "further claims in tokens that are made"),
    ]

    init(_ arguments: Arguments) throws(UsageError) {
        if let token = arguments.text("token") {
            guard !arguments.has("secret-file") else {
                throw UsageError("--token and --secret-file exclude each other")
            }
            let bytes =
                token.hasPrefix("@")
                ? try Credentials.file(String(token.dropFirst()))
                : [UInt8](token.utf8)
            guard let text = Text(utf8: bytes.span), !text.isEmpty else {
                throw UsageError("--token: that is no token")
            }
            self = .token(text)
            return
        }
        guard let path = arguments.text("secret-file") else {
            throw UsageError(
                "who is asking? give --token TOKEN or --secret-file FILE",
                hint: "fieldcast-probe token --help says how tokens are made")
        }
        self = .mint(
            TokenMint(secret: try Credentials.file(path)),
            tenant: arguments.text("tenant") ?? "main",
            claims: try Credentials.claims(arguments),
            life: try arguments.duration("life", or: .seconds(3600)))
    }

    /// The bytes of a file without the line end that editors put behind them.
    private static func file(_ path: String) throws(UsageError) -> [UInt8] {
        var bytes = try Machine.read(path)
        while let last = bytes.last, last == 0x0a || last == 0x0d { bytes.removeLast() }
        guard !bytes.isEmpty else { throw UsageError("\(path) is empty") }
        return bytes
    }

    static func claims(_ arguments: Arguments) throws(UsageError) -> Map {
        // Without a word about it a token opens every topic of its tenant.
        let every: Value = [["pattern": "**", "read": true, "write": true]]
        guard let text = arguments.text("claims") else {
            var map = Map()
            map["topics"] = every
            return map
        }
        guard case .map(let map)? = try? Value(json: [UInt8](text.utf8).span) else {
            throw UsageError(
                "--claims: an object in JSON is wanted",
                hint: #"as --claims '{"topics":[{"pattern":"desk/**","read":true}]}'"#)
        }
        return map
    }

    /// The token of one user.
    func token(of user: String) throws(UsageError) -> Text {
        switch self {
        case .token(let text): return text
        case .mint(let mint, let tenant, let claims, let life):
            guard
                let token = mint.token(
                    subject: user, tenant: tenant, life: life, now: Process.wall,
                    others: claims)
            else { throw UsageError("OpenSSL could not sign a token") }
            return token
        }
    }
}
