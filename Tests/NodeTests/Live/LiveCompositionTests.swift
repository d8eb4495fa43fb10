import Hub
import Testing
import Wire

@testable import Node
@testable import Transport

/// Every transport, with and without compression and in both encodings, watches one topic at the
/// same time while every other feature happens (spec/composition.md).
@Suite("Every transport beside every other", .serialized) struct LiveCompositionTests {
    struct Ground: CustomTestStringConvertible {
        let loops: Int
        let kernel: KernelChoice
        let isDurable: Bool

        var testDescription: String {
            "\(loops) loops on \(kernel), \(isDurable ? "durable" : "volatile")"
        }

        static let all = [
            Ground(loops: 1, kernel: .epoll, isDurable: false),
            Ground(loops: 2, kernel: .auto, isDurable: false),
            Ground(loops: 2, kernel: .epoll, isDurable: true),
            Ground(loops: 1, kernel: .auto, isDurable: true),
        ]
    }

    @Test(arguments: Ground.all) func allFeaturesOnAllTransportsAtOnce(ground: Ground) throws {
        let folder = try StoreFolder()
        let play = try Play(ground, store: folder.file)
        play.everybodyHoldsTheFirstChange()
        play.manyChangesAtOnceAreMerged()
        play.whatIsSaidTwiceIsDoneOnce()
        play.aSignalReachesEverybody()
        play.eventsAreReadUnderNamesWithinCredit()
        play.everybodyIsPresent()
        play.everybodyResumesAfterACut()
        play.aNarrowerTokenShowsLess()
        play.everybodyIsProvenRight()
        play.theNodeDrains()
    }
}

private final class Play {
    private let company: Company
    private let sensor: Company.Member
    private var expected: Map = [:]
    private var visible = ["a", "n", "text"] as [Text]
    private var changes: Int64 = 0
    private var reader: Principal
    private var poller = Poller(.json)
    private var packedPoller = Poller(.messagePack)
    private var stream: Caller.Answer?

    /// Somebody who asks again and again.
    private struct Poller {
        let encoding: Encoding
        var mirror = Mirror(keepsHash: true)
        var cursor: String?

        init(_ encoding: Encoding) { self.encoding = encoding }
    }

    private static let grants = [
        Principal.Grant(topics: TopicPattern("room/*"), read: .everything, write: .everything),
        Principal.Grant(topics: TopicPattern("log"), read: .everything, write: .everything),
    ]

    init(_ ground: LiveCompositionTests.Ground, store: String) throws {
        var settings = Stage.settings(loops: ground.loops)
        settings.kernel = ground.kernel
        settings.drainTime = .seconds(1)
        settings.hub.rules = TopicRules(
            rules: [
                TopicRules.Rule(
                    pattern: TopicPattern("log"),
                    settings: TopicSettings(kind: .event, isDurable: ground.isDurable))
            ], otherwise: TopicSettings(isDurable: ground.isDurable))
        if ground.isDurable { settings.store = StoreSettings(file: store) }
        company = try Company(settings)
        reader = Principal(name: "reader", tenant: "t", grants: Play.grants)
        let token = Stage.token(reader)
        sensor = company.member("sensor", .messagePack, token: token)
        for encoding in Encoding.allCases {
            for way in Company.Way.all {
                _ = company.member(Text("\(way) \(encoding)"), encoding, token: token, way)
            }
        }
        for member in company.members {
            // The first is masked, the second has everything at a capped rate.
            _ = member.session.subscribe(
                "room/1", fields: Mask(paths: visible.map { [$0] }), hash: true)
            _ = member.session.subscribe("room/1", rate: Number(Int64(20)), hash: true)
            company.connect(member)
        }
    }

    // MARK: What everybody holds

    private func change() {
        changes += 1
        // Long enough to be worth compressing.
        let text = Text(String(repeating: "value \(changes), ", count: 40))
        let set: Map = [
            "a": .integer(changes), "hidden": .integer(-changes), "text": .text(text),
        ]
        for entry in set.entries { expected[entry.key] = entry.value }
        _ = sensor.session.publish("room/1", .patch(Patch(set: set)))
    }

    private var masked: Map {
        var map: Map = [:]
        for name in visible { map[name] = expected[name] }
        return map
    }

    private func settle(_ what: String) {
        company.waitForAll(what) { member in
            member.session[1]?.mirror.document == masked
                && (visible.count < 3 || member.session[2]?.mirror.document == expected)
        }
        for member in company.members {
            let wrong = member.count {
                switch $0 {
                case .diverged, .gap, .problem, .malformed: true
                default: false
                }
            }
            #expect(wrong == 0, "\(member) at \(what)")
        }
        poll(&poller)
        poll(&packedPoller)
        let whole = company.caller.call(
            .get, "/v1/documents/room/1?fields=a,n,text", as: reader,
            [("accept", "application/msgpack")])
        let bytes = whole.body
        #expect((try? Value(messagePack: bytes.span)) == .map(masked), "\(what)")
        #expect(poller.mirror.document == masked, "\(what)")
        #expect(packedPoller.mirror.document == masked, "\(what)")
        if let stream {
            company.wait("the stream at \(what)") { streamed(stream).document == masked }
        }
    }

    private var target: String { "/v1/topics/room/1?fields=a,n,text" }

    private func poll(_ poller: inout Poller) {
        let type = poller.encoding == .json ? "application/json" : "application/msgpack"
        let query = target + (poller.cursor.map { "&cursor=\($0)" } ?? "")
        let answer = company.caller.call(.get, query, as: reader, [("accept", type)])
        poller.cursor = answer.field("fieldcast-cursor") ?? poller.cursor
        if answer.status == 304 { return }
        #expect(answer.status == 200)
        if poller.encoding == .json {
            for message in answer.messages { Play.take(message, &poller.mirror) }
            return
        }
        let body = answer.body
        var messages = MessagePackReader(body.span)
        guard let count = try? messages.readArrayCount() else { return }
        for _ in 0..<count {
            let start = messages.offset
            guard (try? messages.skip()) != nil else { return }
            Play.take(body.span.extracting(start..<messages.offset), &poller.mirror)
        }
    }

    /// A message in MessagePack: a diff finds its names by the aliases that the mirror knows.
    private static func take(_ bytes: Span<UInt8>, _ mirror: inout Mirror) {
        var reader = MessagePackReader(bytes)
        guard let head = try? MessageHead(&reader) else { return }
        if head.code == UInt64(Message.Kind.diff.rawValue) {
            guard (try? reader.readInteger()) != nil else { return }
            let verdict = try? mirror.apply(&reader, fields: head.fields)
            #expect(verdict == .applied)
        } else if let message = try? Message(messagePack: bytes) {
            take(message, &mirror)
        }
    }

    private static func take(_ message: Message, _ mirror: inout Mirror) {
        switch message {
        case .snapshot(let snapshot):
            mirror.reset(to: snapshot.document, version: snapshot.version)
            mirror.define(snapshot.definitions)
            #expect(snapshot.hash == mirror.hash)
        case .diff(let diff):
            let verdict = mirror.apply(diff)
            #expect(verdict == .applied)
        default: break
        }
    }

    /// What the stream's events make of nothing, or of what was held before it.
    private func streamed(_ answer: Caller.Answer) -> Mirror {
        var mirror = streamBase
        for (_, message) in answer.events {
            if let message { Play.take(message, &mirror) }
        }
        return mirror
    }

    private var streamBase = Mirror()

    // MARK: What happens

    func everybodyHoldsTheFirstChange() {
        company.wait("the sensor") { sensor.session.isReady }
        change()
        stream = company.caller.begin(
            .get, "/v1/streams/room/1?fields=a,n,text", as: reader)
        settle("the first change")
    }

    func manyChangesAtOnceAreMerged() {
        let before = company.members.map { $0.count(Play.isChange) }
        for _ in 0..<50 { change() }
        settle("fifty changes")
        for (member, before) in zip(company.members, before) {
            #expect(member.count(Play.isChange) - before < 100, "\(member)")
        }
    }

    private static func isChange(_ notice: ClientSession.Notice) -> Bool {
        if case .changed = notice { true } else { false }
    }

    func whatIsSaidTwiceIsDoneOnce() {
        let item: Value = ["id": 1, "topic": "room/1", "increment": [[["n"], 1]]]
        for _ in 0..<2 {
            let answer = company.caller.call(
                .post, "/v1/publish", as: reader,
                [("content-type", "application/json"), ("idempotency-key", "once")],
                body: item.json)
            #expect(answer.status == 200)
        }
        let change = Publish.Change.patch(
            Patch(increments: [.init(path: ["n"], amount: Number(Int64(10)))]))
        let id = sensor.session.publish("room/1", change)
        sensor.session.say(.publish(Publish(id: id, topic: "room/1", change: change)))
        expected["n"] = 11
        settle("what was said twice")
    }

    func aSignalReachesEverybody() {
        sensor.session.signal("room/1", ["x": 1])
        company.waitForAll("the signal") { member in
            member.notices.contains { if case .signal = $0 { true } else { false } }
        }
        company.wait("the signal on the stream") {
            stream?.events.contains { if case .signal? = $0.message { true } else { false } }
                ?? false
        }
    }

    func eventsAreReadUnderNamesWithinCredit() {
        for member in company.members {
            _ = member.session.subscribe("log", name: member.name, start: .earliest, credit: 2)
        }
        for n in 1...4 { _ = sensor.session.publish("log", .event(.integer(Int64(n)))) }
        func events(_ member: Company.Member) -> [UInt64] {
            member.notices.compactMap {
                if case .event(3, let event, .fresh) = $0 { event.sequence } else { nil }
            }
        }
        company.waitForAll("two events, as the credit allows") { events($0) == [1, 2] }
        for member in company.members {
            member.session.done(3, 1)
            member.session.done(3, 2)
            member.session.say(.credit(Credit(id: 3, amount: 5)))
        }
        company.waitForAll("the others") { events($0) == [1, 2, 3, 4] }
        let target = "/v1/topics/log?name=poller&start=earliest"
        let read = company.caller.call(.get, target, as: reader)
        let sequences = read.messages.compactMap {
            if case .event(let event) = $0 { event.sequence } else { nil }
        }
        #expect(sequences == [1, 2, 3, 4])
        let done = company.caller.post(
            "/v1/ack", as: reader, ["topic": "log", "name": "poller", "version": 4])
        #expect(done.status == 200)
    }

    func everybodyIsPresent() {
        for member in company.members {
            member.session.say(.presence(Presence(topic: "room/1", state: .text(member.name))))
        }
        let lease = company.caller.post(
            "/v1/presence", as: reader, ["topic": "room/1", "client": "poller", "state": "here"])
        #expect(lease.status == 200)
        let due = Value.integer(Int64(company.members.count + 1))
        company.wait("everybody in the roster") {
            let roster = company.caller.call(
                .get, "/v1/documents/$presence/room/1", as: reader)
            guard case .map(let map)? = roster.value else { return false }
            return map["count"] == due
        }
    }

    func everybodyResumesAfterACut() {
        let others = company.members.filter { $0 !== sensor }
        for member in others {
            company.cut(member)
            member.notices = []
        }
        company.wait("the cuts") { others.allSatisfy { $0.end != nil } }
        let last = stream?.events.last { $0.id != nil }?.id
        streamBase = stream.map { streamed($0) } ?? Mirror()
        change()
        company.wait("the change") { sensor.session[1]?.mirror.document == masked }
        for member in others { company.connect(member) }
        stream = company.caller.begin(
            .get, "/v1/streams/room/1?fields=a,n,text", as: reader,
            [("last-event-id", last ?? "")])
        settle("the resume")
        for member in others {
            #expect(member.notices.contains(.subscribed(id: 1, .caughtUp)), "\(member)")
            #expect(!member.notices.contains(.snapshot(id: 1)), "\(member)")
        }
        let snapshots = stream?.events.count {
            if case .snapshot? = $0.message { true } else { false }
        }
        #expect(snapshots == 0)
    }

    func aNarrowerTokenShowsLess() {
        let narrow = Mask(paths: [["a"]])
        reader = Principal(
            name: "reader", tenant: "t",
            grants: [
                Principal.Grant(topics: TopicPattern("room/*"), read: narrow, write: .everything),
                Principal.Grant(topics: TopicPattern("log"), read: .everything, write: nil),
            ])
        visible = ["a"]
        // A stream has its token for as long as it lasts; the next request brings the newer one.
        stream = nil
        streamBase = Mirror()
        for member in company.members { member.session.refresh(Stage.token(reader)) }
        settle("the narrower token")
        change()
        settle("a change behind it")
    }

    func everybodyIsProvenRight() {
        for member in company.members {
            member.notices = []
            member.session.prove(1)
        }
        company.waitForAll("the proofs") { member in
            member.notices.contains { if case .proven(1, _) = $0 { true } else { false } }
        }
    }

    /// All are told, the streams as well, and all are closed.
    func theNodeDrains() {
        let stream = company.caller.begin(.get, "/v1/streams/room/1?fields=a", as: reader)
        company.wait("the stream") { streamed(stream).document == masked }
        company.caller.node.stop()
        company.waitForAll("the end") { $0.end != nil }
        for member in company.members {
            let isTold = member.notices.contains { if case .drain = $0 { true } else { false } }
            #expect(isTold, "\(member)")
        }
        company.wait("the end of the stream") { stream.isWhole }
        let isTold = stream.events.contains { if case .drain? = $0.message { true } else { false } }
        #expect(isTold, "\(stream.text)")
    }
}
