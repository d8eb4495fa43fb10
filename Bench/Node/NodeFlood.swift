import Foundation

/// 64 publishers, 20,000 acknowledged patches a second for half a minute to one topic of a thousand
/// fields, a thousand subscribers who mirror it: how stale they are. What the words mean stands in
/// `Bench/NodeClients/flood.c`, which also holds all to be equal at the end.
final class NodeFlood {
    private static let words = ["30", "20000", "1000", "64", "1000"]
    private var known: [Double]?

    var measurements: [Measurement] {
        [
            // The row itself: by the newest version that was lacking.
            ("node.flood", 1, "ms"), ("node.flood.oldest", 2, "ms"),
            ("node.flood.acknowledged", 3, "/s"), ("node.flood.merged", 4, "patches"),
            ("node.flood.load", 6, "ms"), ("node.flood.settled", 8, "ms"),
        ].map { name, place, unit in
            Measurement(name: name) { [self] in
                Row(name: name, values: [try result()[place]], unit: unit)
            }
        }
    }

    private func result() throws -> [Double] {
        if let known { return known }
        let server = try NodeServer()
        defer { server.end() }
        let numbers = try NodeClients.run(
            ["flood", server.port, server.pid, server.signer] + NodeFlood.words)
        guard numbers.count == 12 else { throw TransportFault.unreadable("\(numbers)") }
        known = numbers
        guard numbers[6] <= 10 else {
            throw TransportFault.invalid(
                "the load side lagged \(numbers[6]) ms; all it said: \(numbers)")
        }
        return numbers
    }
}
