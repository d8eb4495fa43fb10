extension Rule {
    static let transports: [Rule] = [
        Rule("T1", .view, "WebSocket, two subprotocols, a message a frame"),
        Rule("T2", .view, "a framed stream", client: webSocket),
        Rule(
            "T3", .view, must: true, "lengths are refused at once, pieces taken",
            client: webSocket),
    ]

    private static let webSocket = "the check is a WebSocket server"

    static let requests: [Rule] = [
        Rule("T4", .full, "a request stands alone", client: webSocket),
        Rule("T5", .full, "JSON, or MessagePack where it is asked for", client: webSocket),
        Rule("T6", .full, "topics and fields in an address", client: webSocket),
        Rule("T7", .full, "a topic's messages", client: webSocket),
        Rule("T8", .full, "the cursor to go on from", client: webSocket),
        Rule("T9", .full, "304 at the head, waiting for news", client: webSocket),
        Rule("T10", .full, "the document alone", client: webSocket),
        Rule("T11", .full, "the past over HTTP", client: webSocket),
        Rule("T12", .full, "event streams", client: webSocket),
        Rule("T13", .full, "posted changes", client: webSocket),
        Rule("T14", .full, must: true, "a key makes posts harmless", client: webSocket),
        Rule("T15", .full, "commands, signals, acks and presence over HTTP", client: webSocket),
        Rule("T16", .full, "tickets", client: webSocket),
        Rule("T17", .full, "statuses", client: webSocket),
        Rule("T18", .full, "other origins", client: webSocket),
    ]

    static let security: [Rule] = [
        Rule("A1", .view, "one is who the token says", client: forServers),
        Rule("A2", .full, must: true, "no token in an address", client: forServers),
        Rule("A3", .view, "claims say what may be done", client: forServers),
        Rule("A4", .view, "tenants never meet", client: forServers),
        Rule("A5", .view, "no hidden name is sent", client: forServers),
        Rule("A6", .view, "absent and not allowed answer alike", client: forServers),
        Rule("A7", .view, "a publish is checked field by field", client: forServers),
    ]

    static let sessions: [Rule] = [
        Rule("S1", .view, must: true, "open, authenticate, all in one flight"),
        Rule("S2", .recover, must: true, "an instance's ids mean the same later"),
        Rule("S3", .recover, "a newer token", client: optional),
        Rule("S4", .view, "an expired token closes"),
        Rule("S5", .view, must: true, "each ping is answered with its nonce"),
        Rule("S6", .view, "an idle connection is closed", client: forServers),
        Rule("S7", .recover, must: true, "resume in one flight"),
        Rule("S8", .recover, must: true, "a cursor goes on in its epoch and view"),
        Rule("S9", .recover, "an id in use is taken over", client: optional),
        Rule("S10", .view, must: true, "frames name views; those unknown are ignored"),
        Rule("S11", .recover, "the waits before coming back", server: forClients),
        Rule("S12", .view, "a topic that is not there"),
        Rule("S13", .view, "goodbye, and nothing after it"),
        Rule("S14", .view, must: true, "a snapshot in parts"),
        Rule(
            "S15", .recover, "a drain",
            server: "the server would have to be told to drain"),
        Rule("S16", .full, "the snapshot of an event topic", client: optional),
        Rule("S17", .recover, "the newest token counts", server: forClients, client: optional),
        Rule(
            "S18", .full, "an ack that the cut swallowed", server: forClients, client: optional),
        Rule("S19", .view, "the version that a snapshot has", server: unplayed, client: unplayed),
        Rule("S20", .view, "a snapshot's hash comes always", server: unplayed, client: forServers),
        Rule(
            "S21", .recover, "a subscription that was put off", server: forClients,
            client: unplayed),
    ]

    static let delivery: [Rule] = [
        Rule("L1", .view, "an ack has the version", client: optional),
        Rule("L2", .view, "a nack's code says what to do", client: optional),
        Rule("L3", .recover, must: true, "ids count up, a repeat is done once", client: optional),
        Rule(
            "L4", .recover, "how long answers are remembered",
            server: "the server would have to be started anew", client: forServers),
        Rule("L5", .recover, "so many are unanswered at a time", client: optional),
        Rule("L6", .view, "order within a topic", client: forServers),
        Rule("L7", .full, "fields that expire", client: forServers),
        Rule("L8", .full, "a last will", client: optional),
        Rule("L9", .recover, must: true, "what was received is confirmed", server: forClients),
        Rule("L10", .recover, "a reader behind is caught up", client: forServers),
        Rule(
            "L11", .recover, "a reader that is behind often is slowed",
            server: "it takes minutes of being slow", client: forServers),
        Rule("L12", .view, "rates are rounded down", client: forServers),
        Rule("L13", .recover, must: true, "a wrong hash is reported and repaired"),
        Rule("L14", .view, "a hash is given when asked for", client: forServers),
        Rule("L15", .full, "events are numbered by version", client: optional),
        Rule("L16", .full, "durable names, credit, acks", client: optional),
        Rule("L17", .full, "events that are refused", client: optional),
        Rule("L18", .full, "a name has one reader", client: optional),
        Rule(
            "L19", .full, "events that are gone",
            server: "the log would have to run over", client: optional),
        Rule(
            "L20", .full, must: true, "an event may come again", server: forClients,
            client: optional),
        Rule("L24", .full, "a missed event", server: forClients, client: optional),
        Rule("L21", .full, "the past in pages", client: optional),
        Rule("L22", .full, "presence", client: optional),
        Rule("L23", .full, "signals", client: optional),
        Rule("L25", .full, "a condition wants a right", server: unplayed, client: forServers),
        Rule(
            "L26", .full, "the version of an event topic's answer", server: unplayed,
            client: optional),
        Rule(
            "L27", .recover, "nothing is begun for who is behind", server: unplayed,
            client: forServers),
        Rule(
            "L28", .recover, "answers that are never confirmed", server: unplayed,
            client: forServers),
        Rule(
            "L30", .full, must: true, "wills and presence are said again", server: forClients,
            client: optional),
        Rule(
            "L31", .full, "a will does not ask who ended the connection", server: unplayed,
            client: optional),
        Rule("L29", .full, "two readers of one event topic", server: unplayed, client: optional),
    ]
}
