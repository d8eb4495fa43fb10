import Hub
import Transport
import Wire

/// `fieldcast-node token …`
extension NodeProgram {
    static func printToken(_ wish: NodeCommand.TokenWish) -> Int32 {
        var access = AccessSettings()
        if let file = wish.secretFile {
            guard let secret = try? Process.read(file) else {
                return fail("the secret file cannot be read")
            }
            do throws(TokenKeys.Mistake) {
                access.keys = try TokenKeys(files: [secret])
            } catch {
                return fail("\(file) cannot be used: \(error.text)")
            }
        } else if let file = wish.configFile {
            var serve = NodeCommand.Serve()
            serve.configFile = file
            let node = NodeWish(serve: serve, environment: Process.environment)
            let outcome = node.read()
            guard outcome.mistakes.isEmpty else { return refuse(outcome, node) }
            access = outcome.settings.access
        }
        if let issuer = wish.issuer { access.issuer = Text(issuer) }
        if let audience = wish.audience { access.audience = Text(audience) }
        let token = Tokens(access).token(
            for: principal(wish), roles: wish.roles.map { Text($0) }, at: Process.wall,
            seconds: wish.seconds)
        guard let token else {
            return fail(
                "none of the keys can sign; public keys only check. The issuer that has the "
                    + "private key makes the tokens")
        }
        Process.write(token.string + "\n")
        return 0
    }

    private static func principal(_ wish: NodeCommand.TokenWish) -> Principal {
        let patterns = wish.fields.compactMap { FieldPattern.read(.text($0)) }
        let mask = patterns.isEmpty ? Mask.everything : Mask(patterns)
        let topics = Set(wish.read + wish.write).sorted()
        return Principal(
            name: Text(wish.subject), tenant: Text(wish.tenant),
            grants: topics.map { topic in
                Principal.Grant(
                    topics: TopicPattern(Text(topic)),
                    read: wish.read.contains(topic) ? mask : nil,
                    write: wish.write.contains(topic) ? mask : nil)
            },
            commands: wish.commands.map { TopicPattern(Text($0)) },
            isAdministrator: wish.isAdministrator, token: wish.id.map { Text($0) })
    }
}
