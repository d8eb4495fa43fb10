import Foundation
import Node
import Transport
import Wire

/// All clients of a soak on one loop, and what they do by chance until the time is over.
final class Soaking: Service {
    private enum Stage {
        case acting
        /// Nobody does anything new; all come back and are answered.
        case settling
        /// Every mirror is compared with the server's hash.
        case proving(again: Instant)
        case leaving
        /// The node closes its side.
        case gone
    }

    private let loop: Loop
    private let address: SocketAddress
    private let begins: Instant
    private let ends: Instant
    private let length: Interval
    private var stage = Stage.acting
    private var patience: Instant
    private var clients: [SoakClient] = []
    private var places: [ConnectionID: Int] = [:]
    private var watch: NodeWatch
    private let descriptorsBefore: Int
    private var nextSample: Instant
    private var counts: [String: Int] = [:]
    private var generator = SystemRandomNumberGenerator()

    private static let tick = Interval.milliseconds(20)
    private static let unansweredLimit = 64

    init(
        _ address: SocketAddress, _ tokens: Tokens, _ watch: NodeWatch, clients count: Int,
        length: Interval
    ) throws {
        loop = try Loop(on: .epoll)
        self.address = address
        self.watch = watch
        self.length = length
        descriptorsBefore = watch.descriptors
        begins = loop.now
        ends = loop.now + length
        nextSample = loop.now
        patience = ends
        let life = Int64(length.wholeMilliseconds / 1_000) + 7_200
        clients = (0..<count).map { SoakClient($0, tokens, life: life) }
    }

    func run() {
        loop.wake(at: loop.now)
        loop.run(self)
    }

    // MARK: Time

    func reached(_ now: Instant) {
        if nextSample <= now, case .acting = stage {
            nextSample = now + .seconds(1)
            watch.sample(at: Double(now.since(begins).nanoseconds) / 1e9)
        }
        for place in clients.indices { tend(place, now) }
        switch stage {
        case .acting:
            for _ in 0..<5 { act(Int.random(in: clients.indices), now) }
            for _ in 0..<10 { publish(Int.random(in: clients.indices), now) }
            if ends <= now { turn(to: .settling, now) }
        case .settling:
            if clients.allSatisfy(\.isSettled) { turn(to: .proving(again: now), now) }
        case .proving(let again):
            if clients.allSatisfy({ $0.proven.count == $0.session.subscriptions.count }) {
                compareVersions()
                turn(to: .leaving, now)
                for place in clients.indices { leave(place, now) }
            } else if again <= now {
                stage = .proving(again: now + .seconds(1))
                for place in clients.indices { prove(place, now) }
            }
        case .leaving:
            if places.isEmpty { turn(to: .gone, now) }
        case .gone:
            if watch.descriptors == descriptorsBefore { finish() }
        }
        if case .acting = stage {} else if patience <= now { giveUp() }
        loop.wake(at: now + Soaking.tick)
    }

    private func turn(to next: Stage, _ now: Instant) {
        stage = next
        patience = now + .seconds(120)
    }

    /// What time does to a client.
    private func tend(_ place: Int, _ now: Instant) {
        switch clients[place].place {
        case .away(let until):
            if case .leaving = stage { return }
            if case .gone = stage { return }
            if until <= now { connect(place) }
        case .stalled(let until):
            var isOver = until <= now
            if case .acting = stage {} else { isOver = true }
            if isOver, let id = clients[place].connection {
                clients[place].place = .here
                loop.resume(id)
            }
        case .here:
            clients[place].session.reached(now)
            flush(place)
        case .connecting: break
        }
    }

    // MARK: What they do

    private func act(_ place: Int, _ now: Instant) {
        guard clients[place].isHere, !clients[place].isLeaving, let id = clients[place].connection
        else { return }
        switch Int.random(in: 0..<100) {
        case 0..<25:
            count("cuts")
            loop.abort(id)
        case 25..<40: leave(place, now)
        case 40..<60:
            count("stalls")
            let isLong = Int.random(in: 0..<10) == 0
            let time = isLong ? 12_000 : UInt64.random(in: 0...3_000)
            clients[place].place = .stalled(until: now + .milliseconds(time))
            loop.pause(id)
        case 60..<80:
            count("refreshes")
            if let token = clients[place].tokens.randomElement() {
                clients[place].session.refresh(token)
            }
            flush(place)
        default: prove(place, now)
        }
    }

    /// Says goodbye and goes.
    private func leave(_ place: Int, _ now: Instant) {
        count("leaves")
        guard let id = clients[place].connection else { return }
        clients[place].isLeaving = true
        clients[place].session.say(.close(Close(code: .goodbye, reason: Text())))
        flush(place)
        loop.close(id)
    }

    private func prove(_ place: Int, _ now: Instant) {
        guard clients[place].isHere else { return }
        for subscription in clients[place].session.subscriptions {
            clients[place].session.prove(subscription.request.id)
        }
        flush(place)
    }

    private func publish(_ place: Int, _ now: Instant) {
        let unanswered = clients.reduce(0) { $0 + $1.unanswered }
        guard unanswered < Soaking.unansweredLimit, clients[place].isHere,
            !clients[place].isLeaving
        else { return }
        clients[place].unanswered += 1
        _ = clients[place].session.publish(SoakDesk.topic, .patch(SoakDesk.patch))
        flush(place)
    }

    // MARK: Connections

    private func connect(_ place: Int) {
        let encoding = clients[place].session.settings.encoding
        let wish = WebSocketWish(
            host: address.description, target: "/v1/ws",
            subprotocols: [encoding.subprotocol.string])
        do throws(Errno) {
            let id = try loop.connect(to: address, wish)
            clients[place].place = .connecting
            clients[place].connection = id
            places[id] = place
            count("connections")
        } catch {
            NodeSoak.fail("a client cannot connect: \(error)")
        }
    }

    private func flush(_ place: Int) {
        guard let id = clients[place].connection else { return }
        let encoding = clients[place].session.settings.encoding
        while let message = clients[place].session.nextMessage(now: loop.now) {
            let bytes = message.encoded(encoding)
            _ = loop.send(message: bytes.span, binary: encoding == .messagePack, to: id)
        }
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        guard let place = places[id] else { return }
        clients[place].place = .here
        clients[place].session.connected(now: loop.now)
        flush(place)
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        guard let place = places[id] else { return }
        count("messages")
        clients[place].session.received(message, now: loop.now, using: &generator)
        while let notice = clients[place].session.nextNotice() { take(notice, place) }
        flush(place)
    }

    private func take(_ notice: ClientSession.Notice, _ place: Int) {
        switch notice {
        case .authenticated: clients[place].backoff.reset()
        case .proven(let id, _):
            count("proofs")
            if case .proving = stage { clients[place].proven.insert(id) }
        case .outcome(_, .acknowledged):
            count("acknowledged")
            clients[place].unanswered -= 1
        case .outcome(_, .refused(let nack)):
            // An increment of what is text by now is refused by right.
            if nack.code.rawValue / 100 != 5 { wrong("a publish was refused", nack, place) }
            count("refused")
            clients[place].unanswered -= 1
        case .lag: count("lags")
        case .postponed: count("postponed")
        case .diverged, .gap, .malformed, .unsubscribed, .problem:
            wrong("what should not be", notice, place)
        case .subscribed, .snapshot, .changed, .stale, .event, .signal, .outcome, .page,
            .drain, .closing:
            break
        }
    }

    private func wrong(_ what: String, _ thing: Any, _ place: Int) {
        NodeSoak.fail("client \(place): \(what): \(thing)")
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        guard let place = places.removeValue(forKey: id) else { return }
        clients[place].connection = nil
        clients[place].session.disconnected()
        let wait: Interval
        if clients[place].isLeaving {
            clients[place].beginAnew()
            wait = .milliseconds(UInt64.random(in: 0...3_000))
        } else {
            wait = clients[place].backoff.next(using: &generator)
            // Too slow, and taken for dead, are what a stall may come to.
            let allowed = [203, 205].map { CloseCode(rawValue: 3_000 + $0) }
            if let code = end.code, code.rawValue >= 3_000, !allowed.contains(code) {
                wrong("it was closed", end, place)
            }
            if end.code.map({ allowed.contains($0) }) == true { count("closed as slow") }
        }
        clients[place].place = .away(until: loop.now + wait)
    }

    // MARK: The end

    private func count(_ what: String) { counts[what, default: 0] += 1 }

    /// With nothing published any more, all who watch a topic hold the same version of it.
    private func compareVersions() {
        var versions: [Text: Set<UInt64>] = [:]
        for client in clients {
            for subscription in client.session.subscriptions {
                versions[subscription.request.topic, default: []]
                    .insert(subscription.mirror.version)
            }
        }
        for (topic, held) in versions where held.count > 1 {
            NodeSoak.fail("\(topic) is held at versions \(held.sorted())")
        }
    }

    private func giveUp() {
        let settled = clients.count { $0.isSettled }
        let proven = clients.count { $0.proven.count == $0.session.subscriptions.count }
        NodeSoak.fail(
            "it came to no end: \(clients.count) clients, \(settled) settled, \(proven) proven, "
                + "\(places.count) connected, descriptors \(descriptorsBefore) before and "
                + "\(watch.descriptors) now")
    }

    private func finish() {
        let did = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        NodeSoak.say(did.joined(separator: ", "))
        NodeSoak.say("memory in MB, ten times: \(watch.course)")
        let growth = (watch.growth * 100 * 1_000).rounded() / 1_000
        let resident = (watch.residentBytes / 1e4).rounded() / 100
        NodeSoak.say(
            "all hashes equal; \(descriptorsBefore) descriptors as before; memory \(resident) MB, "
                + "which grew by \(growth) % over the last half")
        if length >= .seconds(300), growth >= 1 { NodeSoak.fail("memory grows") }
        exit(0)
    }
}
