import Hub
import Testing
import Wire

/// Every pair of the protocol's features in one session, in both orders, and all of them at once:
/// each does what it does alone, and what the readers hold stays right (spec/composition.md).
@Suite("What works together") struct CompositionTests {
    enum Feature: String, CaseIterable, Sendable {
        case mask, rate, resume, batching, dedup, credit, presence, signal, refresh, drain
        case json, messagePack
    }

    struct Pair: Sendable, CustomTestStringConvertible {
        let features: [Feature]
        var testDescription: String {
            features.map(\.rawValue).joined(separator: " with ")
        }
    }

    static let pairs: [Pair] = {
        var pairs: [Pair] = []
        for (i, first) in Feature.allCases.enumerated() {
            for second in Feature.allCases[(i + 1)...] {
                pairs.append(Pair(features: [first, second]))
                pairs.append(Pair(features: [second, first]))
            }
        }
        return pairs
    }()

    @Test(arguments: pairs) func everyPairOfFeatures(_ pair: Pair) {
        Composed(pair.features).play()
    }

    @Test func allFeaturesAtOnceInManyOrders() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20 { Composed(Feature.allCases.shuffled(using: &generator)).play() }
    }
}

/// One session with some of the features.
private final class Composed {
    typealias Feature = CompositionTests.Feature

    private let features: [Feature]
    private let rig: Rig
    private let sensor: Rig.Client
    private var readers: [Rig.Client] = []
    private var views: [UInt64] = []
    private var expected: Map = [:]
    private var visible: Mask
    private var changes: Int64 = 0

    init(_ features: [Feature]) {
        self.features = features
        rig = Rig(
            TopicRules(rules: [
                TopicRules.Rule(
                    pattern: TopicPattern("log"), settings: TopicSettings(kind: .event))
            ]))
        sensor = rig.client("sensor")
        visible = features.contains(.mask) ? Mask(paths: [["a"], ["b"]]) : .everything
        var encodings: [Encoding] = []
        if features.contains(.json) { encodings.append(.json) }
        if features.contains(.messagePack) || encodings.isEmpty { encodings.append(.messagePack) }
        for encoding in encodings {
            let reader = rig.client(Text("reader-\(encoding)"), encoding)
            readers.append(reader)
            views.append(
                reader.session.subscribe(
                    "doc", fields: features.contains(.mask) ? visible : nil,
                    rate: features.contains(.rate) ? Number(Int64(10)) : nil, hash: true))
        }
    }

    /// Each feature's happening in the order of the list, and a change after each.
    func play() {
        rig.pump()
        change()
        settle()
        for feature in features {
            happen(feature)
            change()
            settle()
            check(after: feature)
        }
        prove()
    }

    private func happen(_ feature: Feature) {
        switch feature {
        case .mask: hide()
        case .rate: hold()
        case .resume: resume()
        case .batching: batch()
        case .dedup: repeatPublish()
        case .credit: readEvents()
        case .presence: bePresent()
        case .signal: signal()
        case .refresh: refresh()
        case .drain: drain()
        case .json, .messagePack: break
        }
    }

    // MARK: What is there

    private func publish(_ change: Map) {
        for entry in change.entries { expected[entry.key] = entry.value }
        _ = sensor.session.publish("doc", .patch(Patch(set: change)))
    }

    private func change() {
        changes += 1
        publish(["a": .integer(changes), "b": .integer(-changes), "c": "hidden by the mask"])
    }

    /// Until nothing moves, and what a rate holds back has come.
    private func settle() {
        rig.pump()
        rig.advance(.milliseconds(150))
    }

    private func count(
        _ reader: Rig.Client, _ matches: (ClientSession.Notice) -> Bool
    ) -> Int { reader.notices.count(where: matches) }

    private func isChange(_ notice: ClientSession.Notice) -> Bool {
        if case .changed = notice { true } else { false }
    }

    private func check(after feature: Feature) {
        for (reader, id) in zip(readers, views) {
            var due: Map = [:]
            for entry in expected.entries where visible.holds([entry.key]) {
                due[entry.key] = entry.value
            }
            #expect(reader.session[id]?.mirror.document == due, "after \(feature)")
            let wrong = count(reader) {
                switch $0 {
                case .diverged, .gap, .problem, .malformed: true
                default: false
                }
            }
            #expect(wrong == 0, "after \(feature): \(reader.notices)")
        }
    }

    private func prove() {
        for (reader, id) in zip(readers, views) {
            let isProof = { (notice: ClientSession.Notice) in
                if case .proven(id, _) = notice { true } else { false }
            }
            let before = count(reader, isProof)
            reader.session.prove(id)
            settle()
            #expect(count(reader, isProof) > before)
        }
    }

    // MARK: What happens

    /// A field that the mask leaves out changes, and brings nothing.
    private func hide() {
        let before = readers.map { count($0, isChange) }
        publish(["c": .integer(changes)])
        settle()
        #expect(readers.map { count($0, isChange) } == before)
    }

    /// Three changes within one interval are at most one frame before the interval is over.
    private func hold() {
        let before = readers.map { count($0, isChange) }
        for _ in 0..<3 {
            change()
            rig.pump()
        }
        for (reader, before) in zip(readers, before) {
            #expect(count(reader, isChange) <= before + 1)
        }
    }

    private func resume() {
        let snapshots = readers.map { count($0) { if case .snapshot = $0 { true } else { false } } }
        for reader in readers { rig.cut(reader) }
        for _ in 0..<2 {
            change()
            settle()
        }
        for reader in readers { rig.connect(reader) }
        settle()
        for (i, reader) in readers.enumerated() {
            #expect(reader.notices.contains(.subscribed(id: views[i], .caughtUp)))
            let now = count(reader) { if case .snapshot = $0 { true } else { false } }
            #expect(now == snapshots[i])
        }
    }

    /// Five patches in one turn are one diff.
    private func batch() {
        let before = readers.map { count($0, isChange) }
        for _ in 0..<5 { change() }
        settle()
        for (i, reader) in readers.enumerated() {
            #expect(count(reader, isChange) == before[i] + 1)
            #expect(
                reader.notices.contains {
                    if case .changed(_, let versions) = $0 { versions >= 5 } else { false }
                })
        }
    }

    private func repeatPublish() {
        let change = Publish.Change.patch(
            Patch(increments: [.init(path: ["n"], amount: Number(Int64(1)))]))
        let id = sensor.session.publish("doc", change)
        settle()
        for _ in 0..<2 {
            sensor.session.say(.publish(Publish(id: id, topic: "doc", change: change)))
            settle()
        }
        if case .number(let n)? = expected["n"], let n = n.int64 {
            expected["n"] = .integer(n + 1)
        } else {
            expected["n"] = 1
        }
    }

    private func readEvents() {
        var ids: [UInt64] = []
        for reader in readers {
            ids.append(
                reader.session.subscribe(
                    "log", name: reader.name, start: .earliest, credit: 2))
        }
        rig.pump()
        for n in 1...5 { _ = sensor.session.publish("log", .event(.integer(Int64(n)))) }
        settle()
        for (reader, id) in zip(readers, ids) {
            var done: [UInt64] = []
            func take() {
                for case .event(id, let event, let verdict) in reader.notices
                where verdict == .fresh && !done.contains(event.sequence) {
                    done.append(event.sequence)
                    reader.session.done(id, event.sequence)
                }
            }
            take()
            #expect(done.count == 2, "credit is two")
            reader.session.say(.credit(Credit(id: id, amount: 10)))
            settle()
            take()
            settle()
            #expect(done == [1, 2, 3, 4, 5])
            #expect(reader.session[id]?.inbox.done == 5)
        }
    }

    private func bePresent() {
        let roster = sensor.session.subscribe("$presence/doc")
        for reader in readers {
            reader.session.say(.presence(Presence(topic: "doc", state: ["here": true])))
        }
        settle()
        for reader in readers {
            let entry = sensor.session[roster]?.mirror.value(at: ["users", reader.name])
            #expect(entry != nil)
        }
    }

    private func signal() {
        let before = readers.map { count($0) { if case .signal = $0 { true } else { false } } }
        sensor.session.signal("doc", ["x": .integer(changes)])
        settle()
        for (i, reader) in readers.enumerated() {
            let now = count(reader) { if case .signal = $0 { true } else { false } }
            #expect(now == before[i] + 1)
        }
    }

    /// A token that shows less: the view begins anew, with what is left of it.
    private func refresh() {
        let narrow = Mask(paths: [["a"], ["n"]])
        visible = visible.intersection(narrow)
        for (i, reader) in readers.enumerated() {
            let token = Text("\(reader.name.string)-narrow")
            let grants = [
                Principal.Grant(topics: TopicPattern("doc"), read: narrow, write: .everything),
                Principal.Grant(topics: TopicPattern("log"), read: .everything, write: nil),
            ]
            let principal = Principal(name: reader.name, tenant: "t", grants: grants)
            rig.verdicts[token] = .accepted(principal, lifetime: .seconds(3_600))
            reader.notices = []
            reader.session.refresh(token)
            settle()
            #expect(reader.notices.contains(.subscribed(id: views[i], .snapshot)))
        }
    }

    private func drain() {
        rig.desk.drain(after: .seconds(5), window: .seconds(30), now: rig.now, carrier: rig)
        settle()
        for reader in readers {
            #expect(reader.notices.contains(.drain(Drain(after: 5_000, window: 30_000))))
        }
    }
}
