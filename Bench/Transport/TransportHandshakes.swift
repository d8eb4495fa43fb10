/// New WebSockets for each second of the server's processor (rule 33), from accept to close.
struct TransportHandshakes {
    var ports: TransportPorts
    static let runs = 5
    static let count = 10_000

    var measurement: Measurement { Measurement(name: "transport.handshakes", run: run) }

    private func run() throws -> Row {
        let peer = TransportFanout.socketify
        var values: [Double] = []
        var ratios: [Double] = []
        for turn in 0..<Self.runs {
            // Who goes first changes with every turn.
            let server = ["transport-server", "auto"]
            let first = try rate(turn % 2 == 0 ? server : peer.command)
            let second = try rate(turn % 2 == 0 ? peer.command : server)
            let (our, their) = turn % 2 == 0 ? (first, second) : (second, first)
            values.append(our)
            ratios.append(our / their)
        }
        return Row(
            name: measurement.name, values: values, unit: "/s", peer: peer.label,
            ratio: median(ratios))
    }

    private func rate(_ command: [String]) throws -> Double {
        let port = ports.next()
        let server = try TransportChild(cpu: 0, command + [port])
        defer { server.end() }
        _ = try server.line()
        let load = try TransportChild(
            cpu: 1, ["transport-load", "handshakes", port, String(server.pid), String(Self.count)])
        defer { load.end() }
        let line = try load.line()
        guard let nanoseconds = Double(line) else { throw TransportFault.unreadable(line) }
        return 1e9 / nanoseconds
    }
}
