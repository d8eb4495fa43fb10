internal import Transport
internal import Wire

/// One connection of a load run: a whole client of the protocol, and what is counted about it.
final class VirtualClient {
    enum Role: Equatable {
        case subscriber(view: Int)
        case publisher(Int)
    }

    /// Where it stands. From anywhere it may go to `waiting`, when its connection is lost.
    enum Stage: Equatable {
        /// Not connected; to be connected at its time.
        case waiting
        /// The transport is opening.
        case connecting
        /// Everything was said; the answers are awaited.
        case opening
        /// A subscriber holds its snapshot, a publisher is authenticated.
        case ready
        /// It is over.
        case done
    }

    let number: Int
    let role: Role
    let encoding: Encoding
    /// Of a subscriber: what it holds and says.
    var follower: Follower
    /// Of a publisher.
    let speaker: Speaker?
    var stage = Stage.waiting
    var connection: ConnectionID?
    /// When it is meant to connect, and then when it was; from here the stages are timed.
    var connectAt: Instant
    var openedAt = Instant(nanoseconds: 0)
    var authenticatedAt = Instant(nanoseconds: 0)
    var backoff = Backoff()
    /// Whether it has been at the head of the topic once; recoveries are judged from there.
    var wasReady = false

    var audit = Audit()
    /// Of a sample: a mirror that shares nothing with Wire.
    var second: NaiveMirror?
    /// The version with which it began to be measured.
    var start: UInt64 = 0
    var nextProof = Instant(nanoseconds: 0)
    var finalProof = Proof.none
    /// It asked for a proof and has not heard of it.
    var awaitsProof = false
    /// The next diff is for this client alone.
    var awaitsCatchUp = false
    /// The version to which the server last served this client by itself, with a snapshot, a
    /// catch-up or a proof: the frame for everybody to that version may still be on its way.
    var servedAlone: UInt64?
    /// A proof was asked for, or a catch-up announced: its diff begins at what the server knew the
    /// client to hold, and may say again what came meanwhile for everybody (rule 7).
    var mayHearAgain = false
    enum Proof: UInt8 { case none, asked, given, failed }

    init(number: Int, role: Role, encoding: Encoding, speaker: Speaker?, connectAt: Instant) {
        self.number = number
        self.role = role
        self.encoding = encoding
        self.connectAt = connectAt
        self.speaker = speaker
        follower = Follower(encoding)
    }

    /// Asks the server to prove the mirror.
    func prove() {
        follower.prove()
        mayHearAgain = true
        awaitsProof = true
    }

    /// The version that its mirror holds.
    @inline(__always)
    var version: UInt64 { follower.version }

    @inline(__always)
    var view: Int {
        if case .subscriber(let view) = role { view } else { 0 }
    }

    var isSubscriber: Bool {
        if case .subscriber = role { true } else { false }
    }
}

/// What a publisher has beside what every client has.
final class Speaker {
    var session: ClientSession
    /// What it has said and not heard of yet, by the id of the publish.
    var pending: [UInt64: VersionTable.Entry] = [:]

    init(token: Text, instance: Text) {
        session = ClientSession(
            ClientSession.Settings(
                encoding: .messagePack, token: token, instance: instance,
                agent: "fieldcast-probe"))
    }
}
