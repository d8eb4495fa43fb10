import Hub
import Transport
import Wire

/// The one table of everything that can be configured. The parser, `--check`, the environment, the
/// commented example and the reference in docs/configuration.md are all made from it.
enum ConfigurationKeys {
    typealias Key = ConfigurationKey<Configuration>

    static let node: [Key] = [
        Key(
            "loops", \.loops, .number(1...64), .restart,
            "How many threads share connections and topics; one for each processor is right."),
        Key(
            "kernel", \.kernel, .choice, .restart,
            "How loops wait for the system; auto takes io_uring where that is allowed, else epoll."
        ),
        Key(
            "drain_time", \.drainTime, .time(.seconds(0)...(.seconds(3_600))), .restart,
            "How long a stop waits for what is under way, and over which time clients come back."),
        Key(
            "compression", \.compresses, .flag, .restart,
            "Agrees to compress WebSocket messages for clients that ask for it."),
    ]

    static let listeners: [ConfigurationKey<Configuration.ListenerWish>] = [
        .init(
            "name", \.name,
            .text("a name of letters, digits, - and _ in quotes") { $0.isPlainName }, .restart,
            "What logs, metrics and a service manager call it; each listener has its own."),
        .init(
            "address", \.address, .address, .restart,
            "Where to listen; port 0 takes one that is free, \"0.0.0.0:PORT\" is every address."),
        .init(
            "speaks", \.speaks, .choice, .restart,
            "http is WebSockets, polling and event streams; framed is plain messages for devices."),
        .init(
            "certificate", \.certificate, KeyForm.file.optional, .live,
            sample: "\"/etc/fieldcast/tls/fullchain.pem\"",
            "A PEM file with the certificate and the chain behind it; with it the listener speaks "
                + "TLS. A reload reads it again; whether there is one counts after a restart."),
        .init(
            "private_key", \.privateKey, KeyForm.file.optional, .live,
            sample: "\"/etc/fieldcast/tls/privkey.pem\"",
            "The PEM file with the certificate's private key."),
        .init(
            "proxy_protocol", \.proxyHeader, .flag, .restart,
            "Every connection begins with a PROXY protocol header, as a load balancer sends it; "
                + "who sends none is hung up on."),
    ]

    static let access: [Key] = [
        Key(
            "keys", \.keyFiles, .list(of: .file, "a list of files in quotes"), .live,
            sample: "[\"/etc/fieldcast/token.secret\"]",
            "Files with the keys that tokens are signed with: a secret of at least 32 bytes, "
                + "public keys or certificates in PEM, or a key set in JSON. A token is good when "
                + "any of them signed it; a reload reads them again."),
        Key(
            "issuer", \.issuer, KeyForm.text("a text in quotes").optional, .live,
            sample: "\"https://login.example.org\"",
            "Who must have issued a token (its claim iss); without it anybody who has a key."),
        Key(
            "audience", \.audience, KeyForm.text("a text in quotes").optional, .live,
            sample: "\"fieldcast\"",
            "For whom a token must be (its claim aud); without it tokens for an audience are "
                + "refused."),
        Key(
            "leeway", \.leeway, .time(.seconds(0)...(.seconds(600))), .live,
            "How far the issuer's clock may be from this one."),
    ]

    static let roles: [ConfigurationKey<Configuration.RoleWish>] = [
        .init(
            "name", \.name, .text("a name in quotes"), .live, sample: "\"agent\"",
            "The word by which tokens have this role, in their claim roles."),
        .init(
            "commands", \.commands,
            .list(of: .commandPattern, "a list of patterns of commands in quotes"), .live,
            sample: "[\"desk/*\"]",
            "Which commands it may give to applications, by pattern, as topics are named."),
    ]

    static let grants: [ConfigurationKey<Configuration.GrantWish>] = [
        .init(
            "topics", \.topics, .pattern, .live, sample: "\"desk/**\"",
            "Which topics: * stands for one part of a name, ** at the end for all that follow."),
        .init(
            "read", \.read, .fields, .live,
            "Which fields may be read: true, false, or a list of fields."),
        .init(
            "write", \.write, .fields, .live,
            "Which fields may be written; of events and signals any list allows all."),
    ]

    static let web: [Key] = [
        Key(
            "origins", \.origins,
            .list(
                of: .text("an origin such as \"https://example.org\"") {
                    $0 == $0.lowercased() && $0.contains("://") && !$0.hasSuffix("/")
                }, "a list of origins in quotes"), .restart,
            sample: "[\"https://desk.example.org\"]",
            "Pages of these origins may connect; an empty list allows any."),
        Key(
            "trusted_proxies", \.trustedProxies,
            .list(
                of: .text("an address or a range such as \"10.0.0.0/8\"") {
                    AddressRange($0) != nil
                }, "a list of addresses and ranges in quotes"), .restart,
            sample: "[\"127.0.0.1\"]",
            "Whose X-Forwarded-For is believed about the true address of a client."),
        Key(
            "page", \.hasPage, .flag, .restart,
            "Serves the page of the demonstration at /, for a look at one's own topics."),
    ]

    static let store: [Key] = [
        Key(
            "file", \.storeFile, KeyForm.file.optional, .restart,
            sample: "\"/var/lib/fieldcast/fieldcast.store\"",
            "Where durable topics are kept; made when it is not there. Without it topics live in "
                + "memory."),
        Key(
            "log_pages", \.storeLogPages, .number(10...1_000_000), .restart,
            "When its write-ahead log holds so many pages of 4 KiB, they are moved into the file."),
    ]

    static let admin: [Key] = [
        Key(
            "address", \.adminAddress, KeyForm.address.orNone("none"), .restart,
            sample: "\"127.0.0.1:8081\"",
            "Where health, readiness, metrics and the operator's verbs are served."),
        Key(
            "wants_token", \.adminWantsToken, KeyForm.flag.optional, .restart, sample: "true",
            "Asks for a token with the claim admin; unless set, it does where others than this "
                + "machine can connect."),
    ]

    static let log: [Key] = [
        Key(
            "level", \.logLevel, .choice, .live,
            "The least that is written: error, warning, info or debug."),
        Key(
            "form", \.logForm, .choice, .live,
            "text for people, json with one object a line, journal for systemd's journal."),
    ]
}

extension KeyForm where Value == String {
    static var pattern: KeyForm {
        text("a pattern of topics in quotes, such as \"desk/*\" or \"desk/**\"") {
            Text($0).namesTopic
        }
    }
}

extension KeyForm where Value == String {
    static var commandPattern: KeyForm {
        text("a pattern of commands such as \"desk/*\"") { Text($0).namesTopic }
    }
}

extension String {
    /// Fit for a log, a metric's label and an environment variable.
    var isPlainName: Bool {
        !isEmpty && utf8.count <= 64
            && utf8.allSatisfy {
                switch $0 {
                case 0x61...0x7a, 0x41...0x5a, 0x30...0x39, 0x2d, 0x5f: true
                default: false
                }
            }
    }
}
