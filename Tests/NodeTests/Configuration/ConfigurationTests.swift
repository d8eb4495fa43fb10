import Foundation
import Hub
import Testing
import Transport
import Wire

@testable import Node

/// What keys mean, and what is said when they are wrong.
@Suite struct ConfigurationTests {
    static let files: [String: [UInt8]] = [
        "secret": [UInt8]("a secret of thirty-two bytes or more".utf8),
        "short": [UInt8]("short".utf8),
    ]

    static func reading(_ path: String) -> Result<[UInt8], Errno> {
        files[path].map { .success($0) } ?? .failure(Errno(code: 2))
    }

    /// As `--config node.toml` with this text.
    static func outcome(
        _ text: String, _ environment: [(name: String, value: String)] = [],
        _ change: (inout NodeCommand.Serve) -> Void = { _ in }
    ) -> NodeWish.Outcome {
        var serve = NodeCommand.Serve()
        serve.configFile = "node.toml"
        change(&serve)
        return NodeWish(serve: serve, environment: environment).read { path in
            path == "node.toml" ? .success([UInt8](text.utf8)) : reading(path)
        }
    }

    static let access = "[access]\nkeys = [\"secret\"]\n"

    @Test("What the file says is what the node is told")
    func everything() throws {
        let outcome = ConfigurationTests.outcome(
            ConfigurationTests.access + """
                issuer = "https://login.example.org"
                leeway = "1m"
                [node]
                loops = 2
                kernel = "epoll"
                drain_time = "1500ms"
                compression = false
                [[listeners]]
                name = "web"
                address = "[::1]:443"
                [[listeners]]
                name = "devices"
                address = "localhost:9000"
                speaks = "framed"
                proxy_protocol = true
                [[roles]]
                name = "agent"
                commands = ["desk/*", "close"]
                [[roles.grants]]
                topics = "desk/**"
                read = true
                write = ["status", "customer.name", "*.unread", ["a.b", "c"]]
                [[roles.grants]]
                topics = "notes/*"
                read = ["text"]
                [web]
                origins = ["https://desk.example.org"]
                trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
                [[topics]]
                pattern = "jobs/**"
                kind = "event"
                durable = true
                events = 500
                part_size = "64KiB"
                [store]
                file = "fieldcast.store"
                [limits]
                connections = 50_000
                connections_per_address = 20
                connections_per_user = "unlimited"
                memory = "2GiB"
                [connections]
                message_size = 65536
                unconfirmed_time = "250ms"
                [admin]
                address = "127.0.0.1:8081"
                [log]
                level = "debug"
                form = "json"
                """)
        #expect(outcome.mistakes == [])
        let settings = outcome.settings
        #expect(settings.loops == 2 && settings.kernel == .epoll && !settings.compresses)
        #expect(settings.drainTime == .milliseconds(1_500))
        #expect(settings.listeners.map(\.name) == ["web", "devices"])
        #expect(settings.listeners.map { "\($0.address)" } == ["[::1]:443", "127.0.0.1:9000"])
        #expect(settings.listeners[1].speech == .framed)
        #expect(settings.listeners[1].expectsProxyHeader)
        #expect(settings.access.issuer == "https://login.example.org")
        #expect(settings.access.leeway == .seconds(60))
        let role = try #require(settings.access.roles["agent"])
        #expect(role.commands == [TopicPattern("desk/*"), TopicPattern("close")])
        let grants = role.grants
        #expect(grants.count == 2 && grants[0].read == .everything && grants[1].write == nil)
        #expect(
            grants[0].write
                == Mask([
                    [.name("status")], [.name("customer"), .name("name")],
                    [.any, .name("unread")], [.name("a.b"), .name("c")],
                ]))
        #expect(settings.origins == ["https://desk.example.org"])
        #expect(settings.trustedProxies.ranges.count == 2)
        let rule = settings.hub.rules.settings(for: "jobs/a")
        #expect(rule.kind == .event && rule.isDurable && rule.eventLimit == 500)
        #expect(rule.partBytes == 65_536)
        #expect(!settings.hub.rules.settings(for: "other").isDurable)
        #expect(settings.store?.file == "fieldcast.store")
        #expect(settings.limits.connections == 50_000)
        #expect(settings.limits.connectionsPerAddress == 20)
        #expect(settings.limits.connectionsPerUser == nil)
        #expect(settings.limits.memoryBytes == 2 << 30)
        #expect(settings.desk.terms.messageBytes == 65_536)
        #expect(settings.desk.terms.unconfirmedTime == 250)
        #expect(settings.admin?.address == .loopback(port: 8081))
        #expect(outcome.configuration.logLevel == .debug)
        #expect(outcome.configuration.logForm == .json)
    }

    @Test(
        "Each mistake is said with its line, its column and what would be right",
        arguments: [
            ("loops = 1", 3, 1, "access has no key loops; it belongs beneath [node]"),
            ("[nod]", 3, 1, "did you mean node?"), ("[listeners]", 3, 1, "[[listeners]]"),
            ("[[node]]", 3, 1, "[node], only once"), ("[access]", 3, 1, "line 1 already"),
            ("[node]\nloop = 2", 4, 1, "did you mean loops?"),
            ("[node]\nfoo = 2", 4, 1, "known are loops, kernel"),
            ("[node]\nloops = 2\nloops = 3", 5, 1, "line 4 already"),
            ("[node]\nloops = \"2\"", 4, 9, "from 1 to 64, not \"2\""),
            ("[node]\nloops = 65", 4, 9, "from 1 to 64, not 65"),
            ("[node]\nkernel = \"epol\"", 4, 10, "did you mean epoll?"),
            ("[node]\ncompression = 1", 4, 15, "true or false, not 1"),
            ("[node]\ndrain_time = 5", 4, 14, "a time with its unit"),
            ("[node]\ndrain_time = \"5 days\"", 4, 14, "a time with its unit"),
            ("[node]\ndrain_time = \"2d\"", 4, 14, "from \"0s\" to \"1h\""),
            ("[[listeners]]\naddress = \"8080\"", 4, 11, "HOST:PORT in quotes"),
            ("[[listeners]]\nname = \"a b\"", 4, 8, "letters, digits"),
            ("[[listeners]]\n[[listeners]]\n", 4, 1, "needs a name"),
            ("[[listeners]]\nspeaks = \"https\"", 4, 10, "did you mean http?"),
            ("[[listeners]]\ncertificate = \"secret\"", 4, 1, "needs its private_key"),
            ("[[listeners]]\nprivate_key = \"secret\"", 4, 1, "needs its certificate"),
            (
                "[[listeners]]\ncertificate = \"no\"\nprivate_key = \"secret\"", 4, 1,
                "no cannot be read: there is no such file"
            ),
            (
                "[[listeners]]\ncertificate = \"secret\"\nprivate_key = \"secret\"", 4, 1,
                "holds no PEM certificate"
            ),
            ("[limits]\nconnections = 0", 4, 15, "from 1 to"),
            ("[limits]\nconnections_per_user = \"none\"", 4, 24, "or \"unlimited\", not \"none\""),
            ("[limits]\nmemory = \"1MiB\"", 4, 10, "from \"16MiB\" to \"16TiB\""),
            ("[limits]\nmemory = \"64MB\"", 4, 10, "not \"64MB\""),
            ("[connections]\nmessage_size = -1", 4, 16, "a size from"),
            ("[[roles]]", 3, 1, "needs a name"),
            ("[[roles.grants]]\ntopics = \"a\"", 3, 1, "beneath the [[roles]]"),
            ("[[roles]]\nname = \"a\"\n[[roles.grants]]", 5, 1, "needs a topics"),
            (
                "[[roles]]\nname = \"a\"\n[[roles.grants]]\ntopics = \"b\"\nread = \"x\"", 7, 8,
                "or a list of fields"
            ),
            (
                "[[roles]]\nname = \"a\"\n[[roles.grants]]\ntopics = \"b\"\nread = [\"x..y\"]", 7,
                8,
                "or a list of fields"
            ),
            ("[[roles]]\nname = \"a\"\ncommands = [\"b\", \"\"]", 5, 18, "a pattern of commands"),
            ("[[roles]]\nname = \"a\"\n[[roles]]\nname = \"a\"", 6, 1, "a role a already"),
            ("[web]\norigins = [\"example.org\"]", 4, 12, "an origin such as"),
            ("[web]\ntrusted_proxies = [\"10.0.0.0/40\"]", 4, 20, "an address or a range"),
            ("[[topics]]\nkind = \"state\"", 3, 1, "needs a pattern"),
            ("[[topics]]\npattern = \"\"", 4, 11, "a pattern of topics"),
            ("[[topics]]\npattern = \"a\"\ndurable = true", 5, 1, "file beneath [store]"),
            (
                "[[topics]]\npattern = \"a\"\nkind = \"signal\"\ndurable = true", 6, 1,
                "a signal holds nothing"
            ),
            ("[admin]\naddress = \"off\"", 4, 11, "or \"none\", not \"off\""),
            ("[log]\nlevel = \"warn\"", 4, 9, "did you mean warning?"),
        ])
    func mistakes(text: String, line: Int, column: Int, said: String) throws {
        let outcome = ConfigurationTests.outcome(ConfigurationTests.access + text)
        let mistake = try #require(outcome.mistakes.first)
        #expect(mistake.source == .file(FilePlace(line: line, column: column)), "\(mistake.text)")
        #expect(mistake.text.contains(said), "\(mistake.text)")
    }

    @Test(
        "Files of keys that cannot be used are named",
        arguments: [
            ("[access]\nkeys = [\"short\"]", "short: a secret must have at least 32 bytes"),
            ("[access]\nkeys = [\"none\"]", "none cannot be read: there is no such file"),
            ("[access]\nkeys = []", "nobody could show a good token"),
            ("[access]\nkeys = \"secret\"", "keys wants a list of files"),
            ("[access]\nkeys = [1]", "the path of a file in quotes, not 1"), ("", "nobody could"),
        ])
    func keys(text: String, said: String) throws {
        let mistakes = ConfigurationTests.outcome(text).mistakes
        #expect(mistakes.contains { $0.text.contains(said) }, "\(mistakes)")
    }

    @Test("A key above any section is sent to its own")
    func homeless() {
        let mistakes = ConfigurationTests.outcome("loops = 2\n" + ConfigurationTests.access)
            .mistakes
        #expect(
            mistakes.map { $0.line(in: "f") }
                == ["f:1:1: loops stands above any section; it belongs beneath [node]"])
    }

    @Test("A file that is not there is the only mistake besides")
    func missingFile() {
        let wish = NodeWish(
            serve: {
                var serve = NodeCommand.Serve()
                serve.configFile = "none.toml"
                serve.secretFile = "secret"
                return serve
            }(), environment: [])
        let mistakes = wish.read(ConfigurationTests.reading).mistakes
        #expect(
            mistakes.map { $0.line(in: wish.fileName) }
                == ["none.toml: cannot be read: there is no such file"])
    }

    // MARK: The environment and the command line

    @Test("The environment counts more than the file, and options count more than both")
    func precedence() {
        let file = ConfigurationTests.access + "[node]\nloops = 2\n[log]\nlevel = \"error\"\n"
        let outcome = ConfigurationTests.outcome(
            file,
            [
                ("FIELDCAST_NODE_LOOPS", "3"), ("FIELDCAST_LOG_LEVEL", "debug"),
                ("FIELDCAST_NODE_DRAIN_TIME", "7s"), ("FIELDCAST_ACCESS_KEYS", "secret,secret"),
                ("FIELDCAST_LISTENERS_WEB_ADDRESS", "127.0.0.1:7000"),
                ("FIELDCAST_LIMITS_MEMORY", "\"1GiB\""), ("FIELDCAST_SERVICE_HOST", "10.0.0.1"),
                ("FIELDCAST_PORT", "tcp://10.0.0.1:80"), ("HOME", "/root"),
            ]
        ) { $0.loops = 4 }
        #expect(outcome.mistakes == [])
        #expect(outcome.settings.loops == 4)
        #expect(outcome.configuration.logLevel == .debug)
        #expect(outcome.settings.drainTime == .seconds(7))
        #expect(outcome.configuration.keyFiles == ["secret", "secret"])
        #expect("\(outcome.settings.listeners[0].address)" == "127.0.0.1:7000")
        #expect(outcome.settings.limits.memoryBytes == 1 << 30)
    }

    @Test(
        "A wrong variable is named with what would be right",
        arguments: [
            ("FIELDCAST_LOG_LEVLE", "debug", "did you mean LEVEL?"),
            ("FIELDCAST_LOG_LEVEL", "loud", "known are error, warning, info, debug"),
            ("FIELDCAST_NODE_LOOPS", "many", "a whole number from 1 to 64"),
            ("FIELDCAST_LISTENERS_WWW_ADDRESS", "a", "there are web"),
        ])
    func wrongVariables(name: String, value: String, said: String) throws {
        let outcome = ConfigurationTests.outcome(ConfigurationTests.access, [(name, value)])
        let mistake = try #require(outcome.mistakes.first)
        #expect(mistake.source == .variable(name))
        #expect(mistake.text.contains(said), "\(mistake.text)")
    }

    @Test("With a store and no topics everything is durable")
    func durableByDefault() {
        let outcome = ConfigurationTests.outcome(
            ConfigurationTests.access + "[store]\nfile = \"s\"\n")
        #expect(outcome.settings.hub.rules.settings(for: "a").isDurable)
    }

    // MARK: The table

    @Test("Every key that is written reads back the same")
    func roundTrip() {
        let first = ConfigurationTests.outcome(
            ConfigurationTests.access + """
                [[roles]]
                name = "a \\"b\\" \\u0001"
                [[roles.grants]]
                topics = "x/*"
                read = [["a.b"], "c.*"]
                [[topics]]
                pattern = "t"
                [limits]
                memory = "1GiB"
                """)
        #expect(first.mistakes == [])
        let second = ConfigurationTests.outcome(first.configuration.written)
        #expect(second.mistakes == [])
        var configuration = second.configuration
        // The standard listener is written out nowhere, and so stays standard.
        configuration.listeners = first.configuration.listeners
        #expect(configuration == first.configuration)
    }

    @Test("Each key of the table takes what the example shows for it")
    func samples() {
        var text = ""
        for line in ConfigurationExample.text.split(separator: "\n") {
            // Each comment that is a key or a header becomes one.
            let bare = line.hasPrefix("# ") ? line.dropFirst(2) : line[...]
            let isKey = bare.wholeMatch(of: /[a-z_]+ = .+/) != nil
            let isHeader = bare.wholeMatch(of: /\[+[a-z.]+\]+/) != nil
            if isKey || isHeader {
                text += bare + "\n"
            }
        }
        let reader = ConfigurationReader(ConfigurationText([UInt8](text.utf8)))
        #expect(reader.mistakes == [])
        let keys = ConfigurationKeys.summary.flatMap(\.keys).count
        #expect(reader.places.count == keys)
    }

    @Test("Names of sections and keys are unique, and meanings are sentences")
    func table() {
        let summary = ConfigurationKeys.summary
        #expect(Set(summary.map(\.name)).count == summary.count)
        for section in summary {
            #expect(Set(section.keys.map(\.name)).count == section.keys.count)
            for key in section.keys {
                #expect(key.meaning.hasSuffix("."), "\(section.name).\(key.name)")
                #expect(key.standard != nil || key.sample != nil, "\(section.name).\(key.name)")
            }
        }
    }

    @Test("Changes are told by key, and whether a restart is needed")
    func changes() {
        let before = ConfigurationTests.outcome(
            ConfigurationTests.access + "[node]\nloops = 1\n[[listeners]]\nname = \"web\"\n")
        let same = ConfigurationTests.outcome(
            "[log]\nlevel = \"info\"\n[[listeners]]\nname = \"web\"\n" + ConfigurationTests.access)
        #expect(same.configuration.changes(from: before.configuration) == [])
        let after = ConfigurationTests.outcome(
            ConfigurationTests.access + """
                issuer = "x"
                [node]
                loops = 2
                [[listeners]]
                name = "web"
                certificate = "c"
                private_key = "k"
                """)
        let changes = after.configuration.changes(from: before.configuration)
        #expect(
            changes.map { "\($0.path) \($0.reload)" } == [
                "node.loops restart", "access.issuer live", "listeners.web.certificate live",
                "listeners.web.private_key live",
            ])
        #expect(
            after.configuration.changesOfTLS(from: before.configuration)
                == ["listeners.web.certificate"])
        let gone = before.configuration.changes(from: after.configuration)
        #expect(gone.contains { $0.path == "access.issuer" && $0.written == "absent" })
    }
}
