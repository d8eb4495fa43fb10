import Hub
import Wire

/// What a seed decides before anything happens: how many take part, and how tight the limits are.
/// They are far tighter than in life, so that a few thousand events meet all of them.
struct Scenario {
    let loops: Int
    let clients: Int
    let topics: [Text]
    let terms: Terms
    let lagsBeforeSlowing: Int
    let patience: Interval
    let settings: Hub.Settings
    /// How long a message is under way.
    let latency: ClosedRange<UInt64>
    /// How long a loop is busy before its next turn: what comes meanwhile is taken together.
    let busy: ClosedRange<UInt64>
    /// How often, in a hundred, a connection loses, repeats or turns around single diffs.
    let lossyConnections: Int
    /// How many events the storm lasts at least.
    let events: Int
    /// The names that changes draw from beyond the fixed ones: names that come and go.
    let passingNames: Int
    /// Milliseconds between what a client does of its own accord.
    let pace: ClosedRange<UInt64>
    let meanFaultGap: UInt64
    let credit: UInt64
    let storing: ClosedRange<UInt64>
    /// How many in a hundred of the store's answers are failures.
    let storeFailures: Int
    /// Documents have so little room that patches are refused.
    let isCramped: Bool
    /// Some patches write many fields at once, so that snapshots go in many parts.
    let isLarge: Bool
    /// What each topic is, in the order of `topics`.
    let kinds: [Kind]
    /// Two clients at a time read under one name, and take it from each other.
    let sharesNames: Bool
    let eventLimit: Int

    init(_ chance: inout Chance) {
        loops = chance.count(2...3)
        clients = chance.count(5...7)
        let count = chance.count(2...4)
        var names: [Text] = []
        for number in 0..<count {
            let prefixes = Scenario.prefixes + (number > 1 ? ["n/"] : [])
            names.append(Text(chance.pick(prefixes) + String(number)))
        }
        if chance.percent(40) {
            names.append(Text("$presence/" + names[chance.number(below: count)].string))
        }
        topics = names
        kinds = names.map { Kind($0.string) }
        sharesNames = chance.percent(40)
        eventLimit = chance.pick([10_000, 10_000, 40])
        terms = Terms(
            messageBytes: 1 << 16, inFlight: chance.number(2...12), subscriptions: 8,
            unconfirmedBytes: chance.pick([300, 700, 1_500, 4_000]),
            unconfirmedTime: chance.number(400...2_000), authenticateTime: 2_000,
            heartbeatTime: chance.number(1_000...4_000), inactivityTime: 20_000,
            dedupWindow: 32)
        lagsBeforeSlowing = chance.count(2...5)
        patience = .seconds(chance.number(4...12))
        isCramped = chance.percent(20)
        isLarge = !isCramped && chance.percent(40)
        let bounds = Document.Bounds(
            nodes: isCramped ? 24 : 400, tombstones: chance.pick([0, 1, 2, 3, 6, 40]))
        let part = chance.pick([48, 96, 200, 32_768])
        let state = TopicSettings(kind: .state, bounds: bounds, partBytes: part)
        let rows = TopicSettings(kind: .collection, bounds: bounds, partBytes: part)
        let records = chance.pick([2, 7, 30])
        var durable = state
        durable.isDurable = true
        durable.recordsPerCheckpoint = records
        var durableRows = rows
        durableRows.isDurable = true
        durableRows.recordsPerCheckpoint = records
        let eventLog = TopicSettings(
            kind: .event, isDurable: true, eventLimit: eventLimit,
            deliveryLimit: Scenario.deliveryLimit, recordsPerCheckpoint: records)
        let signals = TopicSettings(kind: .signal)
        let rosters = TopicSettings(kind: .state, partBytes: part)
        credit = chance.number(1...8)
        settings = Hub.Settings(
            rules: TopicRules(
                rules: [
                    TopicRules.Rule(pattern: TopicPattern("c/**"), settings: rows),
                    TopicRules.Rule(pattern: TopicPattern("d/**"), settings: durable),
                    TopicRules.Rule(pattern: TopicPattern("dc/**"), settings: durableRows),
                    TopicRules.Rule(pattern: TopicPattern("de/**"), settings: eventLog),
                    TopicRules.Rule(pattern: TopicPattern("n/**"), settings: signals),
                    TopicRules.Rule(pattern: TopicPattern("$presence/**"), settings: rosters),
                ],
                otherwise: state),
            topicLimit: 16, dedupWindow: 32)
        let slowest = chance.pick([200_000, 2_000_000, 40_000_000] as [UInt64])
        latency = 20_000...slowest
        busy = 1_000...chance.pick([20_000, 1_000_000, 10_000_000] as [UInt64])
        lossyConnections = chance.pick([0, 30, 60])
        events = chance.count(2_000...2_600)
        passingNames = chance.pick([0, 4, 16])
        let slowestPace = chance.pick([60, 150, 400] as [UInt64])
        pace = 5...slowestPace
        let slowestStore = chance.pick([100_000, 3_000_000, 30_000_000, 400_000_000] as [UInt64])
        storing = 10_000...slowestStore
        storeFailures = chance.pick([0, 2, 10])
        meanFaultGap = chance.pick([300, 800, 2_000])
    }

    /// State topics, collections, both of them durable, and durable events.
    private static let prefixes = ["s/", "c/", "d/", "dc/", "de/"]

    /// After so many deliveries, *not now* makes a dead letter of an event.
    static let deliveryLimit: UInt64 = 4

    /// What is done with a topic.
    enum Kind: Equatable {
        case document(isDurable: Bool)
        case events
        case signals
        /// Who is at another topic.
        case roster

        init(_ name: String) {
            if name.hasPrefix("de/") {
                self = .events
            } else if name.hasPrefix("n/") {
                self = .signals
            } else if name.hasPrefix("$") {
                self = .roster
            } else {
                self = .document(isDurable: name.hasPrefix("d"))
            }
        }
    }

    func isEvents(_ topic: Int) -> Bool { kinds[topic] == .events }

    func isDurable(_ topic: Int) -> Bool {
        kinds[topic] == .events || kinds[topic] == .document(isDurable: true)
    }

    /// Whether readers of the topic hold a document.
    func isDocument(_ topic: Int) -> Bool {
        switch kinds[topic] {
        case .document, .roster: true
        case .events, .signals: false
        }
    }

    /// Topics to which patches or events may be published.
    var written: [Int] {
        topics.indices.filter { kinds[$0] != .signals && kinds[$0] != .roster }
    }

    func shard(of topic: Int) -> Int {
        TopicKey(tenant: "tenant", name: topics[topic]).shard(of: loops)
    }

    /// The name under which a client reads events.
    func readerName(_ client: Int) -> Text {
        Text("name " + String(sharesNames ? client / 2 : client))
    }

    /// What subscribers ask for; nil for all.
    static let asked: [Mask?] = [
        nil, Mask(paths: [["a"]]), Mask(paths: [["a", "x"], ["b"]]),
        Mask([[.any, .name("x")]]), Mask([[.any, .name("y")], [.name("c"), .name("z")]]),
        Mask(paths: [["a"], ["b"], ["d"]]),
    ]

    /// What tokens allow to be read.
    static let allowed: [Mask] = [
        .everything, Mask(paths: [["a"], ["b"]]), Mask([[.any, .name("x")], [.any, .name("y")]]),
        Mask(paths: [["c"], ["a", "x"]]), .nothing,
    ]

    static let rates: [Number?] = [nil, nil, nil, Number(20), Number(5), Number(1)]
}
