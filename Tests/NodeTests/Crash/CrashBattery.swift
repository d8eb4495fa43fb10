import Foundation
import Hub
import Transport
import Wire

@testable import Node

/// A node that is killed again and again at random instants, and the clients of all its lives.
///
/// Publishers keep a few publishes outstanding on topics of documents and of events; readers keep
/// mirrors, one reads events under a durable name. After each kill the node begins anew on the same
/// file and everybody resumes with what they hold. The books tell whether anything is wrong.
final class CrashBattery: Service {
    final class Client {
        let number: Int
        var session: ClientSession
        var connection: ConnectionID?
        var isOpen = false
        let publishes: Bool
        var states: [(topic: Text, id: UInt64)] = []
        var events: UInt64?

        init(_ number: Int, _ session: ClientSession, publishes: Bool) {
            self.number = number
            self.session = session
            self.publishes = publishes
        }
    }

    static let states: [Text] = ["desk/a", "desk/b", "desk/c"]
    static let eventTopic: Text = "jobs/1"

    private let loop: Loop
    private let words: [String]
    private let storeFile: String
    private let log: String
    private var process: NodeProcess
    private(set) var books = CrashBooks()
    private(set) var kills = 0
    private(set) var isTimedOut = false
    private let times: Int
    private var clients: [Client] = []
    private var chance: SeededGenerator
    private var killAt: Instant?
    private let giveUpAt: Instant
    /// When somebody last heard something.
    private var movedAt = Instant(nanoseconds: 0)
    private var isFinishing = false
    /// Since it last began, who has said or heard something that only a life can bring.
    private(set) var livesWithProgress = 0
    private var hasProgress = false

    init(_ folder: StoreFolder, times: Int, seed: UInt64) throws {
        self.times = times
        chance = SeededGenerator(seed: seed)
        loop = try Loop()
        storeFile = folder.file
        log = folder.file("log")
        let secret = folder.file("secret")
        try Data(Stage.secret).write(to: URL(filePath: secret))
        // Checkpoints of both kinds come every few commits, so that kills fall into them.
        words = [
            "--secret-file", secret, "--listen", "127.0.0.1:0", "--loops", "2",
            "--store", storeFile, "--store-log-pages", "25",
            "--topics", "jobs/*=event,durable,checkpoint:40",
            "--topics", "**=state,durable,checkpoint:30",
        ]
        process = try NodeProcess(words, log: log)
        giveUpAt = loop.now + .seconds(60 + UInt64(times) * 5)
        for number in 0..<8 { clients.append(client(number)) }
        clients[7].events = clients[7].session.subscribe(
            CrashBattery.eventTopic, name: "reader", start: .earliest)
    }

    private func client(_ number: Int) -> Client {
        let token = Stage.token(DurableTests.everybody, seconds: 86_400)
        let settings = ClientSession.Settings(
            encoding: number % 2 == 0 ? .messagePack : .json, token: token,
            instance: Text("client \(number)"), keepsHashes: true)
        let client = Client(number, ClientSession(settings), publishes: number < 4)
        if number >= 4 && number < 7 {
            client.states = CrashBattery.states.map {
                ($0, client.session.subscribe($0, hash: true))
            }
        }
        return client
    }

    func run() {
        plan()
        loop.wake(at: loop.now)
        loop.run(self)
        process.kill()
    }

    /// When the next kill comes: most lives are under load before it, each fourth has only begun.
    private func plan() {
        killAt = nil
        if kills % 4 == 3 {
            killAt = loop.now + .milliseconds(UInt64.random(in: 0...60, using: &chance))
        }
    }

    /// Somebody was acknowledged something in this life.
    private func progressed() {
        if !hasProgress && killAt == nil {
            killAt = loop.now + .milliseconds(UInt64.random(in: 0...300, using: &chance))
        }
        hasProgress = true
    }

    private func killAndBeginAnew() {
        process.kill()
        kills += 1
        if hasProgress { livesWithProgress += 1 }
        hasProgress = false
        do {
            // What it left can be read as it is, and is whole.
            var survey = try StoreSurvey(storeFile)
            for problem in survey.check().problems {
                books.wrong("after kill \(kills): \(problem)")
            }
        } catch {
            books.wrong("after kill \(kills) the store cannot be read: \(error)")
        }
        do {
            process = try NodeProcess(words, log: log)
        } catch {
            books.wrong("after kill \(kills) it did not begin: \(error)")
            loop.stop(within: .seconds(0))
        }
        if kills == times { isFinishing = true } else { plan() }
    }

    // MARK: Clients

    private func speak(_ client: Client, now: Instant) {
        if client.publishes && !isFinishing {
            while client.session.outbox.count < 3 { publish(client) }
        }
        guard client.isOpen, let connection = client.connection else { return }
        while let message = client.session.nextMessage(now: now) {
            let encoding = client.session.settings.encoding
            let bytes = message.encoded(encoding)
            _ = loop.send(message: bytes.span, binary: encoding == .messagePack, to: connection)
        }
    }

    private func publish(_ client: Client) {
        let isEvent = Int.random(in: 0..<4, using: &chance) == 0
        let topic =
            isEvent
            ? CrashBattery.eventTopic
            : CrashBattery.states.randomElement(using: &chance) ?? CrashBattery.eventTopic
        let change = books.change(client.number, topic, isEvent: isEvent)
        let id = client.session.publish(topic, change)
        books.said(CrashBooks.Saying(publisher: client.number, id: id), topic)
    }

    private func hear(_ client: Client) {
        while let notice = client.session.nextNotice() {
            movedAt = loop.now
            switch notice {
            case .outcome(let id, .acknowledged(let version)):
                books.acknowledged(CrashBooks.Saying(publisher: client.number, id: id), version)
                progressed()
            case .outcome(let id, .refused(let nack)):
                books.wrong("publish \(id) was refused with \(nack.code.rawValue)")
            case .changed(let id, _): saw(client, id)
            case .snapshot(let id):
                // A snapshot is for whoever holds nothing.
                if versions[client.number]?[id] ?? 0 > 0 {
                    books.wrong("reader \(client.number) could not resume")
                }
                saw(client, id)
            case .diverged: books.wrong("reader \(client.number) has diverged")
            case .event(let id, let event, _):
                books.saw(event)
                client.session.done(id, event.sequence)
                // What is done makes room for another: a life may see more than its first credit.
                client.session.say(.credit(Credit(id: id, amount: 1)))
            default: break
            }
        }
    }

    /// By reader and subscription: the version that it held last.
    private var versions: [Int: [UInt64: UInt64]] = [:]

    private func saw(_ client: Client, _ id: UInt64) {
        guard let state = client.states.first(where: { $0.id == id }),
            let mirror = client.session[id]?.mirror
        else { return }
        if mirror.version < versions[client.number]?[id] ?? 0 {
            books.wrong("reader \(client.number) went back to \(mirror.version)")
        }
        versions[client.number, default: [:]][id] = mirror.version
        books.saw(state.topic, mirror.version, mirror.document)
    }

    /// Everything was answered, and every reader is at the head.
    private var isAtRest: Bool {
        guard clients.allSatisfy({ $0.session.outbox.isEmpty && $0.session.isReady }) else {
            return false
        }
        for client in clients {
            for (topic, id) in client.states
            where client.session[id]?.mirror.version != total(topic) { return false }
        }
        return books.eventsSeen >= Int(total(CrashBattery.eventTopic))
    }

    /// Who is not where it should be at the end.
    private var unrest: String {
        var parts: [String] = []
        for client in clients {
            if !client.session.isReady { parts.append("\(client.number) is not ready") }
            if client.session.outbox.count > 0 {
                parts.append("\(client.number) waits for \(client.session.outbox.count) answers")
            }
            for (topic, id) in client.states
            where client.session[id]?.mirror.version != total(topic) {
                let version = client.session[id]?.mirror.version ?? 0
                parts.append("\(client.number) has \(topic) \(version) of \(total(topic))")
            }
        }
        let events = total(CrashBattery.eventTopic)
        if books.eventsSeen < Int(events) {
            parts.append("\(books.eventsSeen) of \(events) events came")
        }
        return parts.joined(separator: ", ")
    }

    private func total(_ topic: Text) -> UInt64 {
        (books.counts[topic] ?? [:]).values.reduce(0, +)
    }

    private func settle() {
        for client in clients {
            for (topic, id) in client.states {
                guard let mirror = client.session[id]?.mirror else { continue }
                books.settle(topic, mirror.version, mirror.document)
            }
        }
        books.settleEvents(CrashBattery.eventTopic)
    }

    // MARK: Service

    private func client(_ id: ConnectionID) -> Client? {
        clients.first { $0.connection == id }
    }

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        .respond(HTTPResponse(.notFound))
    }

    func opened(_ id: ConnectionID, subprotocol: String?) {
        guard let client = client(id) else { return }
        client.isOpen = true
        client.session.connected(now: loop.now)
    }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        guard let client = client(id) else { return }
        client.session.received(message, now: loop.now, using: &chance)
        // After each message, so that every version that was seen is looked at.
        hear(client)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        guard let client = client(id) else { return }
        client.session.disconnected()
        client.connection = nil
        client.isOpen = false
    }

    func reached(_ now: Instant) {
        let isStill = isFinishing && now >= movedAt + .seconds(20)
        if now >= giveUpAt || isStill || !books.wrongs.isEmpty {
            isTimedOut = true
            if isStill { books.wrong("nothing moves: " + unrest) }
            loop.stop(within: .seconds(0))
        } else if !isFinishing, let killAt, now >= killAt {
            killAndBeginAnew()
        }
        loop.wake(at: now + .milliseconds(2))
    }

    func turnEnded(_ now: Instant) {
        for client in clients {
            if client.connection == nil {
                let encoding = client.session.settings.encoding
                let wish = WebSocketWish(
                    host: process.address.description, target: "/v1/ws",
                    subprotocols: [encoding.subprotocol.string])
                client.connection = try? loop.connect(to: process.address, wish)
            }
            speak(client, now: now)
        }
        if isFinishing && isAtRest {
            settle()
            loop.stop(within: .seconds(0))
        }
    }
}
