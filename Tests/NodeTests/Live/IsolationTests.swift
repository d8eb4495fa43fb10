import Hub
import Testing
import Wire

@testable import Node
@testable import Transport

/// A token of another tenant, or without a field, sees nothing of it by any route.
@Suite("What is hidden stays hidden", .serialized) struct IsolationTests {
    /// A word that stands only in what must not be seen.
    static let secret = "xyzzy"

    static let owner = Principal(
        name: "owner", tenant: "a",
        grants: [
            Principal.Grant(topics: TopicPattern("**"), read: .everything, write: .everything)
        ])
    /// The same names in another tenant, and everything granted there.
    static let stranger = Principal(
        name: "owner", tenant: "b",
        grants: [
            Principal.Grant(topics: TopicPattern("**"), read: .everything, write: .everything)
        ])
    /// The same tenant, but one field only.
    static let clerk = Principal(
        name: "clerk", tenant: "a",
        grants: [
            Principal.Grant(
                topics: TopicPattern("desk"), read: Mask(paths: [["open"]]),
                write: Mask(paths: [["open"]]))
        ])
    /// Somebody who may read and not write, and not these topics.
    static let guest = Principal(
        name: "guest", tenant: "a",
        grants: [Principal.Grant(topics: TopicPattern("other"), read: .everything, write: nil)])

    static func settings() -> NodeSettings {
        var settings = Stage.settings(loops: 2)
        settings.hub.rules = TopicRules(rules: [
            TopicRules.Rule(pattern: TopicPattern("log"), settings: TopicSettings(kind: .event))
        ])
        return settings
    }

    private func stage() throws -> Caller {
        let caller = try Caller(IsolationTests.settings())
        let publishes: [Value] = [
            ["topic": "desk", "set": ["open": 1, "hidden": .text(IsolationTests.secret)]],
            ["topic": "log", "event": .text(IsolationTests.secret)],
        ]
        for publish in publishes {
            #expect(caller.post("/v1/publish", as: IsolationTests.owner, publish).status == 200)
        }
        let lease: Value = [
            "topic": "desk", "client": "c", "state": .text(IsolationTests.secret),
        ]
        #expect(caller.post("/v1/presence", as: IsolationTests.owner, lease).status == 200)
        return caller
    }

    @Test("By no request of another tenant, or without the right")
    func requests() throws {
        let caller = try stage()
        defer { caller.end() }
        let targets = [
            "/v1/topics/desk", "/v1/documents/desk", "/v1/topics/desk?fields=hidden",
            "/v1/documents/desk?fields=hidden", "/v1/topics/log?name=n&start=earliest&wait=1",
            "/v1/history/log?start=earliest", "/v1/documents/%24presence/desk",
            "/v1/topics/%24presence/desk", "/v1/history/%24presence/desk",
        ]
        for principal in [IsolationTests.stranger, IsolationTests.guest] {
            for target in targets {
                let answer = caller.call(.get, target, as: principal)
                #expect(!answer.text.contains(IsolationTests.secret), "\(target)")
                #expect(!answer.text.contains("\"hidden\""), "\(target)")
            }
        }
        // Whoever sees a part sees that part, and the hash is of that part alone.
        for target in targets.prefix(4) {
            let answer = caller.call(.get, target, as: IsolationTests.clerk)
            #expect(!answer.text.contains(IsolationTests.secret), "\(target)")
            #expect(!answer.text.contains("\"hidden\""), "\(target)")
        }
        let part = caller.call(.get, "/v1/topics/desk", as: IsolationTests.clerk)
        guard case .snapshot(let snapshot)? = part.messages.last else {
            Issue.record("\(part.text)")
            return
        }
        var mirror = Mirror()
        mirror.reset(to: ["open": 1], version: 1)
        #expect(snapshot.document == ["open": 1] && snapshot.hash == mirror.hash)
    }

    @Test("By no cursor that somebody else was given")
    func cursors() throws {
        let caller = try stage()
        defer { caller.end() }
        let whole = caller.call(.get, "/v1/topics/desk", as: IsolationTests.owner)
        let cursor = try #require(whole.field("fieldcast-cursor"))
        let tag = try #require(whole.field("etag"))
        _ = caller.post(
            "/v1/publish", as: IsolationTests.owner,
            ["topic": "desk", "set": ["hidden": .text(IsolationTests.secret + "2")]])
        for principal in [
            IsolationTests.stranger, IsolationTests.clerk, IsolationTests.guest,
        ] {
            let resumed = caller.call(
                .get, "/v1/topics/desk?cursor=\(cursor)&wait=0.1", as: principal)
            #expect(!resumed.text.contains(IsolationTests.secret))
            let tagged = caller.call(
                .get, "/v1/topics/desk", as: principal, [("if-none-match", tag)])
            #expect(!tagged.text.contains(IsolationTests.secret))
            let stream = caller.begin(
                .get, "/v1/streams/desk", as: principal, [("last-event-id", cursor)])
            caller.wait("the stream's begin") { stream.isWhole || !stream.events.isEmpty }
            #expect(!stream.text.contains(IsolationTests.secret))
            caller.hangUp(stream)
        }
    }

    @Test("By no condition, increment, expiry or will on a field that is not one's own")
    func writes() throws {
        let caller = try stage()
        defer { caller.end() }
        let probes: [Value] = [
            ["topic": "desk", "set": ["open": 2], "if": [[["hidden"], 0]]],
            ["topic": "desk", "increment": [[["hidden"], 1]]],
            ["topic": "desk", "unset": [["hidden"]]],
            ["topic": "desk", "set": ["hidden": 1]],
            ["topic": "desk", "set": ["open": 2], "expire": [[["hidden"], 1]]],
        ]
        for probe in probes {
            let answer = caller.post("/v1/publish", as: IsolationTests.clerk, probe)
            #expect(answer.status == 403, "\(probe) was answered \(answer.text)")
        }
        let document = caller.call(.get, "/v1/documents/desk", as: IsolationTests.owner)
        #expect(document.value == ["open": 1, "hidden": .text(IsolationTests.secret)])
    }

    @Test("What is absent and what is not allowed are answered alike")
    func alike() throws {
        let caller = try stage()
        defer { caller.end() }
        for route in ["topics", "documents", "streams", "history"] {
            let there = caller.call(.get, "/v1/\(route)/desk", as: IsolationTests.guest)
            let absent = caller.call(.get, "/v1/\(route)/none", as: IsolationTests.guest)
            #expect(there.status == absent.status && there.body == absent.body, "\(route)")
            #expect(there.status == 403)
        }
    }

    /// Everything that a connection can ask about somebody else's.
    private func pry(_ member: Company.Member, cursor: Cursor, view: UInt64) {
        let session = { (message: Message) in member.session.say(message) }
        for (id, fields) in [(101, nil), (102, Mask(paths: [["hidden"]]))] as [(UInt64, Mask?)] {
            session(
                .subscribe(
                    Subscribe(id: id, topic: "desk", fields: fields, cursor: cursor, hash: true)))
        }
        session(
            .subscribe(Subscribe(id: 103, topic: "log", name: "n", start: .earliest, credit: 9)))
        session(.subscribe(Subscribe(id: 104, topic: "log", cursor: cursor)))
        session(.hash(HashReport(view: view, version: cursor.version, hash: ViewHash())))
        for (id, topic) in [(201, "desk"), (202, "log"), (203, "none")] as [(UInt64, Text)] {
            session(.history(History(id: id, topic: topic, limit: 10, start: .earliest)))
        }
        let patches = [
            Patch(set: ["open": 5], conditions: [Patch.Condition(path: ["hidden"], version: 0)]),
            Patch(set: ["hidden": 1]), Patch(unset: [["hidden"]]),
            Patch(increments: [Patch.Increment(path: ["hidden"], amount: Number(Int64(1)))]),
        ]
        for (i, patch) in patches.enumerated() {
            let publish = Publish(id: UInt64(301 + i), topic: "desk", change: .patch(patch))
            session(.publish(publish))
        }
        session(.will(Will(topic: "desk", patch: Patch(set: ["hidden": 1]))))
        session(.ack(Ack(id: 103, version: 1)))
        session(.nack(Nack(id: 103, code: .never, version: 1, reason: "")))
    }

    @Test("By no message of a connection, whatever its transport and encoding", arguments: [1, 2])
    func connections(loops: Int) throws {
        var settings = IsolationTests.settings()
        settings.loops = loops
        settings.admin = AdminSettings(address: .loopback(port: 0), wantsToken: false)
        let company = try Company(settings)
        defer { company.caller.end() }
        let owner = company.member(
            "owner", .messagePack, token: Stage.token(IsolationTests.owner))
        let seen = owner.session.subscribe("desk", hash: true)
        company.connect(owner)
        let secret = Text(IsolationTests.secret)
        _ = owner.session.publish(
            "desk", .patch(Patch(set: ["open": 1, "hidden": .text(secret)])))
        _ = owner.session.publish("log", .event(.text(secret)))
        company.wait("the owner's own") { owner.session[seen]?.mirror.version == 1 }
        let cursor = try #require(owner.session[seen]?.cursor)
        let view = try #require(owner.session[seen]?.view)
        for encoding in Encoding.allCases {
            for way in Company.Way.all {
                for spy in [
                    IsolationTests.stranger, IsolationTests.clerk, IsolationTests.guest,
                ] {
                    let name = Text("\(spy.name) \(spy.tenant) \(way) \(encoding)")
                    let member = company.member(name, encoding, token: Stage.token(spy), way)
                    company.connect(member)
                }
            }
        }
        let spies = company.members.filter { $0 !== owner }
        company.wait("all spies") { spies.allSatisfy { $0.session.isReady } }
        for spy in spies { pry(spy, cursor: cursor, view: view) }
        // What changes while they watch, and what is said to them meanwhile.
        _ = owner.session.publish("desk", .patch(Patch(set: ["hidden": .text(secret)])))
        _ = owner.session.publish("log", .event(.text(secret)))
        company.wait("the changes") { owner.session.outbox.isEmpty }
        for spy in spies { spy.session.say(.history(History(id: 999, topic: "none", limit: 1))) }
        company.wait("an answer to each spy's last word") {
            spies.allSatisfy { spy in
                spy.count {
                    if case .outcome(999, _) = $0 { true } else { false }
                } > 0
                    || spy.count { if case .page(let page) = $0 { page.id == 999 } else { false } }
                        > 0
            }
        }
        for spy in spies {
            #expect(!spy.hasHeard(IsolationTests.secret), "\(spy)")
        }
        #expect(owner.session[seen]?.mirror.document == ["open": 1, "hidden": .text(secret)])
        let metrics = company.caller.call(
            .get, "/metrics", as: nil, to: company.caller.node.adminAddress)
        for word in [IsolationTests.secret, "desk", "owner", "clerk", "hidden"] {
            #expect(metrics.status == 200 && !metrics.text.contains(word))
        }
    }
}
