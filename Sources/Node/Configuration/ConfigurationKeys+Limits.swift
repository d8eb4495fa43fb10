import Hub
import Transport
import Wire

extension ConfigurationKeys {
    static let limits: [Key] = [
        Key(
            "connections", \.limits.connections, .number(1...10_000_000), .restart,
            "Connections of the whole node; beyond, listeners wait."),
        Key(
            "allowed_addresses", \.limits.allowedAddresses, addresses, .live,
            sample: "[\"10.0.0.0/8\"]",
            "From where clients may come; an empty list allows any address."),
        Key(
            "denied_addresses", \.limits.deniedAddresses, addresses, .live,
            sample: "[\"192.0.2.7\"]",
            "From where they may not. Who is connected already stays; 'admin disconnect' ends them."
        ),
        Key(
            "connections_per_address", \.limits.connectionsPerAddress, .limit, .live,
            "Connections from one address."),
        Key(
            "connections_per_user", \.limits.connectionsPerUser, .limit, .live,
            "Connections of one user of one tenant."),
        Key(
            "connections_per_tenant", \.limits.connectionsPerTenant, .limit, .live,
            "Connections of one tenant."),
        Key(
            "topics", \.topicLimit, .number(1...10_000_000), .restart,
            "Topics that each loop holds."),
        Key(
            "topics_per_tenant", \.limits.topicsPerTenant, .limit, .restart,
            "Topics of one tenant; each loop takes its share of them."),
        Key(
            "views_per_topic", \.viewsPerTopic, .number(1...64), .restart,
            "Different masks under which one user may watch one topic; all users have 64."),
        Key(
            "views_per_user", \.viewsPerUser, .number(1...1_000_000), .restart,
            "Different views of all topics of a loop that one user may watch."),
        Key(
            "messages_per_second", \.limits.messagesPerSecond, .limit, .live,
            "Messages of one connection; twice as many are taken at once. Beyond, it is not read "
                + "for a while."),
        Key(
            "publishes_per_user", \.limits.publishesPerUser, .limit, .live,
            "Publishes, signals and reads of history per second of one user."),
        Key(
            "publishes_per_tenant", \.limits.publishesPerTenant, .limit, .live,
            "The same of one tenant."),
        Key(
            "memory", \.limits.memoryBytes,
            KeyForm<UInt64>.size((16 << 20)...(16 << 40)).orNone("unlimited"), .live,
            "Resident memory; above nine tenths of it new connections are refused, above nineteen "
                + "twentieths new subscriptions, above all of it publishes."),
    ]

    static let connections: [Key] = [
        Key(
            "message_size", \.desk.terms.messageBytes, .size(1_024...(64 << 20)), .restart,
            "The largest message taken."),
        Key(
            "in_flight", \.desk.terms.inFlight, .count(1...65_536), .restart,
            "Publishes that may be unanswered at a time; beyond, the connection is not read."),
        Key(
            "subscriptions", \.desk.terms.subscriptions, .count(1...65_536), .restart,
            "Subscriptions of one connection."),
        Key(
            "unconfirmed_size", \.desk.terms.unconfirmedBytes, .size(4_096...(64 << 20)), .restart,
            "A reader with more bytes than this sent and not confirmed is lagging."),
        Key(
            "unconfirmed_time", \.desk.terms.unconfirmedTime,
            .milliseconds(.milliseconds(100)...(.seconds(600))), .restart,
            "So is one that did not confirm a byte for so long."),
        Key(
            "authenticate_time", \.desk.terms.authenticateTime,
            .milliseconds(.milliseconds(100)...(.seconds(60))), .restart,
            "How long a connection may take to show a token."),
        Key(
            "heartbeat", \.desk.terms.heartbeatTime,
            .milliseconds(.seconds(1)...(.seconds(3_600))), .restart,
            "A silent connection is asked whether it is there after so long, and given up after "
                + "a second time."),
        Key(
            "inactivity", \.desk.terms.inactivityTime,
            .milliseconds(.seconds(1)...(.seconds(86_400))), .restart,
            "A connection without subscription and request ends after so long."),
        Key(
            "dedup_window", \.desk.terms.dedupWindow, .count(1...65_536), .restart,
            "How many publishes of each publisher and topic are known again when repeated."),
        Key(
            "lags_before_slowing", \.desk.lagsBeforeSlowing, .number(1...1_000), .restart,
            "A reader that lagged so often within a minute is given a lower rate."),
        Key(
            "patience", \.desk.patience, .time(.seconds(1)...(.seconds(3_600))), .restart,
            "A reader that confirmed nothing for so long is disconnected."),
    ]

    static let topics: [ConfigurationKey<Configuration.TopicWish>] = [
        .init(
            "pattern", \.pattern, .pattern, .restart, sample: "\"jobs/**\"",
            "Which topics: * stands for one part of a name, ** at the end for all that follow."),
        .init(
            "kind", \.kind, .choice, .restart,
            "state is one document, collection a table of rows, event a log, signal passes by."),
        .init(
            "durable", \.settings.isDurable, .flag, .restart,
            "Kept in the store: what is acknowledged survives the node."),
        .init(
            "fields", \.settings.bounds.nodes, .number(1...1_000_000), .restart,
            "Fields of one topic; a patch that would exceed it is refused."),
        .init(
            "tombstones", \.settings.bounds.tombstones, .number(16...1_000_000), .restart,
            "Removed fields that are remembered for readers who come back; who missed more gets "
                + "a snapshot."),
        .init(
            "part_size", \.settings.partBytes, .size(1_024...(1 << 20)), .restart,
            "A larger snapshot goes in parts of this size."),
        .init(
            "events", \.settings.eventLimit, .number(1...10_000_000), .restart,
            "How many events are kept; older ones are gone."),
        .init(
            "event_age", \.settings.eventAge, lifetime.optional, .restart,
            sample: "\"24h\"",
            "How long an event is kept, where there are not too many before. Without it as long as "
                + "the topic."),
        .init(
            "keep", \.settings.keep, lifetime.optional, .restart,
            sample: "\"30d\"",
            "A topic that nobody watches or publishes to for so long goes, with what is stored of "
                + "it. Without it a topic stays for ever."),
        .init(
            "deliveries", \.settings.deliveryLimit, .count(1...1_000), .restart,
            "How often an event is delivered before it becomes a dead letter."),
        .init(
            "checkpoint_records", \.settings.recordsPerCheckpoint, .number(10...1_000_000),
            .restart,
            "After so many changes the store writes the topic whole and cuts its log."),
    ]

    private static var addresses: KeyForm<[AddressRange]> {
        .list(
            of: KeyForm(wants: "an address or a range such as \"10.0.0.0/8\"") {
                if case .text(let text) = $0 { AddressRange(text) } else { nil }
            } write: {
                Quantity.quoted($0.description)
            }, "a list of addresses and ranges in quotes")
    }

    private static var lifetime: KeyForm<Interval> {
        .time(.seconds(1)...(.seconds(10 * 365 * 86_400)))
    }

    /// All sections, in the order in which the example and the reference have them.
    static var summary: [SectionSummary] {
        let standard = Configuration()
        return [
            SectionSummary("node", "The process.", node, of: standard),
            SectionSummary(
                "listeners", isList: true,
                "Where clients connect. Without any there is one for HTTP at 127.0.0.1:8080.",
                listeners, of: Configuration.ListenerWish()),
            SectionSummary("access", "Whose tokens are taken.", access, of: standard),
            SectionSummary(
                "roles", isList: true,
                "What the roles that tokens name may do. Nothing is allowed that no token and no "
                    + "role grants.",
                roles, of: Configuration.RoleWish()),
            SectionSummary(
                "roles.grants", isList: true, "What the role above may do, one entry a pattern.",
                grants, of: Configuration.GrantWish()),
            SectionSummary("web", "Browsers and proxies.", web, of: standard),
            SectionSummary(
                "topics", isList: true,
                "What topics are. The first whose pattern matches decides; what matches none is "
                    + "a state. Where there is a store and no entry here, every topic is durable.",
                topics, of: Configuration.TopicWish()),
            SectionSummary("store", "What survives the node.", store, of: standard),
            SectionSummary(
                "limits", "How much one address, user, tenant and all together may take.", limits,
                of: standard),
            SectionSummary(
                "connections", "The terms of a connection, which clients are told.", connections,
                of: standard),
            SectionSummary("admin", "The operator's own listener.", admin, of: standard),
            SectionSummary("log", "What is written to standard error.", log, of: standard),
        ]
    }
}

extension KeyForm where Value == Int? {
    static var limit: KeyForm { KeyForm<Int>.number(1...10_000_000).orNone("unlimited") }
}
