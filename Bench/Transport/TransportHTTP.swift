import Foundation

/// Small GETs on kept connections by `wrk`, ours and nginx's answers of the same size: processor
/// time of the server for each (rule 33).
///
/// Rules the peer keeps (rule 36): one worker, no access log, `return 200` from its configuration,
/// which is nginx's cheapest answer; connections are never closed for their number of requests.
struct TransportHTTP {
    var ports: TransportPorts
    static let runs = 5
    static let seconds = 2

    var measurement: Measurement { Measurement(name: "transport.http.nginx", run: run) }

    private func run() throws -> Row {
        var values: [Double] = []
        var ratios: [Double] = []
        for turn in 0..<Self.runs {
            // Who goes first changes with every turn.
            let first = try cost(ofOurs: turn % 2 == 0)
            let second = try cost(ofOurs: turn % 2 != 0)
            let (our, their) = turn % 2 == 0 ? (first, second) : (second, first)
            guard our.answer == their.answer else {
                throw TransportFault.unreadable(
                    "answers of \(our.answer) and \(their.answer) bytes")
            }
            values.append(our.nanoseconds)
            ratios.append(their.nanoseconds / our.nanoseconds)
        }
        return Row(
            name: measurement.name, values: values, unit: "ns", peer: "nginx",
            ratio: median(ratios))
    }

    private func cost(ofOurs isOurs: Bool) throws -> (nanoseconds: Double, answer: Int) {
        let port = ports.next()
        let folder = FileManager.default.temporaryDirectory.appending(path: "bench-nginx-\(port)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let server: TransportChild
        if isOurs {
            server = try TransportChild(cpu: 0, ["transport-server", "auto", port])
            _ = try server.line()
        } else {
            server = try TransportChild(cpu: 0, try Self.nginx(port: port, folder))
        }
        defer { server.end() }
        let answer = try Self.answerBytes(port: port)
        let before = server.processorNanoseconds
        let load = try TransportChild(
            cpu: 1,
            [
                "/usr/bin/wrk", "-t1", "-c64", "-d\(Self.seconds)s", "http://127.0.0.1:\(port)/",
            ])
        defer { load.end() }
        // "  181264 requests in 2.00s, 25.93MB read"
        var line = ""
        while !line.contains("requests in") { line = try load.line() }
        let after = server.processorNanoseconds
        guard let requests = line.split(separator: " ").first.flatMap({ Double($0) }) else {
            throw TransportFault.unreadable(line)
        }
        return ((after - before) / requests, answer)
    }

    private static func nginx(port: String, _ folder: URL) throws -> [String] {
        let program = "/usr/sbin/nginx"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw TransportFault.absent("nginx")
        }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings = """
            daemon off; master_process off; worker_processes 1; error_log stderr crit;
            pid \(folder.path())/pid;
            events { worker_connections 1024; }
            http {
                access_log off; server_tokens off; keepalive_requests 100000000; tcp_nodelay on;
                default_type text/plain;
                client_body_temp_path \(folder.path())/1; proxy_temp_path \(folder.path())/2;
                fastcgi_temp_path \(folder.path())/3; uwsgi_temp_path \(folder.path())/4;
                scgi_temp_path \(folder.path())/5;
                server { listen 127.0.0.1:\(port); location / { return 200 "hello, world\\n"; } }
            }
            """
        let file = folder.appending(path: "nginx.conf")
        try Data(settings.utf8).write(to: file)
        return [program, "-e", "stderr", "-c", file.path()]
    }

    /// How long the whole answer is, asked for by curl once the server listens.
    private static func answerBytes(port: String) throws -> Int {
        let asks = Process()
        asks.executableURL = URL(filePath: "/usr/bin/curl")
        asks.arguments = [
            "-si", "--retry", "20", "--retry-delay", "0", "--retry-connrefused",
            "http://127.0.0.1:\(port)/",
        ]
        let output = Pipe()
        asks.standardOutput = output
        try asks.run()
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        asks.waitUntilExit()
        guard asks.terminationStatus == 0 else { throw TransportFault.unreadable("no answer") }
        return answer.count
    }
}
