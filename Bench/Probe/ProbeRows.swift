import Foundation

/// The load tool's own costs, against a real node (rule 33: the probe is what is measured here, so
/// it has processor 1 to itself and the node has processor 0).
func probeMeasurements() -> [Measurement] {
    [
        ProbeReceipts(
            name: "probe.receipt.limit", peer: "C, epoll", connections: 500, rate: 100,
            encoding: "msgpack", skip: 25_000, diffs: 100_000,
            command: ["probe-peer"]
        ).measurement,
        ProbeReceipts(
            name: "probe.receipt.python", peer: "websockets", connections: 50, rate: 20,
            encoding: "json", skip: 1_000, diffs: 3_000,
            command: ["/usr/bin/python3", "Bench/Probe/probe_peer.py"]
        ).measurement,
        ProbeMemory(name: "probe.memory").measurement,
        ProbePrecision(name: "probe.precision").measurement,
    ]
}

/// A node for one measurement, and tokens for it.
struct ProbeNode {
    let server: TransportChild
    let port: String
    let secret: String
    private let folder: URL

    init() throws {
        folder = URL(filePath: ".build/bench/probe-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        secret = folder.appending(path: "secret").path
        try Data((0..<48).map { _ in UInt8.random(in: 33...126) }).write(
            to: URL(filePath: secret))
        server = try TransportChild(
            cpu: 0, ["fieldcast-node", "--secret-file", secret, "--listen", "127.0.0.1:0"])
        let greeting = try server.line()
        guard let port = greeting.split(separator: ":").last.map(String.init) else {
            throw TransportFault.unreadable(greeting)
        }
        self.port = port
    }

    func end() {
        server.end()
        try? FileManager.default.removeItem(at: folder)
    }

    func file(_ name: String) -> String { folder.appending(path: name).path }

    var token: String {
        get throws {
            let child = try TransportChild(
                cpu: 1, ["fieldcast-probe", "token", "bench", "--secret-file", secret])
            defer { child.end() }
            return try child.line()
        }
    }

    /// Begins a load run; its result will be in `file(result)`.
    func load(cpu: Int, _ words: [String], result: String) throws -> TransportChild {
        try TransportChild(
            cpu: cpu,
            [
                "fieldcast-probe", "load", "ws://127.0.0.1:\(port)", "--secret-file", secret,
                "--quiet", "--result", file(result),
            ] + words)
    }

    /// What a run found, once it is over; nothing that the audit found may be hidden by a figure.
    func result(_ run: TransportChild, _ name: String) throws -> [String: Any] {
        run.toTheEnd()
        let data = try Data(contentsOf: URL(filePath: file(name)))
        guard let map = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            let failures = map["failures"] as? [String]
        else { throw TransportFault.unreadable(name) }
        guard failures.isEmpty else {
            throw TransportFault.unreadable(failures.joined(separator: ", "))
        }
        return map
    }
}

/// Processor time for each audited receipt: from the socket to the client's mirror, with its hash
/// proven, its version accounted for and its latency recorded. The peer reads the same frames of
/// the same node at the same rate; another run of the probe publishes for it.
struct ProbeReceipts {
    var name: String
    var peer: String
    var connections: Int
    var rate: Int
    var encoding: String
    /// Of the peer: diffs before it measures, and diffs that it measures.
    var skip: Int
    var diffs: Int
    var command: [String]
    static let runs = 5

    var measurement: Measurement { Measurement(name: name, run: run) }

    private func run() throws -> Row {
        var values: [Double] = []
        var ratios: [Double] = []
        for turn in 0..<ProbeReceipts.runs {
            // Who goes first changes with every turn.
            let before = turn % 2 == 0 ? 0 : try theirs()
            let our = try ours()
            let their = turn % 2 == 0 ? try theirs() : before
            values.append(our)
            ratios.append(their / our)
        }
        return Row(name: name, values: values, unit: "ns", peer: peer, ratio: median(ratios))
    }

    private var json: String { encoding == "json" ? "100%" : "0%" }

    private func ours() throws -> Double {
        let node = try ProbeNode()
        defer { node.end() }
        let run = try node.load(
            cpu: 1,
            [
                "--connections", String(connections), "--rate", String(rate), "--for", "4s",
                "--json", json, "--second", "0",
            ], result: "ours.json")
        let found = try node.result(run, "ours.json")
        guard let busy = found["probeBusy"] as? Double, let time = found["measured"] as? Double,
            let receipts = found["receipts"] as? Double, receipts > 0
        else { throw TransportFault.unreadable("ours.json") }
        return busy * time * 1e6 / receipts
    }

    private func theirs() throws -> Double {
        let node = try ProbeNode()
        defer { node.end() }
        let token = try node.token
        if encoding == "msgpack" {
            return try cost(
                command + [node.port, String(connections), String(rate), String(skip)]
                    + [String(diffs)] + ProbeFlight.words(token: token, topic: "bench"))
        }
        let publisher = try node.load(
            cpu: 0,
            [
                "--connections", "1", "--rate", String(rate), "--for", "60s", "--json", "100%",
                "--topic", "bench",
            ], result: "publisher.json")
        defer { publisher.end() }
        return try cost(
            command + [node.port, String(connections), String(skip), String(diffs), token]
                + ["bench"])
    }

    private func cost(_ words: [String]) throws -> Double {
        let reader = try TransportChild(cpu: 1, words)
        defer { reader.end() }
        let line = try reader.line()
        guard let cost = Double(line) else { throw TransportFault.unreadable(line) }
        return cost
    }
}

/// What one more virtual client costs the probe, with its mirror, its audit and its connection
/// (rule 34); half in JSON, half in MessagePack, while diffs come and proofs are asked for.
struct ProbeMemory {
    var name: String

    var measurement: Measurement {
        Measurement(name: name) {
            let few = try resident(1_000)
            let many = try resident(10_000)
            return Row(name: name, values: [(many - few) / 9_000], unit: "bytes")
        }
    }

    private func resident(_ connections: Int) throws -> Double {
        let node = try ProbeNode()
        defer { node.end() }
        let run = try node.load(
            cpu: 1,
            [
                "--connections", String(connections), "--rate", "2", "--for", "10s", "--ramp",
                "5s", "--patience", "60s",
            ], result: "memory.json")
        let found = try node.result(run, "memory.json")
        guard found["ready"] as? Int == connections,
            let usage = found["probe"] as? [String: Any],
            let bytes = usage["residentBytes"] as? Double
        else { throw TransportFault.unreadable("memory.json") }
        return bytes
    }
}

/// How far the reported p99 is from the truth, against a server that keeps 1.5 % of what it sends
/// back for 300 ms and notes, for every single receipt, how long it kept it. The truth is the
/// exact percentile of those notes; what is left of the difference is the way through the system
/// and what the probe adds.
struct ProbePrecision {
    var name: String
    static let runs = 5

    var measurement: Measurement { Measurement(name: name, run: run) }

    private func run() throws -> Row {
        var errors: [Double] = []
        var ratios: [Double] = []
        for turn in 0..<ProbePrecision.runs {
            let (reported, exact) = try compare(seed: turn + 1)
            errors.append(abs(reported - exact))
            ratios.append((0.02 * exact + 1) / abs(reported - exact))
        }
        return Row(
            name: name, values: errors, unit: "ms", peer: "exact sample", ratio: median(ratios))
    }

    private func compare(seed: Int) throws -> (reported: Double, exact: Double) {
        let file = URL(filePath: ".build/bench/precision-\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let server = try TransportChild(cpu: 0, ["probe-source", "15", "300"])
        defer { server.end() }
        let port = try server.line()
        let run = try TransportChild(
            cpu: 1,
            [
                "fieldcast-probe", "load", "ws://127.0.0.1:\(port)", "--token", "good", "--quiet",
                "--connections", "200", "--rate", "10", "--for", "6s", "--seed", String(seed),
                "--result", file.path,
            ])
        run.toTheEnd()
        guard
            let map = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
                as? [String: Any],
            let stages = map["stages"] as? [String: [String: Any]],
            let reported = stages["receipt"]?["p99"] as? Double
        else { throw TransportFault.unreadable("precision.json") }
        let line = try server.line()
        guard let exact = Double(line) else { throw TransportFault.unreadable(line) }
        return (reported, exact)
    }
}

extension TransportChild {
    /// Reads all that it prints, until it is over.
    func toTheEnd() { while (try? line()) != nil {} }
}
