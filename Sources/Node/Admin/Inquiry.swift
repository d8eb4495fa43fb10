import Hub
import Transport
import Wire

/// What the operator's thread asks of a loop.
struct Inquiry: Sendable {
    enum Question: Sendable {
        /// Its counters, for the metrics.
        case counters
        case topics(tenant: Text?, prefix: Text, limit: Int)
        case connections(
            tenant: Text?, user: Text?, id: Text?, onlySlow: Bool, limit: Int)
        /// Who reads a topic, wherever it is owned.
        case readers(TopicKey, limit: Int)
        /// Of a topic that the loop owns.
        case operate(TopicKey, Operation.Verb)
        case disconnect(
            tenant: Text?, user: Text?, id: Text?, token: Text?, Code, reason: Text)
    }

    /// By which the answer is known.
    let number: UInt64
    let question: Question
}

/// What a loop answers.
enum Finding: Sendable {
    case counters(LoopCounters)
    case topics([TopicReport])
    case connections([ConnectionReport])
    case operated(Operation.Outcome)
    /// So many.
    case disconnected(Int)
    /// The store's word.
    case stored(Bool)
    /// Not an answer: the node stops, and the operator's thread with it.
    case stop
    /// Nor this: tokens are checked so from now on.
    case access(AccessSettings)
}

extension NodeLoop {
    func answer(_ inquiry: Inquiry) {
        let finding: Finding
        switch inquiry.question {
        case .counters: finding = .counters(counters)
        case .topics(let tenant, let prefix, let limit):
            finding = .topics(hub.reports(tenant: tenant, prefix: prefix, limit: limit))
        case .connections(let tenant, let user, let id, let onlySlow, let limit):
            finding = .connections(
                desk.reports(
                    tenant: tenant, user: user, id: id, onlySlow: onlySlow, limit: limit,
                    now: loop.now))
        case .readers(let topic, let limit):
            finding = .connections(desk.readers(of: topic, limit: limit, now: loop.now))
        case .operate(let topic, let verb):
            // Its answer comes when the topic has been read and what was done is on its way.
            operate(Operation(topic: topic, verb: verb, number: inquiry.number))
            return
        case .disconnect(let tenant, let user, let id, let token, let code, let reason):
            let stations = desk.stations(tenant: tenant, user: user, id: id, token: token)
            for station in stations { desk.disconnect(station, code, reason, carrier: self) }
            finding = .disconnected(stations.count)
        }
        shared.desk?.deliver(AdminLetter(number: inquiry.number, finding))
    }

    func answerOperated() {
        for (operation, outcome) in hub.takeOperated() {
            shared.desk?.deliver(AdminLetter(number: operation, .operated(outcome)))
        }
    }
}

/// An answer on its way to the operator's thread.
struct AdminLetter: Sendable {
    let number: UInt64
    let finding: Finding

    init(number: UInt64, _ finding: Finding) {
        self.number = number
        self.finding = finding
    }
}
