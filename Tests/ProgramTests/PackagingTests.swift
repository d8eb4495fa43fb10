import Foundation
import Testing

/// What is packed, and the pages that are made from the program.
@Suite("What an operator is given") struct PackagingTests {
    static let tree = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let folder = tree.appending(path: "packaging")

    @Test("The example is the one that the program prints, and passes --check")
    func example() throws {
        let example = PackagingTests.folder.appending(path: "fieldcast.toml")
        let printed = try RunningProgram.said(by: "fieldcast-node", ["config", "example"])
        #expect(try String(contentsOf: example, encoding: .utf8) == printed.text, "make docs")
        let room = try Room()
        try room.writeSecret("secret")
        let checked = try RunningProgram.said(
            by: "fieldcast-node", ["--config", example.path, "--check"],
            environment: ["FIELDCAST_ACCESS_KEYS": room.path("secret")])
        #expect(checked.code == 0 && checked.text.contains("nothing is wrong"), "\(checked.text)")
    }

    @Test("--check says all that is wrong, each with its line, and exits with 2")
    func check() throws {
        let room = try Room()
        try room.writeSecret("secret")
        try room.write(
            "node.toml", "[access]\nkeys = [\"secret\"]\n[node]\nlops = 1\nkernel = 3\n[lg]\n")
        let said = try RunningProgram.said(
            by: "fieldcast-node", ["--config", "node.toml", "--check"], in: room.url)
        #expect(said.code == 2)
        #expect(
            said.text.split(separator: "\n").map(String.init) == [
                "node.toml:4:1: node has no key lops; did you mean loops?",
                "node.toml:5:10: kernel wants \"auto\" or \"epoll\" or \"io_uring\", not 3",
                "node.toml:6:1: there is no section lg; did you mean log?",
                "fieldcast-node: 3 mistakes; 'fieldcast-node config reference' lists every key",
            ])
    }

    @Test("docs/configuration.md lists the keys of the program, and no others")
    func reference() throws {
        let page = try String(
            contentsOf: PackagingTests.tree.appending(path: "docs/configuration.md"),
            encoding: .utf8)
        let printed = try RunningProgram.said(by: "fieldcast-node", ["config", "reference"])
        let parts = page.components(separatedBy: "<!-- made by: make docs -->\n")
        #expect(parts.count == 3 && parts[1] == printed.text, "make docs")
    }

    @Test("The installer puts everything where the unit looks for it, and keeps what is configured")
    func install() throws {
        let room = try Room()
        // As `make dist` packs it.
        let packed = room.path("packed")
        let made = try RunningProgram.said(
            by: "/bin/sh",
            [
                "-c",
                "mkdir -p \(packed)/doc && cp packaging/* \(packed) && cp docs/*.md \(packed)/doc "
                    + "&& ln -s \(RunningProgram.folder.path)/fieldcast-node \(packed)",
            ], in: PackagingTests.tree)
        try #require(made.code == 0, "\(made.text)")
        func install() throws {
            let said = try RunningProgram.said(
                by: packed + "/install.sh", ["--root", room.path("root")])
            #expect(said.code == 0, "\(said.text)")
        }
        try install()
        let root = room.url.appending(path: "root")
        func text(_ path: String) throws -> String {
            try String(contentsOf: root.appending(path: path), encoding: .utf8)
        }
        let unit = try text("lib/systemd/system/fieldcast-node.service")
        let start = try #require(unit.firstMatch(of: /ExecStart=(\S+) --config (\S+)/))
        #expect(FileManager.default.isExecutableFile(atPath: root.path + start.1))
        #expect(try text(String(start.2)).contains("/etc/fieldcast/token.secret"))
        let secret = try text("etc/fieldcast/token.secret")
        #expect(secret.utf8.count >= 44)
        try install()
        #expect(try text("etc/fieldcast/token.secret") == secret)
        #expect(
            FileManager.default.fileExists(atPath: root.path + "/usr/share/doc/fieldcast/README.md")
        )
        let wrong = try RunningProgram.said(by: packed + "/install.sh", ["--rot"])
        #expect(wrong.code == 2)
    }

    @Test("A token has what was asked for, and takes key and issuer from the configuration")
    func token() throws {
        let room = try Room()
        try room.writeSecret("secret")
        try room.write(
            "node.toml",
            "[access]\nkeys = [\"secret\"]\nissuer = \"us\"\naudience = \"them\"\n")
        let said = try RunningProgram.said(
            by: "fieldcast-node",
            [
                "token", "--config", "node.toml", "--subject", "ada", "--tenant", "acme", "--read",
                "desk/*", "--write", "desk/*", "--fields", "status,*.unread", "--roles",
                "agent,lead", "--commands", "desk/*", "--admin", "--id", "t-1", "--seconds", "60",
            ], in: room.url)
        #expect(said.code == 0, "\(said.text)")
        let parts = said.text.split(separator: ".")
        try #require(parts.count == 3)
        var payload = String(parts[1]).replacing("-", with: "+").replacing("_", with: "/")
        while payload.count % 4 != 0 { payload += "=" }
        let bytes = try #require(Data(base64Encoded: payload))
        let claims = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        #expect(claims["sub"] as? String == "ada" && claims["tenant"] as? String == "acme")
        #expect(claims["iss"] as? String == "us" && claims["jti"] as? String == "t-1")
        #expect(claims["aud"] as? [String] == ["them"] && claims["admin"] as? Bool == true)
        #expect(claims["roles"] as? [String] == ["agent", "lead"])
        #expect(claims["commands"] as? [String] == ["desk/*"])
        let topics = try #require(claims["topics"] as? [[String: Any]])
        #expect(topics[0]["pattern"] as? String == "desk/*")
        #expect(topics[0]["read"] as? NSArray == topics[0]["write"] as? NSArray)
    }

    @Test("A role of the configuration grants what it says, and no more")
    func roles() throws {
        let room = try Room()
        try room.writeSecret("secret")
        try room.write(
            "node.toml",
            """
            [access]
            keys = ["\(room.path("secret"))"]
            [[listeners]]
            address = "127.0.0.1:0"
            [[roles]]
            name = "reader"
            [[roles.grants]]
            topics = "a"
            read = true
            """)
        let node = try ServingNode(["--config", room.path("node.toml")])
        func token(_ role: String) throws -> String {
            try RunningProgram.said(
                by: "fieldcast-node",
                ["token", "--secret-file", room.path("secret"), "--roles", role]
            ).text.trimmingCharacters(in: .newlines)
        }
        #expect(try room.status(node.address(), token: token("reader")) == "200")
        #expect(try room.status(node.address(), token: token("stranger")) != "200")
    }

    @Test(
        "Mistakes on the command line are answered with what was meant",
        arguments: [
            (["--confg", "f"], "did you mean --config?"), (["tokn"], "did you mean token?"),
            (["config"], "'example' or 'reference'"), (["config", "exmple"], "mean example?"),
            (["token", "--secret-file", "a", "--role", "b"], "did you mean --roles?"),
            (["token"], "--secret-file FILE"), (["--config"], "wants a value after it"),
            (["token", "--secret-file", "a", "--fields", "a..b"], "--fields wants names"),
            ([], "--demo"),
        ])
    func usage(words: [String], said: String) throws {
        let answer = try RunningProgram.said(by: "fieldcast-node", words)
        #expect(answer.code == 2)
        #expect(answer.text.contains(said), "\(answer.text)")
    }
}
