import Hub
import Testing
import Wire

@testable import Node
@testable import Transport

/// Rule 27: polling, event streams and posts, on real sockets.
@Suite("Requests over HTTP", .serialized) struct RequestTests {
    static let ada = Principal(
        name: "ada", tenant: "t",
        grants: [
            Principal.Grant(topics: TopicPattern("r/**"), read: .everything, write: .everything)
        ])

    static func settings(loops: Int = 1, kernel: KernelChoice = .auto) -> NodeSettings {
        var settings = Stage.settings(loops: loops)
        settings.kernel = kernel
        settings.hub.rules = TopicRules(rules: [
            TopicRules.Rule(pattern: TopicPattern("r/log"), settings: TopicSettings(kind: .event))
        ])
        return settings
    }

    @Test(
        "A poller sees what a reader of diffs sees, and waits for what is new",
        arguments: [1, 2], [KernelChoice.epoll, .auto])
    func polling(loops: Int, kernel: KernelChoice) throws {
        let caller = try Caller(RequestTests.settings(loops: loops, kernel: kernel))
        defer { caller.end() }
        let first = caller.post(
            "/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["a": 1, "b": ["c": 2]]])
        #expect(first.status == 200)
        #expect(first.field("content-type") == "application/json")
        let document = caller.call(.get, "/v1/documents/r/1?fields=b", as: RequestTests.ada)
        #expect(document.value == ["b": ["c": 2]])
        #expect(document.field("cache-control") == "private, no-store")

        let whole = caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada)
        var session = Mirror()
        guard case .snapshot(let snapshot)? = whole.messages.last else {
            Issue.record("there is no snapshot in \(whole.text)")
            return
        }
        session.reset(to: snapshot.document, version: snapshot.version)
        let cursor = try #require(whole.field("fieldcast-cursor"))
        // Nothing is new: at once by the entity tag, and after the wait by the cursor.
        let tag = try #require(whole.field("etag"))
        let same = caller.call(
            .get, "/v1/topics/r/1", as: RequestTests.ada, [("if-none-match", tag)])
        #expect(same.status == 304 && same.body.isEmpty && same.field("etag") == tag)
        let late = caller.call(
            .get, "/v1/topics/r/1?cursor=\(cursor)&wait=0.2", as: RequestTests.ada)
        #expect(late.status == 304)

        let waiting = caller.begin(
            .get, "/v1/topics/r/1?cursor=\(cursor)&wait=20", as: RequestTests.ada)
        // A second one, which must not be woken by fields that it does not look at.
        let other = caller.call(.get, "/v1/topics/r/1?fields=b", as: RequestTests.ada)
        let otherCursor = try #require(other.field("fieldcast-cursor"))
        let uninterested = caller.begin(
            .get, "/v1/topics/r/1?fields=b&cursor=\(otherCursor)&wait=20", as: RequestTests.ada)
        _ = caller.post(
            "/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["a": 5]])
        caller.wait("the diff") { waiting.isWhole }
        guard case .diff(let diff)? = waiting.messages.last else {
            Issue.record("there is no diff in \(waiting.text)")
            return
        }
        #expect(session.apply(diff) == .applied)
        #expect(session.document == ["a": 5, "b": ["c": 2]])
        // Where the patch overtook its subscription it is told that the version rose, and no more.
        #expect(!uninterested.text.contains("\"a\""))
    }

    @Test("An old entity tag of a document gives all of it, not a diff that nobody could apply")
    func oldTag() throws {
        let caller = try Caller(RequestTests.settings())
        defer { caller.end() }
        _ = caller.post("/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["a": 1]])
        let before = caller.call(.get, "/v1/documents/r/1", as: RequestTests.ada)
        let tag = try #require(before.field("etag"))
        _ = caller.post("/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["b": 2]])
        for target in ["/v1/documents/r/1", "/v1/topics/r/1"] {
            let now = caller.call(.get, target, as: RequestTests.ada, [("if-none-match", tag)])
            #expect(now.status == 200)
            #expect(now.text.contains("\"a\":1") && now.text.contains("\"b\":2"))
        }
    }

    @Test("A large document comes whole, however many parts its snapshot has", arguments: [1, 2])
    func largeDocument(loops: Int) throws {
        let caller = try Caller(RequestTests.settings(loops: loops))
        defer { caller.end() }
        var fields = Map()
        for i in 0..<4_000 { fields[Text("field-\(i)")] = .text(Text("value \(i) of the lot")) }
        let patch: Map = ["topic": "r/1", "set": .map(fields)]
        #expect(caller.post("/v1/publish", as: RequestTests.ada, .map(patch)).status == 200)
        let document = caller.call(.get, "/v1/documents/r/1", as: RequestTests.ada)
        #expect(document.value == .map(fields))
        let messages = caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada).messages
        let parts = messages.count { if case .snapshot = $0 { true } else { false } }
        #expect(parts > 1)
        let stream = caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
        caller.wait("all parts") {
            stream.events.contains {
                if case .snapshot(let part)? = $0.message { part.hash != nil } else { false }
            }
        }
        // Nobody may come back to a point between two parts.
        for (id, message) in stream.events {
            if case .snapshot(let part)? = message { #expect((id != nil) == (part.hash != nil)) }
        }
    }

    @Test("A stream resumes by the browser's own header and misses nothing", arguments: [1, 2])
    func stream(loops: Int) throws {
        let caller = try Caller(RequestTests.settings(loops: loops))
        defer { caller.end() }
        _ = caller.post("/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["n": 0]])
        let first = caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
        caller.wait("the snapshot") { first.events.count >= 2 }
        #expect(first.field("content-type") == "text/event-stream")
        var mirror = Mirror()
        var last: String?
        func take(_ answer: Caller.Answer, after seen: Int) {
            for (id, message) in answer.events.dropFirst(seen) {
                if let id { last = id }
                switch message {
                case .snapshot(let snapshot)?:
                    mirror.reset(to: snapshot.document, version: snapshot.version)
                case .diff(let diff)?: #expect(mirror.apply(diff) == .applied)
                default: break
                }
            }
        }
        _ = caller.post("/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["n": 1]])
        caller.wait("the diff") { first.events.count >= 3 }
        take(first, after: 0)
        caller.hangUp(first)
        for n in 2..<5 {
            _ = caller.post(
                "/v1/publish", as: RequestTests.ada,
                ["topic": "r/1", "set": ["n": .integer(Int64(n))]])
        }
        let second = caller.begin(
            .get, "/v1/streams/r/1", as: RequestTests.ada,
            [("last-event-id", try #require(last))])
        caller.wait("what was missed") { second.events.count >= 2 }
        take(second, after: 0)
        #expect(mirror.document == ["n": 4])
        guard case .subscribed(let subscribed)? = second.events.first?.message else {
            Issue.record("the stream does not begin with what became of it")
            return
        }
        #expect(subscribed.verdict == .caughtUp)
    }

    @Test("What is posted twice under a key is done once, item by item")
    func idempotency() throws {
        let caller = try Caller(RequestTests.settings())
        defer { caller.end() }
        let batch: Value = [
            ["topic": "r/1", "increment": [[["n"], 1]]], ["topic": "r/2", "set": ["x": true]],
            ["topic": "s/1", "set": ["x": true]],
            ["topic": "r/1", "set": ["n": 9], "if": [[["n"], 0]]],
        ]
        var writer = Writer()
        writer.writeJSON(batch)
        var answers: [[Message]] = []
        for _ in 0..<2 {
            let answer = caller.call(
                .post, "/v1/publish", as: RequestTests.ada, [("idempotency-key", "k")],
                body: writer.bytes())
            #expect(answer.status == 200)
            answers.append(answer.messages)
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0].count == 4)
        guard answers[0].count == 4, case .ack(let ack) = answers[0][0],
            case .nack(let refused) = answers[0][2], case .nack(let conflict) = answers[0][3]
        else {
            Issue.record("\(answers[0])")
            return
        }
        #expect(ack == Ack(id: 1, version: 1))
        #expect(refused.code == .notAllowed && refused.id == 3)
        #expect(conflict.code == .conflict && conflict.version == 1)
        let document = caller.call(.get, "/v1/documents/r/1", as: RequestTests.ada)
        #expect(document.value == ["n": 1])
    }

    @Test("A refusal says in HTTP's words what it says in ours")
    func refusals() throws {
        let caller = try Caller(RequestTests.settings())
        defer { caller.end() }
        _ = caller.post("/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["n": 1]])
        func status(_ value: Value) -> Int {
            caller.post("/v1/publish", as: RequestTests.ada, value).status
        }
        #expect(status(["topic": "s/1", "set": ["n": 1]]) == 403)
        #expect(status(["topic": "r/1", "set": ["n": 1], "if": [[["n"], 0]]]) == 409)
        #expect(status(["topic": "r/1", "event": 1]) == 422)
        #expect(status(["set": ["n": 1]]) == 400)
        #expect(status(7) == 400)
        #expect(caller.call(.post, "/v1/publish", body: [0x7b, 0x7d]).status == 401)
        #expect(caller.call(.get, "/v1/topics/s/1", as: RequestTests.ada).status == 403)
        #expect(caller.call(.get, "/v1/streams/s/1", as: RequestTests.ada).status == 403)
        #expect(caller.call(.get, "/v1/topics/r/1?cursor=x", as: RequestTests.ada).status == 400)
        #expect(caller.call(.get, "/v1/nothing", as: RequestTests.ada).status == 404)
        let wrong = caller.call(.delete, "/v1/publish", as: RequestTests.ada)
        #expect(wrong.status == 405 && wrong.field("allow") == "POST")
        let bad = caller.call(.get, "/v1/topics/r/1", [("authorization", "Bearer x.y.z")])
        #expect(bad.status == 401 && bad.field("www-authenticate") != nil)
    }

    @Test("A durable name is read by polling and acknowledged by post", arguments: [1, 2])
    func events(loops: Int) throws {
        let caller = try Caller(RequestTests.settings(loops: loops))
        defer { caller.end() }
        for n in 1...3 {
            _ = caller.post(
                "/v1/publish", as: RequestTests.ada,
                ["topic": "r/log", "event": .integer(Int64(n))])
        }
        let target = "/v1/topics/r/log?name=w&start=earliest&credit=2&wait=10"
        func sequences(_ answer: Caller.Answer) -> [UInt64] {
            answer.messages.compactMap {
                if case .event(let event) = $0 { event.sequence } else { nil }
            }
        }
        #expect(sequences(caller.call(.get, target, as: RequestTests.ada)) == [1, 2])
        // Not acknowledged: they come again, and say how often they came before.
        let again = caller.call(.get, target, as: RequestTests.ada)
        #expect(sequences(again) == [1, 2])
        #expect(again.text.contains("\"deliveries\":1"))
        let ack = caller.post(
            "/v1/ack", as: RequestTests.ada, ["topic": "r/log", "name": "w", "version": 1])
        #expect(ack.text.contains("\"version\":1"))
        #expect(sequences(caller.call(.get, target, as: RequestTests.ada)) == [2, 3])
        let nack = caller.post(
            "/v1/nack", as: RequestTests.ada,
            ["topic": "r/log", "name": "w", "version": 2, "code": 520])
        #expect(nack.status == 200)
        #expect(sequences(caller.call(.get, target, as: RequestTests.ada)) == [3])
        let unknown = caller.post(
            "/v1/ack", as: RequestTests.ada, ["topic": "r/log", "name": "none", "version": 1])
        #expect(unknown.status == 403)
        let page = caller.call(
            .get, "/v1/history/r/log?start=earliest&limit=2", as: RequestTests.ada)
        guard case .page(let body)? = try? Message(json: page.body.span) else {
            Issue.record("\(page.text)")
            return
        }
        #expect(body.events.map(\.sequence) == [1, 2] && body.next == 3)
    }

    @Test("A ticket stands for a token once")
    func tickets() throws {
        let caller = try Caller(RequestTests.settings(loops: 2))
        defer { caller.end() }
        let bought = caller.call(.post, "/v1/ticket", as: RequestTests.ada)
        guard bought.status == 201, case .map(let map)? = bought.value,
            case .text(let ticket)? = map["ticket"]
        else {
            Issue.record("\(bought.status) \(bought.text)")
            return
        }
        #expect(caller.call(.get, "/v1/topics/r/1?ticket=\(ticket)").status == 200)
        #expect(caller.call(.get, "/v1/topics/r/1?ticket=\(ticket)").status == 401)
    }

    @Test("Presence is a lease that ends by itself; a signal goes by")
    func presence() throws {
        let caller = try Caller(RequestTests.settings(loops: 2))
        defer { caller.end() }
        let stream = caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
        caller.wait("the stream") { stream.events.count >= 2 }
        let lease: Value = ["topic": "r/1", "client": "tab", "state": ["at": 1], "lease": 1_000]
        #expect(caller.post("/v1/presence", as: RequestTests.ada, lease).status == 200)
        let roster = "/v1/documents/%24presence/r/1"
        #expect(
            caller.call(.get, roster, as: RequestTests.ada).value
                == ["count": 1, "users": ["ada": ["tab": ["at": 1]]]])
        let signal: Value = ["topic": "r/1", "data": ["typing": true]]
        #expect(caller.post("/v1/signal", as: RequestTests.ada, signal).status == 200)
        caller.wait("the signal") {
            stream.events.contains { if case .signal? = $0.message { true } else { false } }
        }
        caller.wait("the end of the lease") {
            caller.call(.get, roster, as: RequestTests.ada).value == ["count": 0]
        }
    }

    @Test("MessagePack is spoken where it is asked for")
    func messagePack() throws {
        let caller = try Caller(RequestTests.settings())
        defer { caller.end() }
        var writer = Writer()
        writer.pack(["topic": "r/1", "set": ["a": 1]] as Value)
        let published = caller.call(
            .post, "/v1/publish", as: RequestTests.ada,
            [("content-type", "application/msgpack"), ("accept", "application/msgpack")],
            body: writer.bytes())
        #expect(published.field("content-type") == "application/msgpack")
        let ack = published.body
        #expect(try Message(messagePack: ack.span) == .ack(Ack(id: 1, version: 1)))
        let document = caller.call(
            .get, "/v1/documents/r/1", as: RequestTests.ada, [("accept", "application/msgpack")])
        let bytes = document.body
        #expect(try Value(messagePack: bytes.span) == ["a": 1])
    }

    @Test("Pages of other origins may speak to it, unless some are named")
    func origins() throws {
        var settings = RequestTests.settings()
        settings.origins = ["https://here.example"]
        let caller = try Caller(settings)
        defer { caller.end() }
        let ours = [(name: "origin", value: "https://here.example")]
        let theirs = [(name: "origin", value: "https://there.example")]
        let asked = [(name: "access-control-request-method", value: "POST")]
        let preflight = caller.call(.options, "/v1/publish", ours + asked)
        #expect(preflight.status == 204)
        #expect(preflight.field("access-control-allow-origin") == "https://here.example")
        let got = caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada, ours)
        #expect(got.status == 200)
        #expect(got.field("access-control-allow-origin") == "https://here.example")
        let refused = caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada, theirs)
        #expect(refused.status == 403 && refused.field("access-control-allow-origin") == nil)
        #expect(caller.call(.get, "/v1/ws", theirs).status == 403)
    }
}
