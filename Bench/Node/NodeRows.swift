import Foundation

func nodeMeasurements(_ fixture: Fixture) -> [Measurement] {
    let document = fixture.metrics.messagePack
    let ports = TransportPorts(after: 24_000)
    let socketify = NodeFanout.Peer.socketify
    let flood = NodeFlood()
    let latency = NodeLatency(ports: ports, document: document)
    let slow = NodeSlow()
    return [
        NodeFanout(
            ports: ports, name: "node.fanout.socketify.500", connections: 500, peer: socketify),
        NodeFanout(
            ports: ports, name: "node.fanout.socketify.5000", connections: 5_000, peer: socketify),
        NodeFanout(
            ports: ports, name: "node.fanout.tls.500", connections: 500, isSealed: true,
            peer: socketify),
    ].map { $0.measurement(document) }
        + NodeFastAPI(ports: ports, document: document).measurements
        + [flood.measurements, latency.measurements].flatMap { $0 }
        + [
            NodeIdle(name: "node.memory.idle.shared", topics: "shared").measurement,
            NodeIdle(name: "node.memory.idle.own", topics: "own").measurement,
        ] + slow.measurements
        + [
            NodeDurable(name: "node.publish.durable").measurement,
            NodeResume(name: "node.resume.hs256", signsAsymmetrically: false)
                .measurement(document),
            NodeResume(name: "node.resume.es256", signsAsymmetrically: true)
                .measurement(document),
        ]
}

/// Acknowledged durable patches a second, 64 publishers with one outstanding each on as many
/// topics, against a program that commits row by row on the same file system.
struct NodeDurable {
    var name: String
    static let runs = 5
    static let seconds = 3

    var measurement: Measurement { Measurement(name: name, run: run) }

    private func run() throws -> Row {
        var values: [Double] = []
        var ratios: [Double] = []
        for turn in 0..<NodeDurable.runs {
            // Who goes first changes with every turn.
            let before = turn % 2 == 0 ? 0 : try theirs()
            let our = try ours()
            let their = turn % 2 == 0 ? try theirs() : before
            values.append(our)
            ratios.append(our / their)
        }
        return Row(
            name: name, values: values, unit: "/s", peer: "C, a transaction a row",
            ratio: median(ratios))
    }

    /// A folder beside the results, so both write to the file system of the checkout.
    private func inFolder(_ body: (URL) throws -> Double) throws -> Double {
        let folder = URL(filePath: ".build/bench/durable-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private func ours() throws -> Double {
        try inFolder { folder in
            let server = try NodeServer(options: [
                "--store", folder.appending(path: "live.store").path,
            ])
            defer { server.end() }
            return try number(
                cpu: 1,
                [
                    "node-load", server.port, try server.token(), "64", "64",
                    String(NodeDurable.seconds),
                ])
        }
    }

    private func theirs() throws -> Double {
        try inFolder { folder in
            try number(
                cpu: 0,
                [
                    "durable-peer", folder.appending(path: "peer.db").path,
                    String(NodeDurable.seconds),
                ])
        }
    }

    private func number(cpu: Int, _ words: [String]) throws -> Double {
        let child = try TransportChild(cpu: cpu, words)
        defer { child.end() }
        let line = try child.line()
        guard let number = Double(line) else { throw TransportFault.unreadable(line) }
        return number
    }
}
