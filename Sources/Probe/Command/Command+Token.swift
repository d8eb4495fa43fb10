internal import Transport
internal import Wire

extension Command {
    static let token = Command(
        name: "token", words: "USER",
        summary: "makes a token with a shared secret",
        options: [
            Option("secret-file", "FILE", "the secret that the server was given"),
            Option("tenant", "NAME", "the user's tenant (main)"),
            Option("life", "TIME", "how long it counts (1h)"),
            Option(
                "claims", "JSON", "further claims, as an object (every topic, to read and write)"),
        ],
        examples: [
            ("fieldcast-probe token alice --secret-file secret --tenant acme", "for an hour"),
            (
                "fieldcast-probe token bot --secret-file secret --life 5m "
                    + #"--claims '{"topics":[{"pattern":"desk/**","read":true}]}'"#,
                "that may only read, and only the desk"
            ),
        ]
    ) { (arguments) throws(UsageError) in
        let user = try arguments.positions("USER")[0]
        let token = try Credentials(arguments).token(of: user)
        Process.write(token.string + "\n")
        return .held
    }
}
