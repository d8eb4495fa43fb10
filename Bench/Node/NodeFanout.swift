import Foundation

/// Processor time of the server for each delivery of one patched field: taking the patch, applying
/// it, making the diff and sending it (rule 33). A peer broadcasts as many bytes and makes nothing.
struct NodeFanout {
    struct Peer {
        var label: String
        /// Before the port, and after it.
        var command: [String]
        var options: [String] = []
        /// Whether it is sent what it is to broadcast, or makes its message itself.
        var isGiven: Bool

        static var socketify: Peer {
            Peer(
                label: "socketify", command: [python, "Bench/Node/socketify_peer.py"], isGiven: true
            )
        }

        static let python = ".build/bench/venv/bin/python"
    }

    /// What one run gives.
    struct Cost {
        var nanoseconds: Double
        var bytes: Double
    }

    var ports: TransportPorts
    var name: String
    var connections: Int
    var isSealed = false
    var peer: Peer
    static let runs = 5
    /// Of each run; the peers in Python are given fewer.
    var deliveries = 200_000
    var theirDeliveries: Int?

    func measurement(_ document: [UInt8]) -> Measurement {
        Measurement(name: name) {
            let runs = try costs(document)
            return Row(
                name: name, values: runs.map { $0.ours.nanoseconds }, unit: "ns", peer: peer.label,
                ratio: median(runs.map { $0.theirs.nanoseconds / $0.ours.nanoseconds }))
        }
    }

    /// In turns; who goes first changes with every turn.
    func costs(_ document: [UInt8]) throws -> [(ours: Cost, theirs: Cost)] {
        try NodeClients.withFile(document) { file in
            try (0..<NodeFanout.runs).map { turn in
                if turn % 2 == 0 {
                    let ours = try ours(file)
                    return (ours, try theirs())
                }
                let theirs = try theirs()
                return (try ours(file), theirs)
            }
        }
    }

    private func ours(_ file: String) throws -> Cost {
        let server = try NodeServer(isSealed: isSealed)
        defer { server.end() }
        return try cost(server.port, server.pid, deliveries, [server.signer, file])
    }

    private func theirs() throws -> Cost {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bench-peer-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var options = peer.options
        if isSealed {
            let pair = try NodeServer.certificate(in: folder)
            options += [pair.certificate, pair.key]
        }
        let port = ports.next()
        let server = try TransportChild(cpu: 0, peer.command + [port] + options)
        defer { server.end() }
        _ = try server.line()
        return try cost(
            port, String(server.pid), theirDeliveries ?? deliveries,
            ["peer", peer.isGiven ? "1" : "0"])
    }

    private func cost(
        _ port: String, _ pid: String, _ deliveries: Int, _ rest: [String]
    ) throws -> Cost {
        let rounds = String(deliveries / connections)
        let words = ["fanout", port, pid, String(connections), rounds] + rest
        let numbers = try NodeClients.run(words + (isSealed ? ["tls"] : []))
        guard numbers.count == 3 else { throw TransportFault.unreadable("\(numbers)") }
        return Cost(nanoseconds: numbers[0], bytes: numbers[2])
    }
}

/// The seeds' own stack, which sends the whole document for each change: processor time and bytes.
/// As such applications are written it makes the text for each connection anew; `once` is its own
/// best, which makes it once a change.
final class NodeFastAPI {
    private let ports: TransportPorts
    private let document: [UInt8]
    private var known: [String: [(ours: NodeFanout.Cost, theirs: NodeFanout.Cost)]] = [:]

    init(ports: TransportPorts, document: [UInt8]) {
        self.ports = ports
        self.document = document
    }

    var measurements: [Measurement] {
        [
            Measurement(name: "node.fanout.fastapi.cpu") { [self] in
                try row("node.fanout.fastapi.cpu", "each", "ns") { $0.nanoseconds }
            },
            Measurement(name: "node.fanout.fastapi.bytes") { [self] in
                try row("node.fanout.fastapi.bytes", "each", "bytes") { $0.bytes }
            },
            Measurement(name: "node.fanout.fastapi.once") { [self] in
                try row("node.fanout.fastapi.once", "once", "ns") { $0.nanoseconds }
            },
        ]
    }

    private func row(
        _ name: String, _ way: String, _ unit: String, _ what: (NodeFanout.Cost) -> Double
    ) throws -> Row {
        let runs = try known[way] ?? measure(way)
        known[way] = runs
        return Row(
            name: name, values: runs.map { what($0.ours) }, unit: unit,
            peer: "FastAPI, encoding \(way)",
            ratio: median(runs.map { what($0.theirs) / what($0.ours) }))
    }

    private func measure(
        _ way: String
    ) throws -> [(ours: NodeFanout.Cost, theirs: NodeFanout.Cost)] {
        let peer = NodeFanout.Peer(
            label: "FastAPI", command: [NodeFanout.Peer.python, "Bench/Node/fastapi_peer.py"],
            options: ["Bench/Fixture/metrics.json", way], isGiven: false)
        let contest = NodeFanout(
            ports: ports, name: "node.fanout.fastapi", connections: 500, peer: peer,
            theirDeliveries: 50_000)
        return try contest.costs(document)
    }
}
