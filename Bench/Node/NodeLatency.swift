import Foundation

/// From a publish until the last of a thousand subscribers has it, 600 patches a side in turns
/// against socketify with the same bytes; both servers stand on processor 0.
final class NodeLatency {
    private struct Run {
        var median, last: Double
        var theirMedian, theirLast: Double
    }

    private static let runs = 5
    private let ports: TransportPorts
    private let document: [UInt8]
    private var known: [Run]?

    init(ports: TransportPorts, document: [UInt8]) {
        self.ports = ports
        self.document = document
    }

    var measurements: [Measurement] {
        [
            Measurement(name: "node.latency.last") { [self] in
                let runs = try result()
                return Row(
                    name: "node.latency.last", values: runs.map(\.median), unit: "us",
                    peer: "socketify", ratio: median(runs.map { $0.theirMedian / $0.median }))
            },
            Measurement(name: "node.latency.last.p99") { [self] in
                let runs = try result()
                return Row(
                    name: "node.latency.last.p99", values: runs.map(\.last), unit: "us",
                    peer: "socketify", ratio: median(runs.map { $0.theirLast / $0.last }))
            },
        ]
    }

    private func result() throws -> [Run] {
        if let known { return known }
        let runs = try NodeClients.withFile(document) { file in
            try (0..<NodeLatency.runs).map { _ in try measure(file, ports.next()) }
        }
        known = runs
        return runs
    }

    private func measure(_ file: String, _ peerPort: String) throws -> Run {
        let server = try NodeServer()
        defer { server.end() }
        let peer = try TransportChild(cpu: 0, NodeFanout.Peer.socketify.command + [peerPort])
        defer { peer.end() }
        _ = try peer.line()
        let numbers = try NodeClients.run([
            "latency", server.port, server.pid, peerPort, String(peer.pid), "1000", "600",
            server.signer, file,
        ])
        guard numbers.count == 4 else { throw TransportFault.unreadable("\(numbers)") }
        return Run(
            median: numbers[0], last: numbers[1], theirMedian: numbers[2], theirLast: numbers[3])
    }
}
