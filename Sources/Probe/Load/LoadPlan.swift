internal import Wire

/// What a load run does, decided before it begins; with the seed it can be done again.
struct LoadPlan: Equatable, Sendable {
    var connections = 200
    /// Over which the connections are opened, evenly.
    var ramp = Interval.seconds(1)
    var publishers = 1
    /// Patches a second of all publishers together.
    var rate = 20.0
    /// How the rate goes.
    var shape = Shape.steady
    /// For how long patches are published.
    var length = Interval.seconds(10)
    var topic = "probe"
    var fields = 60
    /// How many fields a patch changes.
    var changes = 3
    /// Different views among the subscribers; the first is the whole document, the others masks.
    var views = 1
    /// The part of the connections that speaks JSON.
    var jsonShare = 0.5
    /// Other ways to the server, by share.
    var routes: [Route] = []
    /// Readers of events under durable names, how many events a second, and where.
    var workers = 0
    var eventRate = 20.0
    var eventTopic = ""
    /// Ask for the hash behind every diff, not only now and then.
    var hashes = false
    /// How often each client asks the server to prove its mirror.
    var proofEvery = Interval.seconds(5)
    /// How many clients in MessagePack are followed by a naive second mirror.
    var seconded = 10
    /// The size of a message to a plain broadcasting server; nil for a server of Fieldcast's.
    var plainBytes: Int?
    /// What goes wrong on purpose, halfway.
    var disturbance = Disturbance.none
    /// How long to wait for whoever lags, at the start and at the end.
    var patience = Interval.seconds(15)
    var seed: UInt64 = 1

    enum Shape: String, CaseIterable, Sendable {
        case steady
        /// Ten times the rate for the middle tenth.
        case spike
    }

    enum Disturbance: String, CaseIterable, Sendable {
        case none
        /// All connections are cut at once and come back.
        case reconnect
        /// A fifth of the subscribers reads nothing for a while.
        case stall
        /// Somebody else restarts the server, or one after another of several.
        case restart
    }

    /// Patches published altogether.
    var patches: Int { schedule.count }

    var schedule: Schedule { Schedule(rate: rate, length: length, shape: shape) }

    /// Whether connection `n` speaks JSON: spread evenly, so that both are in every part.
    func encoding(of n: Int) -> Encoding {
        let before = (Double(n) * jsonShare).rounded(.down)
        let after = (Double(n + 1) * jsonShare).rounded(.down)
        return after > before ? .json : .messagePack
    }

    /// Which view connection `n` has. Every view meets both encodings.
    func view(of n: Int) -> Int { views == 1 ? 0 : Int(mixed(UInt64(n), seed) % UInt64(views)) }

    /// When connection `n` should be opened, from the start of the ramp.
    func connectOffset(of n: Int) -> Interval {
        Interval(
            nanoseconds: UInt64(
                Double(ramp.nanoseconds) * Double(n) / Double(max(connections, 1))))
    }

    /// What does not go together; nil when the plan can be carried out.
    var fault: UsageError? {
        if publishers > fields {
            return UsageError("\(publishers) publishers cannot share \(fields) fields")
        }
        if views > Script.groupCount(fields: fields) {
            return UsageError(
                "\(fields) fields make at most \(Script.groupCount(fields: fields)) views",
                hint: "give more --fields or fewer --views")
        }
        if routes.reduce(0, { $0 + $1.share }) > 1.000_001 {
            return UsageError("the shares of --also are more than all connections")
        }
        if schedule.count == 0 { return UsageError("nothing would be published in that time") }
        if schedule.count > 20_000_000 {
            return UsageError("more than 20,000,000 patches are too many for one run")
        }
        return nil
    }
}

/// The moments at which patches are meant to be published: an open model, which does not wait for
/// the server, so that a stall hides nothing.
struct Schedule: Equatable, Sendable {
    private let interval: Double
    private let spikeInterval: Double
    private let beforeSpike: Int
    private let inSpike: Int
    let count: Int

    init(rate: Double, length: Interval, shape: LoadPlan.Shape) {
        let seconds = Double(length.nanoseconds) / 1e9
        interval = 1e9 / rate
        switch shape {
        case .steady:
            spikeInterval = interval
            beforeSpike = 0
            inSpike = 0
            count = Int(min(rate * seconds, 1e9))
        case .spike:
            spikeInterval = interval / 10
            beforeSpike = Int(min(rate * seconds * 0.45, 1e9))
            inSpike = Int(min(rate * seconds, 1e9))
            count = beforeSpike * 2 + inSpike
        }
    }

    /// When patch `n` is meant to leave, from the start.
    func offset(of n: Int) -> Interval {
        let calm = n <= beforeSpike ? n : min(n, beforeSpike) + max(0, n - beforeSpike - inSpike)
        let time = Double(calm) * interval + Double(n - calm) * spikeInterval
        return Interval(nanoseconds: UInt64(time))
    }
}

/// One step of a generator without state (SplitMix64): the same everywhere for the same input.
func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var z = a &* 0x9e37_79b9_7f4a_7c15 &+ b &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
}
