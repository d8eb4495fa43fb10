import Foundation

/// The node as an operator meets it: coming back after a crash, and asked for its metrics.
func operatorMeasurements() -> [Measurement] {
    let scrape = Scrape()
    return [
        Measurement(name: "service.start", run: startedAgain),
        Measurement(name: "service.metrics.answer") {
            Row(
                name: "service.metrics.answer", values: try scrape.result().map(\.answer),
                unit: "ms")
        },
        Measurement(name: "service.metrics.stall") {
            let runs = try scrape.result()
            return Row(
                name: "service.metrics.stall", values: runs.map(\.stall), unit: "ms",
                peer: "the longest wait without it, \(short(median(runs.map(\.without)))) ms")
        },
    ]
}

private func short(_ number: Double) -> String { String(format: "%.2f", number) }

/// Seconds from the start of a node whose predecessor was killed until any of its 10,000 stored
/// topics of sixty fields comes, right, within 50 ms. The clients knock from before the start.
private func startedAgain() throws -> Row {
    let topics = 10_000
    let room = try ServiceRoom("[[topics]]\npattern = \"**\"\ndurable = true\n")
    defer { room.remove() }
    var node = try room.start(port: "0")
    let token = try room.token()
    let fill = try TransportChild(
        cpu: 1, ["service-load", "fill", node.port, token, "\(topics)", room.fixture])
    guard try fill.line() == "filled" else { throw TransportFault.ended }
    fill.end()
    var seconds: [Double] = []
    for _ in 0..<7 {
        node.child.end()
        let first = try TransportChild(
            cpu: 1, ["service-load", "first", node.port, token, "\(topics)", room.fixture])
        defer { first.end() }
        guard try first.line() == "ready" else { throw TransportFault.ended }
        let begun = DispatchTime.now().uptimeNanoseconds
        node = try room.start(port: node.port)
        let line = try first.line()
        guard let moment = UInt64(line) else { throw TransportFault.unreadable(line) }
        seconds.append(Double(moment - begun) / 1e9)
    }
    node.child.end()
    return Row(name: "service.start", values: seconds, unit: "s")
}

/// One crowd for both rows: 10,000 connections watch 1,000 topics while metrics are asked for.
private final class Scrape {
    struct Run {
        var answer: Double
        var stall: Double
        var without: Double
    }

    private static let runs = 25
    private var known: [Run] = []

    func result() throws -> [Run] {
        if !known.isEmpty { return known }
        let room = try ServiceRoom("")
        defer { room.remove() }
        let node = try room.start(port: "0")
        defer { node.child.end() }
        let operators = try node.child.line()
        guard let port = operators.split(separator: ":").last else {
            throw TransportFault.unreadable(operators)
        }
        let token = try room.token()
        let fill = try TransportChild(
            cpu: 1, ["service-load", "fill", node.port, token, "1000", room.fixture])
        guard try fill.line() == "filled" else { throw TransportFault.ended }
        fill.end()
        let crowd = try TransportChild(
            cpu: 1,
            [
                "service-load", "crowd", node.port, token, "1000", room.fixture, "10000",
                String(port), String(Scrape.runs),
            ])
        defer { crowd.end() }
        for _ in 0..<Scrape.runs {
            let numbers = try crowd.line().split(separator: " ").compactMap { Double($0) }
            guard numbers.count == 3 else { throw TransportFault.ended }
            known.append(Run(answer: numbers[0], stall: numbers[1], without: numbers[2]))
        }
        return known
    }
}

/// A folder with a configuration, a secret and a store, and the nodes that use it.
private struct ServiceRoom {
    let folder: URL
    var fixture: String { "Bench/Fixture/metrics.json" }
    private var file: String { folder.appending(path: "node.toml").path }

    init(_ more: String) throws {
        folder = URL(filePath: ".build/bench/service-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let secret = folder.appending(path: "secret").path
        try Data((0..<48).map { _ in UInt8.random(in: 33...126) }).write(to: URL(filePath: secret))
        let text = """
            [access]
            keys = ["\(secret)"]
            [admin]
            address = "127.0.0.1:0"
            [limits]
            connections_per_user = "unlimited"
            messages_per_second = "unlimited"
            [store]
            file = "\(folder.appending(path: "node.store").path)"
            \(more)
            """
        try Data(text.utf8).write(to: URL(filePath: file))
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// A node that listens, and where.
    func start(port: String) throws -> (child: TransportChild, port: String) {
        let child = try TransportChild(
            cpu: 0, ["fieldcast-node", "--config", file, "--listen", "127.0.0.1:\(port)"])
        let greeting = try child.line()
        guard let port = greeting.split(separator: ":").last else {
            throw TransportFault.unreadable(greeting)
        }
        return (child, String(port))
    }

    func token() throws -> String {
        let mint = try TransportChild(
            cpu: 1,
            [
                "fieldcast-node", "token", "--secret-file",
                folder.appending(path: "secret").path, "--write", "**", "--read", "**",
            ])
        defer { mint.end() }
        return try mint.line()
    }
}
