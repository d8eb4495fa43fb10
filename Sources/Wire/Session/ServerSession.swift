/// The server's side of one connection: opening, authentication, heartbeat, expiry, closing.
///
/// It decides about the connection and passes on whatever concerns topics. Time and verdicts come
/// in; what to do comes back.
public struct ServerSession: Sendable {
    /// Where the connection stands.
    enum State: Equatable, Sendable {
        /// The transport is there, nothing was said. Goes to `opened`, `closed`.
        case connected(deadline: Instant)
        /// The client said what it speaks. Goes to `ready`, `closed`.
        case opened(deadline: Instant)
        /// A token was found good. Goes to `closed`.
        case ready(expires: Instant?)
        /// Nothing more is taken or said. Final.
        case closed
    }

    /// What a message leads to.
    public enum Reaction: Equatable, Sendable {
        case none
        case answer(Message)
        /// Find out whose token this is, and say so with `accepted` or `rejected`.
        case verify(Text)
        /// It concerns topics, and the client may speak.
        case pass(Message)
        case close(Code, Text)
    }

    public let terms: Terms
    public private(set) var instance: Text?
    public var flow = Flow()

    /// The client ended the connection in words: its last wills are void.
    public private(set) var saidGoodbye = false

    /// Names the connection in logs, traces and rosters.
    public let connection: Text
    private var state: State
    private var refreshing = false
    private var problems = 0
    private var heard: Instant
    private var lastRequest: Instant
    /// When a ping was sent that was not answered yet.
    private var pinged: Instant?
    private var pings: UInt64 = 0
    /// Whoever speaks for a request needs no sign of life: it ends with the request.
    private let hasHeartbeat: Bool

    /// How many messages that make no sense a connection may send.
    public static let problemLimit = 16
    /// The newest version of the protocol.
    public static let version: UInt64 = 1
    /// What this side has beyond the protocol's core, by name.
    public static let features: [Text] = ["hash", "rates"]

    public init(connection: Text, terms: Terms, now: Instant) {
        self.connection = connection
        self.terms = terms
        state = .connected(deadline: now + .milliseconds(terms.authenticateTime))
        heard = now
        lastRequest = now
        hasHeartbeat = true
    }

    /// A session that is ready at once, for requests whose token was found good before: it has no
    /// opening, no heartbeat and no inactivity, and its token ends it as any.
    public init(
        guest connection: Text, instance: Text?, lifetime: Interval?, terms: Terms, now: Instant
    ) {
        self.connection = connection
        self.terms = terms
        self.instance = instance
        state = .ready(expires: lifetime.map { now + $0 })
        heard = now
        lastRequest = now
        hasHeartbeat = false
    }

    public var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    // MARK: Messages

    public mutating func received(_ message: Message, now: Instant) -> Reaction {
        heard = now
        pinged = nil
        switch (state, message) {
        case (.closed, _): return .none
        case (_, .ping(let ping)): return .answer(.pong(Pong(nonce: ping.nonce)))
        case (_, .pong(let pong)): return confirmed(pong.position, now)
        // An error is never answered with an error (rule 28).
        case (_, .error): return .none
        case (_, .close):
            saidGoodbye = true
            return close(.goodbye, "the client said goodbye")

        case (.connected(let deadline), .open(let open)):
            guard open.version >= 1 else {
                return close(.unsupportedVersion, "this server speaks versions 1 to 1")
            }
            guard (open.instance?.count ?? 0) <= 64 else {
                return close(.tooLarge, "an instance's name has at most 64 bytes")
            }
            instance = open.instance
            state = .opened(deadline: deadline)
            return .answer(
                .opened(
                    Opened(
                        version: min(open.version, ServerSession.version),
                        features: open.features.filter { ServerSession.features.contains($0) },
                        connection: connection, terms: terms)))
        case (.connected, _): return close(.unexpectedMessage, "the first message must be open")

        case (.opened, .authenticate(let body)): return .verify(body.token)
        case (.opened, .open): return problem(.unexpectedMessage, "open was said already")
        case (.opened, _):
            return close(.notAuthenticated, "authenticate before anything else")

        case (.ready, .refresh(let body)):
            refreshing = true
            return .verify(body.token)
        case (.ready, .open), (.ready, .authenticate):
            return problem(.unexpectedMessage, "said already; a new token comes with refresh")
        case (.ready, .seen(let seen)): return confirmed(seen.position, now)
        case (.ready, .subscribe), (.ready, .unsubscribe), (.ready, .publish), (.ready, .command),
            (.ready, .ack), (.ready, .nack), (.ready, .signal), (.ready, .hash), (.ready, .credit),
            (.ready, .will), (.ready, .history), (.ready, .presence):
            lastRequest = now
            return .pass(message)
        case (.ready, .opened), (.ready, .authenticated), (.ready, .subscribed),
            (.ready, .unsubscribed), (.ready, .snapshot), (.ready, .diff), (.ready, .event),
            (.ready, .reply), (.ready, .lag), (.ready, .page),
            (.ready, .drain):
            return problem(.unexpectedMessage, "only servers say this")
        }
    }

    /// Bytes came that are not a message.
    public mutating func received(_ error: MessageError, now: Instant) -> Reaction {
        heard = now
        if case .closed = state { return .none }
        guard isReady else { return close(.malformed, "the first messages make no sense") }
        switch error {
        case .malformed(let decode):
            return problem(.malformed, Text("not well formed at byte \(decode.offset)"))
        case .unknown(let name):
            return problem(.unknownMessage, Text("no message is called \(name.string)"))
        case .field(let name):
            return problem(.malformed, Text("field \(name.string) is missing or not of its kind"))
        }
    }

    private mutating func problem(_ code: Code, _ reason: Text) -> Reaction {
        problems += 1
        if problems > ServerSession.problemLimit {
            return close(.tooManyProblems, "too many messages that make no sense")
        }
        return .answer(.error(Problem(code: code, reason: reason)))
    }

    private mutating func confirmed(_ position: UInt64?, _ now: Instant) -> Reaction {
        guard let position else { return .none }
        if flow.confirm(position, now: now) { return .none }
        return problem(.malformed, "a position beyond what was sent, or behind the last")
    }

    private mutating func close(_ code: Code, _ reason: Text) -> Reaction {
        state = .closed
        return .close(code, reason)
    }

    // MARK: Verdicts on tokens

    /// The token is good, for so long.
    public mutating func accepted(
        principal: Text, tenant: Text, lifetime: Interval?, now: Instant
    ) -> Reaction {
        switch state {
        case .opened, .ready:
            refreshing = false
            state = .ready(expires: lifetime.map { now + $0 })
            return .answer(
                .authenticated(
                    Authenticated(
                        principal: principal, tenant: tenant,
                        expires: lifetime?.wholeMilliseconds)))
        case .connected, .closed: return .none
        }
    }

    /// The token is not good. A refresh that fails leaves the old token's life as it was.
    public mutating func rejected(_ code: Code, _ reason: Text) -> Reaction {
        if refreshing {
            refreshing = false
            return problem(code, reason)
        }
        return close(code, reason)
    }

    /// The server ends the connection; nothing is taken from now on.
    public mutating func end() { state = .closed }

    // MARK: Time

    /// What is due. `busy` says that there are subscriptions.
    public mutating func reached(_ now: Instant, busy: Bool) -> Reaction {
        switch state {
        case .closed: return .none
        case .connected(let deadline), .opened(let deadline):
            if deadline <= now {
                return close(.authenticationLate, "no token within the time to authenticate")
            }
            return .none
        case .ready(let expires):
            if let expires, expires <= now { return close(.tokenExpired, "the token has expired") }
            guard hasHeartbeat else { return .none }
            if now.since(lastRequest) >= .milliseconds(terms.inactivityTime) && !busy {
                return close(.inactive, "no subscription and no request for too long")
            }
            return heartbeat(now)
        }
    }

    private mutating func heartbeat(_ now: Instant) -> Reaction {
        let beat = Interval.milliseconds(terms.heartbeatTime)
        if let pinged {
            // Two beats without a byte since the first unanswered ping: half-open.
            if now.since(heard) >= beat + beat + beat || now.since(pinged) >= beat + beat {
                return close(.heartbeatMissed, "two heartbeats were not answered")
            }
            return .none
        }
        guard now.since(heard) >= beat else { return .none }
        pinged = now
        pings += 1
        return .answer(.ping(Ping(nonce: pings)))
    }

    /// When `reached` has something to do at the latest, if nothing comes before.
    public func deadline(busy: Bool) -> Instant? {
        switch state {
        case .closed: return nil
        case .connected(let deadline), .opened(let deadline): return deadline
        case .ready(let expires):
            guard hasHeartbeat else { return expires }
            let beat = Interval.milliseconds(terms.heartbeatTime)
            var soonest = pinged.map { $0 + beat + beat } ?? heard + beat
            if let expires { soonest = min(soonest, expires) }
            if !busy { soonest = min(soonest, lastRequest + .milliseconds(terms.inactivityTime)) }
            return soonest
        }
    }
}

extension Interval {
    @inlinable public static func + (a: Interval, b: Interval) -> Interval {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
        return Interval(nanoseconds: overflow ? .max : sum)
    }
}
