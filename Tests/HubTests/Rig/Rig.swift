import Hub
import Wire

/// A desk, a hub, a store and clients in one place, without sockets or threads: `pump` carries
/// everything until nothing moves. Time stands still unless a test moves it.
final class Rig: Carrier {
    final class Client {
        let name: Text
        var session: ClientSession
        var station: UInt32?
        var notices: [ClientSession.Notice] = []
        var inbound: [[UInt8]] = []
        var closed: Code?
        /// Stops reading: what was sent waits, and nothing is confirmed.
        var isStalled = false

        init(_ name: Text, _ session: ClientSession) {
            self.name = name
            self.session = session
        }
    }

    var now = Instant(nanoseconds: 1_000_000_000)
    var wall = WallTime(seconds: 1_700_000_000)
    var hub: Hub
    var desk: Desk
    var clients: [Client] = []
    var store = ModelStore()
    /// Holds the store's answers back until a test lets them go.
    var holdsStore = false
    var verdicts: [Text: TokenVerdict] = [:]
    private var requests: [Request] = []
    private var prepared: [UInt8] = []
    private var generator = SeededGenerator(seed: 3)
    private let hubSettings: Hub.Settings
    private var seed: UInt64 = 1

    init(
        _ rules: TopicRules = TopicRules(), desk settings: Desk.Settings = Desk.Settings(),
        dedupWindow: Int = 1_024
    ) {
        hubSettings = Hub.Settings(rules: rules, dedupWindow: dedupWindow)
        hub = Hub(hubSettings, shard: 0, shards: 1, desks: 1, seed: seed)
        desk = Desk(settings, number: 0, shards: 1)
    }

    // MARK: Clients

    func client(_ name: Text, _ encoding: Encoding = .messagePack) -> Client {
        let settings = ClientSession.Settings(
            encoding: encoding, token: name, instance: Text("run-\(name)"), keepsHashes: true)
        let client = Client(name, ClientSession(settings))
        clients.append(client)
        connect(client)
        return client
    }

    func connect(_ client: Client) {
        client.inbound = []
        client.closed = nil
        let line = UInt64(clients.firstIndex { $0 === client } ?? 0)
        client.station = desk.open(line: line, client.session.settings.encoding, now: now)
        client.session.connected(now: now)
    }

    func cut(_ client: Client) {
        guard let station = client.station else { return }
        client.station = nil
        client.session.disconnected()
        client.inbound = []
        desk.closed(station, carrier: self)
    }

    /// The node is killed: what was not stored is gone, and everybody is cut.
    func crash() {
        for client in clients {
            client.station = nil
            client.session.disconnected()
            client.inbound = []
        }
        store.forgetPending()
        requests = []
        seed += 1
        hub = Hub(hubSettings, shard: 0, shards: 1, desks: 1, seed: seed)
        desk = Desk(Desk.Settings(), number: 0, shards: 1)
    }

    // MARK: Moving

    func pump() {
        var moved = true
        while moved {
            moved = false
            for client in clients {
                guard let station = client.station else { continue }
                while let message = client.session.nextMessage(now: now) {
                    moved = true
                    let bytes = message.encoded(client.session.settings.encoding)
                    desk.received(bytes.span, from: station, now: now, carrier: self)
                }
                while !client.isStalled, !client.inbound.isEmpty {
                    moved = true
                    let bytes = client.inbound.removeFirst()
                    client.session.received(bytes.span, now: now, using: &generator)
                }
                while let notice = client.session.nextNotice() { client.notices.append(notice) }
            }
            moved = settle() || moved
        }
    }

    private func settle() -> Bool {
        hub.wall = wall
        desk.wall = wall
        var moved = !requests.isEmpty
        let batch = requests
        requests = []
        for request in batch { hub.receive(request, now: now) }
        hub.flush(now: now)
        for (_, notice) in hub.takeLetters() {
            moved = true
            desk.receive(notice, fromShard: 0, now: now, carrier: self)
        }
        for request in hub.takeStoreRequests() {
            moved = true
            store.take(request)
        }
        if !holdsStore {
            for answer in store.takeAnswers() {
                moved = true
                hub.receive(answer, now: now)
            }
        }
        return moved
    }

    func advance(_ interval: Interval) {
        now = now + interval
        wall = wall + interval
        for client in clients where client.station != nil { client.session.reached(now) }
        desk.reached(now, carrier: self)
        pump()
    }

    // MARK: Carrier

    func carry(_ message: [UInt8], _ encoding: Encoding, to connection: UInt64) {
        clients[Int(connection)].inbound.append(message)
    }

    func prepare(_ message: [UInt8], _ encoding: Encoding) { prepared = message }

    func carryPrepared(to connection: UInt64) {
        clients[Int(connection)].inbound.append(prepared)
    }

    func close(_ connection: UInt64, _ code: Code, _ reason: Text) {
        clients[Int(connection)].closed = code
    }

    func pause(_ connection: UInt64) {}
    func resume(_ connection: UInt64) {}
    func post(_ request: Request, toShard shard: Int) { requests.append(request) }

    /// The token is the name; whoever is called so may do everything in the tenant `t`, unless a
    /// test has said something else of the token.
    func verify(_ token: Text) -> TokenVerdict {
        if let verdict = verdicts[token] { return verdict }
        let grant = Principal.Grant(
            topics: TopicPattern("**"), read: .everything, write: .everything)
        return .accepted(Principal(name: token, tenant: "t", grants: [grant]), lifetime: nil)
    }
}

/// A store that keeps what was committed, and loses what was not when it is told to.
struct ModelStore {
    private var topics: [TopicKey: StoredTopic] = [:]
    private var pending: [StoreRequest] = []
    /// The next commits fail.
    var failures = 0
    /// The next loads fail.
    var loadFailures = 0
    private(set) var loads = 0
    /// When each of the topics was last published to.
    var used = WallTime(seconds: 1_700_000_000)

    mutating func take(_ request: StoreRequest) { pending.append(request) }

    mutating func takeAnswers() -> [StoreAnswer] {
        defer { pending = [] }
        return pending.map { request in
            switch request {
            case .load(let key):
                loads += 1
                if loadFailures > 0 {
                    loadFailures -= 1
                    return .loadFailed(key)
                }
                return .loaded(key, topics[key])
            case .list:
                let entries = topics.keys.sorted { $0.name < $1.name }.map {
                    TopicList.Entry(key: $0, used: used)
                }
                return .listed(TopicList(topics: entries, last: nil))
            case .commit(let commit):
                if failures > 0 {
                    failures -= 1
                    return .failed(commit.id)
                }
                for write in commit.writes {
                    topics[write.key] = .after(write, topics[write.key])
                }
                return .committed(commit.id)
            }
        }
    }

    mutating func forgetPending() { pending = [] }

    func topic(_ name: Text) -> StoredTopic? { topics[TopicKey(tenant: "t", name: name)] }
}
