import CAllocations
import Foundation
import Testing
import Wire

@testable import fieldcast_bench

@Suite("The peers do the same work") struct PeerTests {
    @Test("msgpack-c writes the same bytes and reads the same values") func msgpack() throws {
        let encoder = MsgpackEncoder()
        let decoder = MsgpackDecoder()
        for document in try Fixture().documents {
            encoder.encode(document.value)
            #expect(encoder.bytes == document.messagePack)
            #expect(try decoder.decode(document.messagePack) == document.value)
        }
    }

    @Test("jansson reads the documents and refuses a repeated key") func jansson() throws {
        for document in try Fixture().documents { try readWithJansson(document.json) }
        #expect(throws: RefusedByJansson.self) {
            try readWithJansson(Array(#"{"a":1,"a":2}"#.utf8))
        }
    }

    @Test("A row has the median, the extremes and the count of its runs") func rows() throws {
        let row = Row(name: "a.b", values: [3, 1, 2, 10], unit: "ns", peer: "p", ratio: 1.5)
        #expect(row.value == 2.5)
        #expect([row.min, row.max, Double(row.runs)] == [1, 10, 4])
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(row))
        let keys = try #require(json as? [String: Any]).keys.sorted()
        #expect(keys == ["max", "min", "name", "peer", "ratio", "runs", "unit", "value"])
    }

    @Test(
        "Allocations are counted while asked for",
        .enabled(if: fc_allocations_are_counted() == 1, "a sanitizer has its own allocator"))
    func allocations() {
        fc_allocations_begin()
        var kept = [[UInt8](repeating: 1, count: 100), [UInt8](repeating: 2, count: 100)]
        let some = fc_allocations_end()
        fc_allocations_begin()
        let none = fc_allocations_end()
        kept.removeAll()
        #expect(some >= 3)
        #expect(none == 0)
    }

    @Test("One changed number of the fixture fits into 20 bytes, a fraction into 26")
    func diffBytes() throws {
        let limits = ["wire.diff.bytes.integer": 20.0, "wire.diff.bytes.double": 26]
        var seen = 0
        for measurement in try diffMeasurements(Fixture()) {
            guard let limit = limits[measurement.name] else { continue }
            let row = try measurement.run()
            #expect(row.value <= limit)
            seen += 1
        }
        #expect(seen == limits.count)
    }

    @Test("The quicker one has the ratio above 1") func ratio() throws {
        func work(_ rounds: Int) -> () -> Void {
            {
                var state: UInt64 = 1
                for _ in 0..<rounds { state = state &* 6_364_136_223_846_793_005 &+ 1 }
                consume(state)
            }
        }
        let contest = Contest(name: "a", peer: "b", ours: work(1_000), theirs: work(5_000))
        let row = try contest.measurement.run()
        let ratio = try #require(row.ratio)
        #expect(ratio > 2)
        #expect(row.runs >= 5)
    }
}
