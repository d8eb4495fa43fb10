import Foundation

/// What one more idle subscriber costs (rule 34): all of one topic, or each of one of its own.
struct NodeIdle {
    var name: String
    var topics: String

    var measurement: Measurement {
        Measurement(name: name) {
            let few = try resident(1_000)
            let many = try resident(10_000)
            return Row(
                name: name, values: [(many.resident - few.resident) / 9_000], unit: "bytes",
                peer: "and the kernel \(Int(many.kernel)) bytes")
        }
    }

    private func resident(_ count: Int) throws -> (resident: Double, kernel: Double) {
        // One client publishes to all topics, faster than one may by default.
        let server = try NodeServer(
            configuration: "[limits]\nmessages_per_second = \"unlimited\"\n")
        defer { server.end() }
        let numbers = try NodeClients.run([
            "idle", server.port, server.pid, String(count), topics, server.signer,
        ])
        guard numbers.count == 2 else { throw TransportFault.unreadable("\(numbers)") }
        return (numbers[0], numbers[1])
    }
}

/// What a reader costs that stopped reading for 10,000 versions and 8 MB of diffs, a thousand of
/// them; all must be shown as lagging, and come out right when they wake.
final class NodeSlow {
    private static let readers = 1_000
    private static let runs = 3
    private var known: [[Double]]?

    var measurements: [Measurement] {
        [("node.memory.slow", 0), ("node.memory.slow.kernel", 1)].map { name, place in
            Measurement(name: name) { [self] in
                Row(name: name, values: try result().map { $0[place] }, unit: "bytes")
            }
        }
    }

    private func result() throws -> [[Double]] {
        if let known { return known }
        let runs = try (0..<NodeSlow.runs).map { _ in try measure() }
        known = runs
        return runs
    }

    private func measure() throws -> [Double] {
        // On a busy machine they sleep longer than a node would wait for them.
        let server = try NodeServer(
            configuration: "[connections]\npatience = \"1h\"\nheartbeat = \"1h\"\n")
        defer { server.end() }
        let numbers = try NodeClients.run([
            "slow", server.port, server.pid, server.adminPort, String(NodeSlow.readers),
            "10000", "8000000", server.signer,
        ])
        guard numbers.count == 6 else { throw TransportFault.unreadable("\(numbers)") }
        let (lagging, right) = (Int(numbers[2]), Int(numbers[5]))
        guard lagging >= NodeSlow.readers, right == NodeSlow.readers else {
            throw TransportFault.invalid(
                "the metric shows \(lagging) lagging, and \(right) came out right")
        }
        return numbers
    }
}
