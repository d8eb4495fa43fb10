import Hub
import Wire

@testable import Node

/// What was said, answered and seen over all lives of a node, and what must not be.
struct CrashBooks {
    struct Saying: Hashable {
        let publisher: Int
        let id: UInt64
    }

    /// What each saying was about, and its number among those of its publisher there.
    private var said: [Saying: (topic: Text, count: UInt64)] = [:]
    /// By topic: how many each publisher has said.
    private(set) var counts: [Text: [Int: UInt64]] = [:]
    /// By topic and version: whose it is.
    private var owners: [Text: [UInt64: Saying]] = [:]
    private var answered: Set<Saying> = []
    /// By topic and version: what somebody saw there.
    private var views: [Text: [UInt64: UInt64]] = [:]
    private var events: [UInt64: Value] = [:]

    /// What went wrong, in words.
    private(set) var wrongs: [String] = []

    var acknowledged: Int { answered.count }
    var versionsSeen: Int { views.values.reduce(0) { $0 + $1.count } }
    var eventsSeen: Int { events.count }

    mutating func wrong(_ text: String) {
        if wrongs.count < 20 { wrongs.append(text) }
    }

    /// The next thing that a publisher says about a topic.
    mutating func change(_ publisher: Int, _ topic: Text, isEvent: Bool) -> Publish.Change {
        let count = (counts[topic]?[publisher] ?? 0) + 1
        counts[topic, default: [:]][publisher] = count
        if isEvent { return .event(CrashBooks.event(publisher, count)) }
        var patch = Patch(increments: [Patch.Increment(path: ["n"], amount: Number(Int64(1)))])
        patch.set[CrashBooks.field(publisher)] = .unsigned(count)
        return .patch(patch)
    }

    private static func event(_ publisher: Int, _ count: UInt64) -> Value {
        ["by": .integer(Int64(publisher)), "count": .unsigned(count)]
    }

    static func field(_ publisher: Int) -> Text { Text("p\(publisher)") }

    mutating func said(_ saying: Saying, _ topic: Text) {
        said[saying] = (topic, counts[topic]?[saying.publisher] ?? 0)
    }

    mutating func acknowledged(_ saying: Saying, _ version: UInt64) {
        guard let topic = said[saying]?.topic else { return wrong("\(saying) was never said") }
        answered.insert(saying)
        if let other = owners[topic]?.updateValue(saying, forKey: version), other != saying {
            wrong("\(topic) \(version) was the answer to \(other) and to \(saying)")
        }
        owners[topic, default: [:]][version] = saying
    }

    /// Nothing seen is unsaid: a version is one state, for everybody and for ever.
    mutating func saw(_ topic: Text, _ version: UInt64, _ document: Map) {
        let bytes = Value.map(document).messagePack
        let sum = Checksum.of(bytes.span, topic: 0, place: 0)
        if let before = views[topic]?[version], before != sum {
            wrong("\(topic) was seen in two states at version \(version)")
        }
        views[topic, default: [:]][version] = sum
    }

    mutating func saw(_ event: Event) {
        if let before = events[event.sequence], before != event.data {
            wrong("event \(event.sequence) was \(before), then \(event.data)")
        }
        events[event.sequence] = event.data
    }

    // MARK: The end: everything was answered

    /// Every saying was done once and stands in the document of the end.
    mutating func settle(_ topic: Text, _ version: UInt64, _ document: Map) {
        let total = (counts[topic] ?? [:]).values.reduce(0, +)
        if version != total { wrong("\(topic) is at \(version) after \(total) publishes") }
        if document["n"] != .unsigned(total) {
            wrong("\(topic) counts \(String(describing: document["n"])) after \(total) publishes")
        }
        for (publisher, count) in counts[topic] ?? [:]
        where document[CrashBooks.field(publisher)] != .unsigned(count) {
            wrong("\(topic) has not the last of publisher \(publisher), \(count)")
        }
        settleOwners(topic, total)
    }

    /// Every event that was acknowledged came to its reader, under the number of its answer.
    mutating func settleEvents(_ topic: Text) {
        let total = (counts[topic] ?? [:]).values.reduce(0, +)
        settleOwners(topic, total)
        for (sequence, saying) in owners[topic] ?? [:] {
            guard let about = said[saying] else { continue }
            if events[sequence] != CrashBooks.event(saying.publisher, about.count) {
                wrong("event \(sequence) is not what \(saying) said")
            }
        }
        if events.count != Int(total) {
            wrong("\(events.count) of \(total) events came to their reader")
        }
    }

    private mutating func settleOwners(_ topic: Text, _ total: UInt64) {
        let versions = (owners[topic] ?? [:]).keys.sorted()
        if versions != Array(1..<total + 1) {
            wrong("\(topic) has \(versions.count) answered versions of \(total)")
        }
    }
}
