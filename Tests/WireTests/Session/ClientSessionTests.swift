import Testing

@testable import Wire

/// The client's side: what it does about snapshots and diffs that are wrong (rule 24).
@Suite struct ClientSessionTests {
    private var generator = SeededGenerator(seed: 1)
    private let start = Instant(nanoseconds: 1_000_000_000)

    /// A session that watches one topic, and everything said so far.
    private func ready() -> (session: ClientSession, id: UInt64) {
        var session = ClientSession(
            ClientSession.Settings(encoding: .messagePack, token: "t", instance: "i"))
        let id = session.subscribe("a")
        session.connected(now: start)
        while session.nextMessage(now: start) != nil {}
        hear(
            .opened(Opened(version: 1, features: [], connection: "0-1", terms: Terms())), &session,
            start)
        hear(
            .authenticated(Authenticated(principal: "p", tenant: "t", expires: nil)), &session,
            start)
        return (session, id)
    }

    private func hear(_ message: Message, _ session: inout ClientSession, _ now: Instant) {
        var generator = generator
        let bytes = message.encoded(.messagePack)
        session.received(bytes.span, now: now, using: &generator)
    }

    /// A subscription is answered by a snapshot that is not what its hash says.
    private func hearWrongSnapshot(_ session: inout ClientSession, _ id: UInt64, _ now: Instant) {
        hear(
            .subscribed(
                Subscribed(
                    id: id, view: 4, verdict: .snapshot, kind: .state,
                    cursor: Cursor(epoch: "e", version: 1, print: "p"), rate: nil, gone: nil)),
            &session, now)
        hear(
            .snapshot(
                Snapshot(
                    view: 4, epoch: "e", version: 1, document: ["x": 1], part: 0,
                    hash: ViewHash(7), definitions: [])), &session, now)
    }

    private func subscriptions(_ session: inout ClientSession, _ now: Instant) -> Int {
        session.reached(now)
        var count = 0
        while let message = session.nextMessage(now: now) {
            if case .subscribe(let body) = message {
                count += 1
                #expect(body.cursor == nil)
            }
        }
        return count
    }

    @Test func aWrongSnapshotIsAskedForAgainAtOnceAndThenAfterWaitsThatDouble() {
        var (session, id) = ready()
        var now = start
        hearWrongSnapshot(&session, id, now)
        #expect(subscriptions(&session, now) == 1)
        for wait in [2, 4, 8, 16] as [UInt64] {
            hearWrongSnapshot(&session, id, now)
            #expect(subscriptions(&session, now) == 0)
            let due = now + .seconds(wait)
            #expect((session.deadline ?? start) <= due)
            #expect(subscriptions(&session, now + .milliseconds(wait * 1_000 - 1)) == 0)
            #expect(subscriptions(&session, due) == 1)
            now = due
        }
    }

    @Test func theWaitEndsToDoubleAtAboutAMinute() {
        var subscription = Subscription(Subscribe(id: 1, topic: "a"), keepsHash: false)
        var now = start
        for _ in 0..<20 { now = subscription.nextRepair(now) }
        #expect(subscription.nextRepair(now).since(now) == .seconds(64))
    }

    @Test func aDiffThatCannotBeReadIsRepairedAsSeldom() {
        var (session, id) = ready()
        hear(
            .subscribed(
                Subscribed(
                    id: id, view: 4, verdict: .continued, kind: .state,
                    cursor: Cursor(epoch: "e", version: 1, print: "p"), rate: nil, gone: nil)),
            &session, start)
        var generator = generator
        // View 4, from 0 to 1, the alias 9 that was never told.
        let bytes: [UInt8] = [0x95, 0x0b, 0x04, 0x01, 0x01, 0x92, 0x09, 0x01]
        session.received(bytes.span, now: start, using: &generator)
        #expect(subscriptions(&session, start) == 1)
        hearWrongSnapshot(&session, id, start)
        #expect(subscriptions(&session, start) == 0)
        #expect(subscriptions(&session, start + .seconds(2)) == 1)
    }

    @Test func aCutForgetsTheWaitButNotHowLongItWas() {
        var (session, id) = ready()
        hearWrongSnapshot(&session, id, start)
        hearWrongSnapshot(&session, id, start)
        session.disconnected()
        session.connected(now: start)
        // It subscribes with the rest of the opening flight, once.
        var count = 0
        while let message = session.nextMessage(now: start) {
            if case .subscribe = message { count += 1 }
        }
        #expect(count == 1)
        #expect(session.subscriptions[0].resumesAt == nil)
    }
}
