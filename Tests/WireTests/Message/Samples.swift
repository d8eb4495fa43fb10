import Wire

/// Messages of every kind, with every field absent and present.
enum Samples {
    static let patch = Patch(
        unset: [["a"], ["b", "c"], []],
        set: nested(["d": 1, "e": ["f": [:], "g": [.null]]]),
        increments: [.init(path: ["n", "m"], amount: Number(Int64(-3)))],
        conditions: [.init(path: [], version: 7), .init(path: ["a"], version: 0)])

    static func nested(_ value: Value) -> Map {
        if case .map(let map) = value { map } else { Map() }
    }

    static let cursor = Cursor(epoch: "e1", version: 12, print: "p1")
    static let time = WallTime(seconds: 1_705_314_645, nanoseconds: 500_000_000)
    static let hash = ViewHash(0x0123_4567_89ab_cdef)
    static let data: Value = ["text": "x", "n": 1, "bytes": .bytes([1, 2])]
    static let half: Value = .double(0.5) ?? .null
    static let largest = Limits.integer

    static let all: [Message] =
        connection + subscription + frames + publication + conversation

    static let connection: [Message] = [
        .open(Open()),
        .open(Open(version: 2, features: ["zlib", "row"], instance: "0badc0de", agent: "x/1")),
        .opened(Opened(version: 1, features: [], connection: "c-1", terms: Terms())),
        .opened(
            Opened(
                version: 1, features: ["zlib"], connection: "c-1",
                terms: Terms(
                    messageBytes: 1, inFlight: 2, subscriptions: 3, unconfirmedBytes: 4,
                    unconfirmedTime: 5, authenticateTime: 6, heartbeatTime: 7, inactivityTime: 8,
                    dedupWindow: largest))),
        .authenticate(Authenticate(token: "abc.def.ghi")),
        .authenticated(Authenticated(principal: "ann", tenant: "acme", expires: nil)),
        .authenticated(Authenticated(principal: "ann", tenant: "acme", expires: 60_000)),
        .refresh(Authenticate(token: "")),
        .seen(Seen(position: 0)), .seen(Seen(position: largest)),
        .ping(Ping(nonce: 1)), .pong(Pong(nonce: 1)), .pong(Pong(nonce: 200, position: 70_000)),
        .error(Problem(code: .malformed, reason: "")),
        .error(Problem(code: .unknownMessage, reason: "no \"x\"", id: 9)),
        .drain(Drain(after: 5_000, window: 30_000)),
        .close(Close(code: .tooSlow, reason: "behind")),
        .close(Close(code: .restarting, reason: "", after: 1_000)),
    ]

    static let subscription: [Message] = [
        .subscribe(Subscribe(id: 1, topic: "t")),
        .subscribe(
            Subscribe(
                id: 1, topic: "t/é", fields: Mask([[.any, .name("status")], [.name("a")]]),
                rate: Number(0.5), cursor: cursor, hash: true, name: "worker", start: .now,
                credit: 10, unordered: true, window: ["first": 10])),
        .subscribe(Subscribe(id: 2, topic: "t", fields: .everything, start: .earliest)),
        .subscribe(Subscribe(id: 2, topic: "t", fields: .nothing, start: .sequence(5))),
        .subscribe(Subscribe(id: 3, topic: "t", start: .time(time))),
        .subscribed(
            Subscribed(id: 1, view: 300, verdict: .continued, kind: .state, cursor: cursor)),
        .subscribed(
            Subscribed(
                id: 1, view: 0, verdict: .gone, kind: .event,
                cursor: Cursor(epoch: "", version: 0, print: ""), rate: Number(Int64(5)), gone: 3)),
        .subscribed(
            Subscribed(id: 1, view: 0, verdict: .caughtUp, kind: .collection, cursor: cursor)),
        .subscribed(
            Subscribed(id: 1, view: 0, verdict: .snapshot, kind: .signal, cursor: cursor)),
        .unsubscribe(Unsubscribe(id: 1)),
        .unsubscribed(Unsubscribed(id: 1)), .unsubscribed(Unsubscribed(id: 1, code: .notAllowed)),
    ]

    static let frames: [Message] = [
        .snapshot(Snapshot(view: 3, epoch: "e1", version: 12, document: Map(), hash: nil)),
        .snapshot(
            Snapshot(
                view: 3, epoch: "e1", version: 12, document: nested(["a": ["b": 1], "c": [:]]),
                part: 2, hash: hash, definitions: [.init(alias: 0, name: "a")])),
        .diff(Diff(view: 3, from: 11, to: 12, content: .init(set: [.init(path: ["a"], value: 1)]))),
        .diff(
            Diff(
                view: 300, from: 0, to: largest,
                content: .init(
                    unset: [["a"], ["b", "c"]],
                    set: [
                        .init(path: ["d", "e"], value: .null), .init(path: ["d", "f"], value: [1]),
                        .init(path: ["g"], value: [:]),
                    ]))),
        .diff(Diff(view: 3, from: 11, to: 12, content: .init(unset: [[]]))),
        .diff(Diff(view: 3, from: 11, to: 12, content: .init())),
        .event(Event(view: 4, sequence: 9, data: .null)),
        .event(Event(view: 4, sequence: 9, data: data, time: time, deliveries: 2)),
        .hash(HashReport(view: 3)), .hash(HashReport(view: 3, version: 12, hash: hash)),
        .hash(HashReport(view: 3, version: 12, hash: ViewHash(0))),
        .lag(Lag(view: 3, rung: .merging, merged: 17)), .lag(Lag(view: 3, rung: .none, merged: 0)),
        .presence(Presence(topic: "room/1", state: ["typing": true])),
        .presence(Presence(topic: "room/1", state: nil)),
    ]

    static let publication: [Message] = [
        .publish(Publish(id: 1, topic: "t", change: .patch(Patch()))),
        .publish(
            Publish(
                id: 1, topic: "t", change: .patch(patch),
                expiries: [.init(path: ["a", "b"], after: 5_000)])),
        .publish(Publish(id: largest, topic: "t", change: .event(data))),
        .publish(Publish(id: 2, topic: "t", change: .event(false))),
        .will(Will(topic: "t", patch: Patch())), .will(Will(topic: "t", patch: patch)),
        .ack(Ack(id: 1, version: 2)), .ack(Ack(id: 1, version: 2, ranges: [4...4, 6...9])),
        .nack(Nack(id: 1, code: .conflict)),
        .nack(Nack(id: 1, code: .notNow, version: 5, reason: "busy", after: 250)),
        .nack(Nack(id: 1, code: Code(rawValue: 999), after: 0)),
    ]

    static let conversation: [Message] = [
        .signal(Signal(topic: "t", data: .null)),
        .signal(Signal(topic: "t", data: ["x": half], from: "ann")),
        .command(Command(id: 5, name: "assign", data: .null)),
        .command(Command(id: 5, name: "assign", data: data)),
        .reply(Reply(id: 5, data: .null)), .reply(Reply(id: 5, data: [1, "two"])),
        .credit(Credit(id: 1, amount: 100)),
        .history(History(id: 6, topic: "t", limit: 50)),
        .history(History(id: 6, topic: "t", limit: 50, start: .time(time))),
        .page(Page(id: 6, events: [], next: nil)),
        .page(
            Page(
                id: 6,
                events: [
                    .init(sequence: 1, data: .null), .init(sequence: 2, data: data, time: time),
                ], next: 3)),
    ]
}

extension Message {
    /// What decoding gives, in a form that `#expect` can compare.
    static func decoded(_ bytes: [UInt8], _ encoding: Encoding) -> Result<Message, MessageError> {
        do throws(MessageError) {
            switch encoding {
            case .json: return .success(try Message(json: bytes.span))
            case .messagePack: return .success(try Message(messagePack: bytes.span))
            }
        } catch {
            return .failure(error)
        }
    }
}
