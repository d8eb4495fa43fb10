import Foundation
import Testing

/// The node reloaded and ended by its operator, as a process, with clients on it.
@Suite("A node in service", .serialized) struct ReloadTests {
    private func configuration(_ room: Room, keys: [String], more: String = "") throws {
        let names = keys.map { "\"\(room.path($0))\"" }.joined(separator: ", ")
        try room.write(
            "node.toml",
            """
            [access]
            keys = [\(names)]
            [[listeners]]
            name = "web"
            address = "127.0.0.1:0"
            [[listeners]]
            name = "secure"
            address = "127.0.0.1:0"
            certificate = "\(room.path("chain.pem"))"
            private_key = "\(room.path("key.pem"))"
            [admin]
            address = "127.0.0.1:0"
            [node]
            drain_time = "2s"
            \(more)
            """)
    }

    /// Waits until so many clients are on the node, by looking at what it counts.
    private func wait(for clients: Int, _ room: Room, _ node: ServingNode) throws {
        for _ in 0..<2_000 {
            let said = try RunningProgram.said(
                by: "/usr/bin/curl",
                ["-s", "--max-time", "20", "http://\(node.address("admin"))/metrics"])
            for line in said.text.split(separator: "\n")
            where line.hasPrefix("fieldcast_connections ") {
                if Int(line.split(separator: " ")[1]) ?? 0 >= clients { return }
            }
        }
        Issue.record("not all clients came")
    }

    @Test("A reload exchanges keys and certificates under 500 clients, and drops none of them")
    func reload() throws {
        let room = try Room()
        try room.writeSecret("old")
        try room.writeSecret("new")
        try room.writeCertificate("first.test")
        try configuration(room, keys: ["old"])
        let node = try ServingNode(["--config", room.path("node.toml")])
        let old = try room.token("old", ["--seconds", "600"])
        let new = try room.token("new")
        #expect(try room.status(node.address(), token: old) == "200")
        #expect(try room.status(node.address(), token: new) == "401")
        #expect(try room.certificateName(node.address("secure")).hasSuffix("first.test"))

        // Half of them by TLS; what they trust is the certificate that is about to be exchanged.
        try FileManager.default.copyItem(
            atPath: room.path("chain.pem"), toPath: room.path("trusted.pem"))
        let probes = try [("ws", "web"), ("wss", "secure")].map { scheme, listener in
            try RunningProgram(
                "fieldcast-probe",
                [
                    "load", "\(scheme)://\(node.address(listener))", "--secret-file",
                    room.path("old"), "--authority", room.path("trusted.pem"), "--topic",
                    listener, "--connections", "250", "--for", "8s", "--rate", "20", "--views",
                    "4", "--patience", "60s", "--quiet",
                ])
        }
        defer { for probe in probes { probe.end() } }
        try wait(for: 500, room, node)

        try configuration(room, keys: ["old", "new"], more: "[log]\nlevel = \"debug\"")
        try room.writeCertificate("second.test")
        node.program.signal(SIGHUP)
        let said = try node.program.lines { $0.contains("reloaded:") || $0.contains("refused") }
        #expect(said.last?.contains("changed: access.keys, log.level") == true, "\(said)")
        #expect(try room.status(node.address(), token: old) == "200")
        #expect(try room.status(node.address(), token: new) == "200")
        #expect(try room.certificateName(node.address("secure")).hasSuffix("second.test"))

        try configuration(room, keys: ["new"])
        node.program.signal(SIGHUP)
        _ = try node.program.lines { $0.contains("reloaded:") }
        #expect(try room.status(node.address(), token: old) == "401")
        #expect(try room.status(node.address(), token: new) == "200")

        for probe in probes {
            let report = try probe.toTheEnd()
            #expect(probe.exitCode == 0 || probe.exitCode == 3, "\(report)")
            #expect(report.contains("0 diverged, 0 lost, 0 repeated, 0 out of order"), "\(report)")
            #expect(!report.contains("connections lost"), "\(report)")
        }
    }

    @Test("A reload with a mistake or with a change that needs a restart changes nothing")
    func refusedReload() throws {
        let room = try Room()
        try room.writeSecret("old")
        try room.writeSecret("new")
        try room.writeCertificate("first.test")
        try configuration(room, keys: ["old"])
        let node = try ServingNode(["--config", room.path("node.toml")])
        let new = try room.token("new")

        func refusal() throws -> [String] {
            node.program.signal(SIGHUP)
            return try node.program.lines { $0.contains("nothing was changed") }
        }
        try configuration(room, keys: ["new"], more: "loops = 2")
        #expect(try refusal().last?.contains("node.loops only counts after a restart") == true)
        try configuration(room, keys: ["new"], more: "lops = 2")
        let said = try refusal()
        #expect(said.contains { $0.contains("node.toml:15:1: node has no key lops; did you") })
        try configuration(room, keys: ["new", "absent"])
        #expect(try refusal().contains { $0.contains("node.toml:2:1: ") })
        try configuration(room, keys: ["new"])
        try room.write("key.pem", "no key")
        #expect(try refusal().contains { $0.contains("holds no PEM private key") })
        try FileManager.default.removeItem(atPath: room.path("node.toml"))
        #expect(try refusal().contains { $0.contains("node.toml: cannot be read") })
        #expect(try room.status(node.address(), token: new) == "401")
        #expect(try room.certificateName(node.address("secure")).hasSuffix("first.test"))

        try room.writeCertificate("second.test")
        try configuration(room, keys: ["new"])
        node.program.signal(SIGHUP)
        _ = try node.program.lines { $0.contains("reloaded:") }
        #expect(try room.status(node.address(), token: new) == "200")
    }

    @Test("SIGTERM under load ends the node in good order")
    func drain() throws {
        let room = try Room()
        try room.writeSecret("old")
        try room.writeCertificate("first.test")
        try configuration(room, keys: ["old"])
        let node = try ServingNode(["--config", room.path("node.toml")])
        let probe = try RunningProgram(
            "fieldcast-probe",
            [
                "load", "ws://\(node.address())", "--secret-file", room.path("old"),
                "--connections", "100", "--for", "60s", "--quiet",
            ])
        defer { probe.end() }
        try wait(for: 100, room, node)
        node.program.signal(SIGTERM)
        let said = try node.program.toTheEnd()
        #expect(said.contains("draining: nobody new is let in"), "\(said)")
        #expect(said.contains("ended: ended in good order"), "\(said)")
        #expect(node.program.exitCode == 0)
    }

    @Test("The log is JSON where that is asked for, and never has a token or a secret in it")
    func log() throws {
        let room = try Room()
        try room.writeSecret("old")
        try room.writeCertificate("first.test")
        try configuration(room, keys: ["old"])
        let token = try room.token("old")
        let node = try RunningProgram(
            "fieldcast-node", ["--config", room.path("node.toml")],
            environment: ["FIELDCAST_LOG_FORM": "json", "FIELDCAST_LOG_LEVEL": "debug"])
        defer { node.end() }
        var lines = try node.lines { $0.contains("\"ready\"") }
        node.signal(SIGTERM)
        lines += try node.toTheEnd().split(separator: "\n").map(String.init)
        let secret = try String(contentsOfFile: room.path("old"), encoding: .utf8)
        for line in lines where !line.hasPrefix("fieldcast-node") && !line.hasPrefix("operators") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            #expect((object as? [String: Any])?["event"] is String, "\(line)")
            #expect(!line.contains(secret) && !line.contains(token))
        }
        #expect(lines.contains { $0.contains("\"kernel\"") })
    }
}
