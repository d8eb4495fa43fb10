import Hub
import Testing
import Wire

@testable import Node
@testable import Transport

/// Limits are answered with a code and a time, and nobody else suffers for who exceeds one.
@Suite("Limits", .serialized) struct LimitTests {
    @Test("Connections from one address, and of one user")
    func connections() throws {
        var settings = RequestTests.settings()
        settings.limits.connectionsPerAddress = 3
        let caller = try Caller(settings)
        defer { caller.end() }
        let open = (0..<3).map { _ in
            caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
        }
        caller.wait("three streams") { open.allSatisfy { !$0.events.isEmpty } }
        let refused = caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada)
        #expect(refused.status == 429 && refused.text.contains("509"))
        caller.hangUp(open[0])
        caller.wait("a place") {
            caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada).status == 200
        }
    }

    @Test("Addresses from which clients may come, and may not, changed while the node runs")
    func addresses() throws {
        var settings = RequestTests.settings()
        settings.trustedProxies = TrustedProxies([try #require(AddressRange("127.0.0.0/8"))])
        settings.listeners.append(
            NodeSettings.Listener(
                name: "devices", address: .loopback(port: 0), speech: .framed))
        let caller = try Caller(settings)
        defer { caller.end() }
        func status(from client: String) -> Int {
            caller.call(
                .get, "/v1/topics/r/1", as: RequestTests.ada, [("x-forwarded-for", client)]
            ).status
        }
        #expect(status(from: "192.0.2.7") == 200)
        var limits = NodeLimits()
        limits.deniedAddresses = [try #require(AddressRange("192.0.2.0/24"))]
        caller.node.replaceLimits(limits)
        caller.wait("the new limits") { status(from: "192.0.2.7") == 403 }
        #expect(status(from: "192.0.3.7") == 200)
        limits.allowedAddresses = [try #require(AddressRange("2001:db8::/32"))]
        limits.deniedAddresses = [try #require(AddressRange("2001:db8::5"))]
        caller.node.replaceLimits(limits)
        caller.wait("the new limits") { status(from: "192.0.3.7") == 403 }
        #expect(status(from: "2001:db8::1") == 200)
        #expect(status(from: "2001:db8::5") == 403)
    }

    @Test("A device of an address that is not let in is told so", arguments: [true, false])
    func deviceAddresses(isAllowed: Bool) throws {
        var settings = RequestTests.settings()
        let range = isAllowed ? "127.0.0.1" : "127.0.0.2/31"
        settings.limits.allowedAddresses = [try #require(AddressRange(range))]
        let company = try Company(settings)
        defer { company.caller.end() }
        let token = Stage.token(RequestTests.ada)
        let device = company.member("device", .messagePack, token: token, .init(isFramed: true))
        let page = company.member("page", .json, token: token)
        for member in company.members { company.connect(member) }
        company.waitForAll("an answer") { $0.session.isReady || $0.end != nil }
        #expect(device.session.isReady == isAllowed && page.session.isReady == isAllowed)
        #expect(device.hasHeard("not let in") != isAllowed)
    }

    @Test("Streams of one user", arguments: [1, 2])
    func users(loops: Int) throws {
        var settings = RequestTests.settings(loops: loops)
        settings.limits.connectionsPerUser = 2
        let caller = try Caller(settings)
        defer { caller.end() }
        let open = (0..<2).map { _ in
            caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
        }
        caller.wait("two streams") { open.allSatisfy { !$0.events.isEmpty } }
        let refused = caller.call(.get, "/v1/streams/r/1", as: RequestTests.ada)
        #expect(refused.status == 429)
        let other = Principal(name: "bob", tenant: "t", grants: RequestTests.ada.grants)
        let theirs = caller.begin(.get, "/v1/streams/r/1", as: other)
        caller.wait("somebody else's stream") { !theirs.events.isEmpty }
        caller.hangUp(open[0])
        caller.wait("a place") {
            let again = caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
            caller.wait("an answer") { again.isWhole || !again.events.isEmpty }
            return again.status == 200
        }
    }

    @Test("Publishes of one user, over all its connections")
    func publishes() throws {
        var settings = RequestTests.settings(loops: 2)
        settings.limits.publishesPerUser = 2
        let caller = try Caller(settings)
        defer { caller.end() }
        var items: [Value] = []
        for n in 0..<10 {
            items.append(["topic": "r/1", "set": ["n": .integer(Int64(n))]])
        }
        let answers = caller.post("/v1/publish", as: RequestTests.ada, .array(items)).messages
        let refused = answers.compactMap { message -> Nack? in
            if case .nack(let nack) = message { nack } else { nil }
        }
        #expect(refused.count >= 5 && refused.count <= 7)
        for nack in refused {
            #expect(nack.code == .rateExceeded)
            #expect((1...1_000).contains(nack.after ?? 0))
        }
        let single = caller.post(
            "/v1/publish", as: RequestTests.ada, ["topic": "r/1", "set": ["n": 1]])
        #expect(single.status == 429 && single.field("retry-after") != nil)
        let other = Principal(name: "bob", tenant: "t", grants: RequestTests.ada.grants)
        let theirs = caller.post("/v1/publish", as: other, ["topic": "r/1", "set": ["n": 1]])
        #expect(theirs.status == 200)
    }

    @Test("Topics of one tenant")
    func topics() throws {
        var settings = RequestTests.settings()
        settings.limits.topicsPerTenant = 2
        let caller = try Caller(settings)
        defer { caller.end() }
        func status(_ topic: Text, _ principal: Principal = RequestTests.ada) -> Int {
            caller.post(
                "/v1/publish", as: principal, ["topic": .text(topic), "set": ["n": 1]]
            ).status
        }
        #expect(status("r/1") == 200 && status("r/2") == 200)
        #expect(status("r/3") == 429)
        #expect(status("r/1") == 200)
        let other = Principal(name: "ada", tenant: "u", grants: RequestTests.ada.grants)
        #expect(status("r/3", other) == 200)
    }

    @Test("An allowance fills with time, and holds two seconds' worth")
    func allowance() {
        var allowance = Allowance()
        let start = Instant(nanoseconds: 100_000_000_000)
        var taken = 0
        while allowance.take(perSecond: 10, now: start) == nil { taken += 1 }
        #expect(taken == 20)
        #expect(allowance.take(perSecond: 10, now: start) == .milliseconds(100))
        #expect(allowance.take(perSecond: 10, now: start + .milliseconds(100)) == nil)
        #expect(allowance.take(perSecond: 10, now: start + .milliseconds(150)) == .milliseconds(50))
    }

    @Test("Short of memory it refuses first who comes, then who subscribes, then who publishes")
    func pressure() {
        var limits = NodeLimits()
        limits.memoryBytes = 1_000
        let census = Census()
        let levels: [(UInt64, Pressure)] = [
            (899, .none), (900, .connections), (949, .connections), (950, .subscriptions),
            (999, .subscriptions), (1_000, .publishes), (10, .none),
        ]
        for (resident, level) in levels {
            census.look(resident: resident, limits)
            #expect(census.refuses == level, "at \(resident)")
        }
    }

    @Test("A node above its memory ceiling says so, and lets those in who are in")
    func ceiling() throws {
        var settings = RequestTests.settings()
        settings.limits.memoryBytes = 1
        let caller = try Caller(settings)
        defer { caller.end() }
        // Before the first look at the memory it takes what comes.
        let stream = caller.begin(.get, "/v1/streams/r/1", as: RequestTests.ada)
        caller.wait("the stream") { stream.isWhole || !stream.events.isEmpty }
        caller.wait("the refusal") {
            let answer = caller.call(.get, "/v1/topics/r/1", as: RequestTests.ada)
            return answer.status == 503 && answer.field("retry-after") == "5"
        }
        #expect(!stream.isWhole)
    }
}
