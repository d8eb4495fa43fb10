import Testing

@testable import Wire

/// The server's side of a connection: opening, time, and what makes no sense.
@Suite struct ServerSessionTests {
    private let terms = Terms()
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func session() -> ServerSession {
        ServerSession(connection: "0-1", terms: terms, now: start)
    }

    private func ready(lifetime: Interval? = nil) -> ServerSession {
        var session = session()
        _ = session.received(.open(Open(instance: "i")), now: start)
        _ = session.received(.authenticate(Authenticate(token: "t")), now: start)
        _ = session.accepted(principal: "p", tenant: "t", lifetime: lifetime, now: start)
        return session
    }

    private func code(_ reaction: ServerSession.Reaction) -> Code? {
        if case .close(let code, _) = reaction { code } else { nil }
    }

    @Test func itOpensAuthenticatesAndPassesOn() {
        var session = session()
        let opened = session.received(.open(Open(features: ["hash", "other"])), now: start)
        #expect(
            opened
                == .answer(
                    .opened(
                        Opened(
                            version: 1, features: ["hash"], connection: "0-1", terms: terms))))
        let verify = session.received(.authenticate(Authenticate(token: "t")), now: start)
        #expect(verify == .verify("t"))
        _ = session.accepted(principal: "p", tenant: "t", lifetime: nil, now: start)
        let subscribe = Message.subscribe(Subscribe(id: 1, topic: "a"))
        let passed = session.received(subscribe, now: start)
        #expect(passed == .pass(subscribe))
    }

    @Test func theFirstMessageMustBeOpenAndTheNextAuthenticate() {
        var early = session()
        let closed = early.received(.subscribe(Subscribe(id: 1, topic: "a")), now: start)
        #expect(code(closed) == .unexpectedMessage)
        var opened = session()
        _ = opened.received(.open(Open()), now: start)
        let refused = opened.received(.subscribe(Subscribe(id: 1, topic: "a")), now: start)
        #expect(code(refused) == .notAuthenticated)
    }

    @Test func whoeverDoesNotAuthenticateInTimeIsClosed() {
        var session = session()
        _ = session.received(.open(Open()), now: start)
        let before = session.reached(start + .milliseconds(4_999), busy: false)
        let after = session.reached(start + .milliseconds(5_000), busy: false)
        #expect(before == .none)
        #expect(code(after) == .authenticationLate)
    }

    @Test func theTokensEndIsTheConnectionsUnlessItWasRefreshed() {
        var session = ready(lifetime: .seconds(10))
        #expect(code(session.reached(start + .seconds(10), busy: true)) == .tokenExpired)
        session = ready(lifetime: .seconds(10))
        let verify = session.received(.refresh(Authenticate(token: "u")), now: start)
        #expect(verify == .verify("u"))
        _ = session.accepted(
            principal: "p", tenant: "t", lifetime: .seconds(100), now: start + .seconds(9))
        #expect(code(session.reached(start + .seconds(11), busy: true)) == nil)
    }

    @Test func twoHeartbeatsMissedAreTheEnd() {
        var session = ready()
        let ping = session.reached(start + .seconds(30), busy: true)
        #expect(ping == .answer(.ping(Ping(nonce: 1))))
        #expect(session.reached(start + .seconds(89), busy: true) == .none)
        #expect(code(session.reached(start + .seconds(90), busy: true)) == .heartbeatMissed)
    }

    @Test func aByteInBetweenIsASignOfLife() {
        var session = ready()
        _ = session.reached(start + .seconds(30), busy: true)
        _ = session.received(.pong(Pong(nonce: 1)), now: start + .seconds(31))
        #expect(session.reached(start + .seconds(60), busy: true) == .none)
        let ping = session.reached(start + .seconds(61), busy: true)
        #expect(ping == .answer(.ping(Ping(nonce: 2))))
    }

    @Test func nothingAskedForTooLongIsInactiveUnlessSomethingIsWatched() {
        var idle = ready()
        _ = idle.received(.ping(Ping(nonce: 1)), now: start + .seconds(299))
        #expect(code(idle.reached(start + .seconds(300), busy: false)) == .inactive)
        var busy = ready()
        _ = busy.received(.ping(Ping(nonce: 1)), now: start + .seconds(299))
        #expect(busy.reached(start + .seconds(300), busy: true) == .none)
    }

    @Test func whatMakesNoSenseIsAnsweredWithinABound() {
        var session = ready()
        for _ in 0..<ServerSession.problemLimit {
            let answer = session.received(MessageError.unknown("dance"), now: start)
            #expect(
                answer
                    == .answer(
                        .error(
                            Problem(
                                code: .unknownMessage, reason: "no message is called dance"))))
        }
        let last = session.received(MessageError.unknown("dance"), now: start)
        #expect(code(last) == .tooManyProblems)
    }

    @Test func anErrorIsNeverAnswered() {
        var session = ready()
        let problem = Problem(code: .malformed, reason: "no")
        #expect(session.received(.error(problem), now: start) == .none)
    }

    @Test func aGoodbyeIsRememberedForTheWills() {
        var session = ready()
        let closed = session.received(.close(Close(code: .goodbye, reason: "")), now: start)
        #expect(code(closed) == .goodbye)
        #expect(session.saidGoodbye)
    }
}
