import Hub
import Testing
import Wire

@testable import Node
@testable import Transport

/// The operator's listener: what it tells, and what it does.
@Suite("The operator's verbs", .serialized) struct AdminTests {
    private func stage(loops: Int = 2, wantsToken: Bool = false) throws -> Caller {
        var settings = RequestTests.settings(loops: loops)
        settings.admin = AdminSettings(address: .loopback(port: 0), wantsToken: wantsToken)
        return try Caller(settings)
    }

    private func ask(
        _ caller: Caller, _ method: HTTPMethod, _ target: String, as principal: Principal? = nil
    ) -> Caller.Answer {
        caller.call(method, target, as: principal, to: caller.node.adminAddress)
    }

    private func map(_ answer: Caller.Answer) -> Map {
        if case .map(let map)? = answer.value { map } else { Map() }
    }

    @Test("Topics, connections, cursors and slow readers", arguments: [1, 2])
    func looking(loops: Int) throws {
        let caller = try stage(loops: loops)
        defer { caller.end() }
        for name in ["r/1", "r/2", "r/3"] {
            _ = caller.post(
                "/v1/publish", as: RequestTests.ada, ["topic": .text(name), "set": ["n": 1]])
        }
        let stream = caller.begin(.get, "/v1/streams/r/2", as: RequestTests.ada)
        caller.wait("the stream") { stream.events.count >= 2 }
        #expect(ask(caller, .get, "/health").text == "ok\n")
        #expect(ask(caller, .get, "/ready").status == 200)
        guard case .array(let topics)? = map(ask(caller, .get, "/topics?tenant=t"))["topics"] else {
            Issue.record("no topics")
            return
        }
        let names = topics.compactMap { topic -> String? in
            guard case .map(let map) = topic, case .text(let name)? = map["topic"] else {
                return nil
            }
            return name.string
        }
        #expect(names == ["r/1", "r/2", "r/3"])
        let topic = map(ask(caller, .get, "/topic?tenant=t&topic=r/2"))
        #expect(topic["document"] == ["n": 1] && topic["readers"] == 1)
        guard case .array(let connections)? = map(ask(caller, .get, "/connections"))["connections"],
            case .map(let connection)? = connections.first, case .text(let id)? = connection["id"]
        else {
            Issue.record("no connections")
            return
        }
        #expect(connections.count == 1 && connection["user"] == "ada")
        let trace = map(ask(caller, .get, "/connection?id=\(id)"))
        guard case .array(let seats)? = trace["seats"], case .map(let seat)? = seats.first else {
            Issue.record("no trace: \(trace)")
            return
        }
        #expect(seat["topic"] == "r/2" && seat["standing"] == "level" && seat["version"] == 1)
        #expect(seat["merged"] == 0)
        let readers = map(ask(caller, .get, "/topic/readers?tenant=t&topic=r/2"))
        guard case .array(let rows)? = readers["readers"], case .map(let row)? = rows.first else {
            Issue.record("no readers: \(readers)")
            return
        }
        #expect(rows.count == 1 && row["connection"] == .text(id) && row["user"] == "ada")
        #expect(row["version"] == 1 && row["standing"] == "level" && row["document"] == nil)
        let nobody = map(ask(caller, .get, "/topic/readers?tenant=t&topic=r/3"))
        #expect(nobody["readers"] == [])
        #expect(map(ask(caller, .get, "/slow"))["connections"] == [])
    }

    @Test("Nothing but what it serves, and no page may ask")
    func refusals() throws {
        let caller = try stage()
        defer { caller.end() }
        #expect(ask(caller, .get, "/nothing").status == 404)
        #expect(ask(caller, .get, "/topic/reset?tenant=t&topic=r/1").status == 405)
        #expect(ask(caller, .get, "/topic?tenant=t").status == 400)
        #expect(ask(caller, .get, "/topic?tenant=t&topic=none").status == 404)
        #expect(ask(caller, .post, "/connections/disconnect").status == 400)
        #expect(ask(caller, .get, "/connection?id=0-999").status == 404)
        let page = caller.call(
            .get, "/metrics", as: nil, [("origin", "https://evil.example")],
            to: caller.node.adminAddress)
        #expect(page.status == 403)
    }

    @Test("Elsewhere than on this machine it wants an administrator's token")
    func tokens() throws {
        let caller = try stage(wantsToken: true)
        defer { caller.end() }
        let administrator = Principal(name: "op", tenant: "t", grants: [], isAdministrator: true)
        #expect(ask(caller, .get, "/metrics").status == 401)
        #expect(ask(caller, .get, "/metrics", as: RequestTests.ada).status == 401)
        #expect(ask(caller, .get, "/metrics", as: administrator).status == 200)
        #expect(ask(caller, .get, "/health").status == 200)
    }

    @Test("The metrics are those of the catalogue, and count what happens")
    func metrics() throws {
        let caller = try stage()
        defer { caller.end() }
        _ = caller.post("/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["n": 1]])
        let text = ask(caller, .get, "/metrics").text
        for metric in Metrics.catalogue {
            #expect(text.contains("# TYPE \(metric.name) \(metric.kind)\n"))
        }
        #expect(text.contains("\nfieldcast_patches_total 1\n"))
        #expect(text.contains("\nfieldcast_loops 2\n"))
        #expect(!text.contains("ada") && !text.contains("r/1"))
        let buckets = text.split(separator: "\n").count {
            $0.hasPrefix("fieldcast_apply_seconds_bucket")
        }
        #expect(buckets <= 24)
    }

    @Test("A topic that is reset begins anew for everybody who watches it", arguments: [1, 2])
    func reset(loops: Int) throws {
        let caller = try stage(loops: loops)
        defer { caller.end() }
        for n in 0..<5 {
            _ = caller.post(
                "/v1/publish", as: RequestTests.ada,
                ["topic": "r/1", "set": .map([Text("f\(n)"): 1])])
        }
        let stream = caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
        caller.wait("the snapshot") { stream.events.count >= 2 }
        let before = caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada)
        let cursor = try #require(before.field("fieldcast-cursor"))
        #expect(ask(caller, .post, "/topic/reset?tenant=t&topic=r/1").status == 200)
        _ = caller.post("/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["new": 1]])
        var mirror = Mirror()
        caller.wait("what is new") {
            mirror = Mirror()
            for (_, message) in stream.events {
                switch message {
                case .snapshot(let snapshot)?:
                    mirror.reset(to: snapshot.document, version: snapshot.version)
                case .diff(let diff)?: _ = mirror.apply(diff)
                default: break
                }
            }
            return mirror.document == ["new": 1]
        }
        // A cursor from before is of another epoch: its holder begins anew too.
        let after = caller.call(.get, "/v1/topics/r/1?cursor=\(cursor)", as: RequestTests.ada)
        #expect(after.text.contains("\"verdict\":2"))
        #expect(mirror.version == 1)
    }

    @Test("Dead letters are read, and become events again for the name that refused them")
    func deadLetters() throws {
        let caller = try stage()
        defer { caller.end() }
        for n in 1...2 {
            _ = caller.post(
                "/v1/publish", as: RequestTests.ada,
                ["topic": "r/log", "event": .integer(Int64(n * 11))])
        }
        for name in ["one", "two"] {
            let target = "/v1/topics/r/log?name=\(name)&start=earliest&credit=9&wait=5"
            _ = caller.call(.get, target, as: RequestTests.ada)
        }
        _ = caller.post(
            "/v1/nack", as: RequestTests.ada,
            ["topic": "r/log", "name": "one", "version": 1, "code": 520])
        for name in ["one", "two"] {
            _ = caller.post(
                "/v1/ack", as: RequestTests.ada,
                ["topic": "r/log", "name": .text(name), "version": 2])
        }
        let letters = map(ask(caller, .get, "/deadletters?tenant=t&topic=r/log"))["deadLetters"]
        #expect(
            letters == [
                ["name": "one", "sequence": 1, "code": 520, "deliveries": 1, "data": 11]
            ])
        #expect(
            map(ask(caller, .post, "/deadletters/replay?tenant=t&topic=r/log"))["done"] == 1)
        #expect(
            map(ask(caller, .get, "/deadletters?tenant=t&topic=r/log"))["deadLetters"] == [])
        func data(of name: String) -> [Value] {
            let answer = caller.call(
                .get, "/v1/topics/r/log?name=\(name)&credit=9&wait=1", as: RequestTests.ada)
            return answer.messages.compactMap {
                if case .event(let event) = $0 { event.data } else { nil }
            }
        }
        #expect(data(of: "one") == [11])
        #expect(data(of: "two") == [])
    }

    @Test("Who is revoked is disconnected, and does not come in with the old token")
    func revocation() throws {
        let caller = try stage()
        defer { caller.end() }
        let stream = caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
        let bob = Principal(name: "bob", tenant: "t", grants: RequestTests.ada.grants)
        let other = caller.begin(.get, "/v1/streams/r/1", as: bob)
        caller.wait("both streams") { !stream.events.isEmpty && !other.events.isEmpty }
        let answer = ask(caller, .post, "/users/revoke?tenant=t&user=ada")
        #expect(map(answer)["disconnected"] == 1)
        caller.wait("the end") { stream.isWhole }
        #expect(stream.text.contains("\"code\":304"))
        let again = caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada)
        #expect(again.status == 401 && again.text.contains("\"code\":304"))
        #expect(!other.isWhole)
        #expect(caller.call(.get, "/v1/topics/r/1", as: bob).status == 200)
    }

    @Test("A trace that is followed tells what moved, and who left, once")
    func following() throws {
        var trace = Trace(.loopback(port: 1), "/", [], isJSON: false)
        func seat(_ id: UInt64, _ version: UInt64, _ standing: Text) -> Value {
            ["id": .unsigned(id), "version": .unsigned(version), "standing": .text(standing)]
        }
        func news(_ seats: [Value]) -> [String] { trace.news(["seats": .array(seats)]) }
        let first = news([seat(1, 4, "level"), seat(2, 9, "level")])
        #expect(first == ["id=1 standing=level version=4", "id=2 standing=level version=9"])
        #expect(news([seat(1, 4, "level"), seat(2, 9, "level")]).isEmpty)
        #expect(
            news([seat(1, 4, "behind"), seat(2, 9, "level")]) == ["id=1 standing=behind version=4"])
        #expect(news([seat(2, 9, "level")]) == ["left: id=1 standing=behind version=4"])
    }

    @Test("A store that cannot store is told by readiness and metrics, and reading goes on")
    func failingStore() throws {
        let folder = try StoreFolder()
        var settings = RequestTests.settings()
        settings.admin = AdminSettings(address: .loopback(port: 0), wantsToken: false)
        settings.hub.rules = TopicRules(otherwise: TopicSettings(isDurable: true))
        var store = StoreSettings(file: folder.file)
        store.options.pageLimit = 24
        store.complain = { _ in }
        settings.store = store
        let caller = try Caller(settings)
        defer { caller.end() }
        func publish(_ value: Value) -> Int {
            caller.post(
                "/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["n": value]]
            ).status
        }
        #expect(publish(1) == 200)
        #expect(ask(caller, .get, "/ready").text == "ready\n")
        #expect(publish(.text(Text(String(repeating: "x", count: 200_000)))) == 503)
        let ready = ask(caller, .get, "/ready")
        #expect(ready.status == 200 && ready.text.contains("cannot be stored"))
        #expect(ask(caller, .get, "/metrics").text.contains("\nfieldcast_store_failing 1\n"))
        let document = caller.call(.get, "/v1/documents/r/1", as: RequestTests.ada)
        #expect(document.value == ["n": 1])
        #expect(publish(2) == 200)
        #expect(ask(caller, .get, "/ready").text == "ready\n")
        #expect(ask(caller, .get, "/metrics").text.contains("\nfieldcast_store_failing 0\n"))
    }

    @Test("Words on the command line become the request that they mean")
    func words() throws {
        func target(_ words: String...) throws -> String {
            let command = try AdminCommand(words[...])
            return "\(command.method.rawValue) \(command.target)"
        }
        #expect(try target("topics", "--tenant", "a b") == "GET /topics?tenant=a%20b")
        #expect(try target("topic", "t", "r/1") == "GET /topic?tenant=t&topic=r%2F1")
        #expect(
            try target("revoke", "--tenant", "t", "--user", "u")
                == "POST /users/revoke?tenant=t&user=u")
        #expect(try target("trace", "0-1", "--follow") == "GET /connection?id=0-1")
        #expect(try target("trace", "t", "r/1") == "GET /topic/readers?tenant=t&topic=r%2F1")
        #expect(try target("disconnect", "0-1") == "POST /connections/disconnect?id=0-1")
        for wrong in [
            ["topic", "t"], ["revoke"], ["disconnect"], ["topiks"], ["slow", "--follow"],
            ["trace"], ["--at", "x"],
        ] {
            #expect(throws: NodeCommand.Mistake.self) { _ = try AdminCommand(wrong[...]) }
        }
    }
}
