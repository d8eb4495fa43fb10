import Hub
import TestCertificates
import Testing
import Wire

@testable import Node
@testable import Transport

/// Clients of one node over every transport and both encodings, played side by side: those that
/// keep a connection, on a loop of their own, and beside them whoever asks over HTTP.
final class Company {
    /// How a member is connected.
    struct Way: Hashable, CustomStringConvertible {
        var isFramed = false
        var isSealed = false
        var isCompressed = false

        /// The listener's name.
        var listener: String { (isSealed ? "sealed " : "") + (isFramed ? "framed" : "web") }
        var description: String { listener + (isCompressed ? " deflate" : "") }

        static let all = [
            Way(), Way(isCompressed: true), Way(isFramed: true), Way(isSealed: true),
            Way(isSealed: true, isCompressed: true), Way(isFramed: true, isSealed: true),
        ]
    }

    /// Somebody with a connection.
    final class Member: CustomStringConvertible {
        let name: Text
        let way: Way
        var session: ClientSession
        var connection: ConnectionID?
        var isOpen = false
        var end: ConnectionEnd?
        var notices: [ClientSession.Notice] = []
        /// All bytes of messages that came, one after the other.
        private(set) var heard: [UInt8] = []
        fileprivate let crew: Crew

        fileprivate init(
            _ name: Text, _ encoding: Encoding, token: Text, _ way: Way, _ crew: Crew
        ) {
            self.name = name
            self.way = way
            self.crew = crew
            session = ClientSession(
                ClientSession.Settings(
                    encoding: encoding, token: token, instance: Text("run-of-\(name.string)"),
                    keepsHashes: encoding == .messagePack))
        }

        var description: String { name.string }

        fileprivate func hear(_ message: Span<UInt8>) {
            for i in message.indices { heard.append(message[i]) }
        }

        func hasHeard(_ word: String) -> Bool {
            String(decoding: heard, as: UTF8.self).contains(word)
        }

        func count(_ matches: (ClientSession.Notice) -> Bool) -> Int {
            notices.count(where: matches)
        }
    }

    /// The members on one loop, which all ask for compression or none of them.
    fileprivate final class Crew: Service {
        let loop: Loop
        var members: [Member] = []
        var generator = SeededGenerator(seed: 11)

        init(compresses: Bool) throws {
            var limits = LoopLimits()
            limits.deflate = compresses ? DeflateOptions() : nil
            loop = try Loop(limits)
            loop.begin(self)
        }

        private func member(_ id: ConnectionID) -> Member? {
            members.first { $0.connection == id }
        }

        func opened(_ id: ConnectionID, subprotocol: String?) {
            guard let member = member(id) else { return }
            member.isOpen = true
            member.session.connected(now: loop.now)
        }

        func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
            member(id)?.hear(message)
            member(id)?.session.received(message, now: loop.now, using: &generator)
        }

        func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
            guard let member = member(id) else { return }
            member.session.disconnected()
            (member.connection, member.isOpen, member.end) = (nil, false, end)
        }

        func turn() {
            _ = loop.turn(atMostUntil: loop.now + .milliseconds(2))
            for member in members {
                while let notice = member.session.nextNotice() { member.notices.append(notice) }
                guard member.isOpen, let connection = member.connection else { continue }
                let encoding = member.session.settings.encoding
                while let message = member.session.nextMessage(now: loop.now) {
                    let bytes = message.encoded(encoding)
                    if member.way.isFramed {
                        _ = loop.send(Frame.framed(bytes), to: connection)
                    } else {
                        _ = loop.send(
                            message: bytes.span, binary: encoding == .messagePack, to: connection)
                    }
                }
            }
        }
    }

    let caller: Caller
    private let plain: Crew
    private let compressing: Crew
    private let authorities: TLSContext

    init(_ settings: NodeSettings) throws {
        var settings = settings
        settings.compresses = true
        let sealed = try TLSContext(
            certificateChain: Certificates.firstChain, privateKey: Certificates.firstKey)
        authorities = try TLSContext(authorities: Certificates.firstChain)
        settings.listeners = Set(Way.all.map { $0.listener }).sorted(by: >).map { name in
            NodeSettings.Listener(
                name: name, address: .loopback(port: 0),
                speech: name.hasSuffix("framed") ? .framed : .http,
                tls: name.hasPrefix("sealed") ? sealed : nil)
        }
        caller = try Caller(settings)
        plain = try Crew(compresses: false)
        compressing = try Crew(compresses: true)
    }

    var members: [Member] { plain.members + compressing.members }

    func member(
        _ name: Text, _ encoding: Encoding, token: Text, _ way: Way = Way()
    ) -> Member {
        let crew = way.isCompressed ? compressing : plain
        let member = Member(name, encoding, token: token, way, crew)
        crew.members.append(member)
        return member
    }

    func connect(_ member: Member) {
        let encoding = member.session.settings.encoding
        member.end = nil
        guard let address = caller.node.addresses[member.way.listener] else { return }
        let loop = member.crew.loop
        let tls = member.way.isSealed ? TLSWish(authorities, serverName: "first.test") : nil
        if member.way.isFramed {
            member.connection = try? loop.connect(to: address, tls: tls, framed: encoding)
            return
        }
        let wish = WebSocketWish(
            host: address.description, target: "/v1/ws",
            subprotocols: [encoding.subprotocol.string])
        member.connection = try? loop.connect(to: address, tls: tls, wish)
    }

    func cut(_ member: Member) {
        if let connection = member.connection { member.crew.loop.abort(connection) }
    }

    /// Runs everybody until something has happened, half a minute at most.
    func wait(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
        until condition: () -> Bool
    ) {
        let limit = plain.loop.now + .seconds(30)
        while !condition() {
            if plain.loop.now >= limit {
                Issue.record("waited too long for \(what)", sourceLocation: sourceLocation)
                return
            }
            plain.turn()
            compressing.turn()
            _ = caller.loop.turn(atMostUntil: caller.loop.now)
        }
    }

    /// All members at once: what is not so of one is not so.
    func waitForAll(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
        until condition: (Member) -> Bool
    ) {
        wait(what, sourceLocation: sourceLocation) { members.allSatisfy(condition) }
    }
}
