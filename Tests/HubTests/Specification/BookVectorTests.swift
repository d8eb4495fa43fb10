import Foundation
import Testing
import Wire

@testable import Hub

/// `spec/vectors/delivery.json`, as far as it is about the books that a server keeps: who has said
/// what, and who is owed what.
@Suite("The vectors of the specification for a server's books") struct BookVectorTests {
    private static func vectors(_ machine: Text) throws -> [Map] {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../spec/vectors/delivery.json").standardizedFileURL
        let bytes = Array(try Data(contentsOf: url))
        guard case .array(let vectors) = try Value(json: bytes.span) else { return [] }
        return vectors.compactMap { $0.asMap }.filter { $0["machine"] == .text(machine) }
    }

    @Test("hold for the ledger of what was done") func ledger() throws {
        let vectors = try Self.vectors("ledger")
        #expect(vectors.count >= 5)
        for vector in vectors {
            let given = vector.map("given")
            var ledger = Ledger(
                window: Int(given.number("window") ?? 0), authors: Int(given.number("authors") ?? 0)
            )
            for step in vector.steps {
                let (principal, instance) = (step.text("principal"), step.text("instance"))
                let id = step.number("id") ?? 0
                let fingerprint = UInt64(step.text("content").utf8[0])
                let version = step.number("version")
                switch ledger.verdict(principal, instance, id, fingerprint) {
                case .fresh:
                    #expect(step["verdict"] == "fresh", "\(vector["id"] ?? .null), \(id)")
                    ledger.record(
                        principal, instance, id, fingerprint, .done(version: version ?? 0))
                case .repeated(.done(let first)):
                    #expect(step["verdict"] == "repeated", "\(vector["id"] ?? .null), \(id)")
                    #expect(first == version, "\(vector["id"] ?? .null), \(id)")
                case .repeated: Issue.record("\(vector["id"] ?? .null): nothing was refused")
                case .reused:
                    #expect(step["verdict"] == "reused", "\(vector["id"] ?? .null), \(id)")
                case .tooOld:
                    #expect(step["verdict"] == "tooOld", "\(vector["id"] ?? .null), \(id)")
                }
            }
        }
    }

    @Test("hold for a name that outlives its connections") func names() throws {
        let vectors = try Self.vectors("name")
        #expect(vectors.count >= 10)
        for vector in vectors {
            let given = vector.map("given")
            var name = DurableName(name: "n", done: given.number("done") ?? 0)
            var head: UInt64 = 0
            for step in vector.steps {
                head = max(head, step.number("head") ?? 0)
                play(step, &name, head, limit: given.number("deliveryLimit") ?? 0, vector)
            }
        }
    }

    private func play(
        _ step: Map, _ name: inout DurableName, _ head: UInt64, limit: UInt64, _ vector: Map
    ) {
        let now = Instant(nanoseconds: 1_000_000_000) + .milliseconds(step.number("at") ?? 0)
        if step["takes"] != nil {
            let takes = step.map("takes")
            let holder = DurableName.Holder(
                desk: 0, seat: SeatID(index: 0, generation: 0), audience: AudienceID(index: 0),
                knowsEpoch: true)
            name.take(
                holder, credit: takes.number("credit") ?? 0,
                unordered: takes["unordered"] == true)
        } else if case .array(let due)? = step["delivers"] {
            var sent: [Value] = []
            while let delivery = name.nextDelivery(head: head, now: now) {
                sent.append([.unsigned(delivery.sequence), .unsigned(delivery.before)])
            }
            #expect(sent == due, "\(vector["id"] ?? .null) at \(step["at"] ?? .null)")
        } else if step["acks"] != nil {
            let ack = step.map("acks")
            var ranges: [ClosedRange<UInt64>] = []
            if case .array(let pairs)? = ack["ranges"] {
                for case .array(let pair) in pairs {
                    ranges.append((pair[0].asNumber ?? 0)...(pair[1].asNumber ?? 0))
                }
            }
            name.acknowledge(upTo: ack.number("version") ?? 0, ranges, head: head)
        } else if step["nacks"] != nil {
            let nack = step.map("nacks")
            let fate = name.refuse(
                nack.number("sequence") ?? 0, Code(rawValue: nack.number("code") ?? 0),
                after: .milliseconds(nack.number("after") ?? 0), limit: limit, now: now)
            let isDead = if case .dead = fate { true } else { false }
            #expect(isDead == (step["fate"] == "dead"), "\(vector["id"] ?? .null)")
        } else if let amount = step.number("credit") {
            name.add(credit: amount)
        } else if step["released"] == true {
            name.release()
        } else {
            Issue.record("\(vector["id"] ?? .null): no such step")
        }
    }
}

extension Value {
    fileprivate var asMap: Map? { if case .map(let map) = self { map } else { nil } }
    fileprivate var asNumber: UInt64? {
        if case .number(let number) = self { number.uint64 } else { nil }
    }
}

extension Map {
    fileprivate func map(_ name: Text) -> Map { self[name]?.asMap ?? Map() }
    fileprivate func number(_ name: Text) -> UInt64? { self[name]?.asNumber }
    fileprivate func text(_ name: Text) -> Text {
        if case .text(let text)? = self[name] { text } else { "" }
    }
    fileprivate var steps: [Map] {
        if case .array(let steps)? = self["steps"] { steps.compactMap { $0.asMap } } else { [] }
    }
}
