import Foundation

func nodeMeasurements() -> [Measurement] {
    [NodeDurable(name: "node.publish.durable").measurement]
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
            let secret = folder.appending(path: "secret").path
            try Data((0..<48).map { _ in UInt8.random(in: 33...126) })
                .write(to: URL(filePath: secret))
            let server = try TransportChild(
                cpu: 0,
                [
                    "fieldcast-node", "--secret-file", secret, "--listen", "127.0.0.1:0",
                    "--store", folder.appending(path: "live.store").path,
                ])
            defer { server.end() }
            let greeting = try server.line()
            guard let port = greeting.split(separator: ":").last.map(String.init) else {
                throw TransportFault.unreadable(greeting)
            }
            let mint = try TransportChild(
                cpu: 1,
                ["fieldcast-node", "token", "--secret-file", secret, "--write", "**"])
            defer { mint.end() }
            let token = try mint.line()
            return try number(
                cpu: 1, ["node-load", port, token, "64", "64", String(NodeDurable.seconds)])
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
