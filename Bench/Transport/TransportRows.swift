import Foundation
import Transport

func transportMeasurements(_ fixture: Fixture) -> [Measurement] {
    let ports = TransportPorts()
    func fanout(
        _ name: String, ours: String, _ connections: Int, window: Int = 1,
        against peer: TransportFanout.Peer
    ) -> Measurement {
        TransportFanout(
            ports: ports, name: "transport." + name, ours: ours, connections: connections,
            window: window, peer: peer
        ).measurement
    }
    let bareRing = TransportFanout.Peer(label: "C, io_uring", command: ["transport-peer", "uring"])
    let bareSend = TransportFanout.Peer(label: "C, send()", command: ["transport-peer", "send"])
    let epoll = TransportFanout.Peer(label: "epoll", command: ["transport-server", "epoll"])
    let socketify = TransportFanout.socketify
    return [
        fanout("fanout.limit.500", ours: "io_uring", 500, against: bareRing),
        fanout("fanout.limit.5000", ours: "io_uring", 5000, against: bareRing),
        fanout("fanout.epoll.500", ours: "epoll", 500, against: bareSend),
        fanout("fanout.epoll.5000", ours: "epoll", 5000, against: bareSend),
        fanout("fanout.socketify.w1", ours: "auto", 500, against: socketify),
        fanout("fanout.socketify.w16", ours: "auto", 500, window: 16, against: socketify),
        fanout("kernel", ours: "io_uring", 500, against: epoll),
        TransportHTTP(ports: ports).measurement,
        TransportHandshakes(ports: ports).measurement,
        TransportMemory(ports: ports, name: "transport.memory.idle", tls: false).measurement,
        TransportMemory(ports: ports, name: "transport.memory.tls", tls: true).measurement,
        unmask.measurement,
    ] + deflateMeasurements(fixture)
}

/// Processor time of the server for each frame of 120 bytes that it sends (rule 33).
struct TransportFanout {
    struct Peer {
        var label: String
        var command: [String]
    }

    /// uWebSockets as Python's socketify wraps it: the publishing is uWebSockets' own. Installed by
    /// `tools/deps.sh bench`.
    static var socketify: Peer {
        Peer(
            label: "socketify",
            command: [".build/bench/venv/bin/python", "Bench/Transport/socketify_peer.py"])
    }

    var ports: TransportPorts
    var name: String
    var ours: String
    var connections: Int
    var window = 1
    var peer: Peer
    static let runs = 5
    static let deliveries = 200_000

    var measurement: Measurement { Measurement(name: name, run: run) }

    private func run() throws -> Row {
        let command = peer.command
        var values: [Double] = []
        var ratios: [Double] = []
        for turn in 0..<TransportFanout.runs {
            let server = ["transport-server", ours]
            // Who goes first changes with every turn.
            let first = try cost(turn % 2 == 0 ? server : command)
            let second = try cost(turn % 2 == 0 ? command : server)
            let (our, their) = turn % 2 == 0 ? (first, second) : (second, first)
            values.append(our)
            ratios.append(their / our)
        }
        return Row(name: name, values: values, unit: "ns", peer: peer.label, ratio: median(ratios))
    }

    private func cost(_ command: [String]) throws -> Double {
        let port = ports.next()
        let server = try TransportChild(cpu: 0, command + [port])
        defer { server.end() }
        _ = try server.line()
        let rounds = TransportFanout.deliveries / connections
        let load = try TransportChild(
            cpu: 1,
            [
                "transport-load", port, String(server.pid), String(connections), String(rounds),
                String(window), "122",
            ])
        defer { load.end() }
        let line = try load.line()
        guard let cost = line.split(separator: " ").first.flatMap({ Double($0) }) else {
            throw TransportFault.unreadable(line)
        }
        return cost
    }
}

/// What one more silent WebSocket costs the server (rule 34).
struct TransportMemory {
    var ports: TransportPorts
    var name: String
    var tls: Bool

    var measurement: Measurement {
        Measurement(name: name) {
            let few = try resident(1_000)
            let many = try resident(10_000)
            return Row(name: name, values: [(many - few) / 9_000], unit: "bytes")
        }
    }

    /// Resident bytes of a server with so many, thirty seconds after the last opened.
    private func resident(_ count: Int) throws -> Double {
        let port = ports.next()
        let words = tls ? ["tls"] : []
        let server = try TransportChild(cpu: 0, ["transport-server", "auto", port] + words)
        defer { server.end() }
        _ = try server.line()
        let clients = try TransportChild(
            cpu: 1, ["transport-server", "idle", port, String(count)] + words)
        defer { clients.end() }
        let line = try clients.line()
        guard line == "open" else { throw TransportFault.unreadable(line) }
        Thread.sleep(forTimeInterval: 30)
        return server.residentBytes
    }
}

/// Unmasking a 16 KiB payload, against one byte after another.
private var unmask: Contest {
    let payload = [UInt8](repeating: 0x5a, count: 16 * 1024)
    var ours = payload
    var theirs = payload
    let key: [4 of UInt8] = [0x12, 0x34, 0x56, 0x78]
    return Contest(
        name: "transport.unmask", peer: "byte loop",
        ours: {
            var span = ours.mutableSpan
            Masking.apply(0x1234_5678, phase: 0, to: &span, in: 0..<span.count)
        },
        theirs: {
            var span = theirs.mutableSpan
            for i in 0..<span.count { span[i] ^= key[i & 3] }
        })
}
