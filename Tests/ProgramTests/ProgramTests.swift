import Foundation
import Testing

/// The shipped programs, run as a user runs them: the node with its demonstration, and the probe
/// against it.
@Suite("The programs together", .serialized) struct ProgramTests {
    @Test("The demonstration prints an address, a token and a command that shows live diffs")
    func demonstration() throws {
        let node = try RunningProgram("fieldcast-node", ["--demo", "--listen", "127.0.0.1:0"])
        defer { node.end() }
        let welcome = try node.lines { $0.contains("Ctrl-C") }
        let command = try #require(
            welcome.joined(separator: "\n").firstMatch(
                of: /fieldcast-probe (watch [^\\]+) \\\s*(--token \S+)/))
        let words = "\(command.1) \(command.2)".split(separator: " ").map(String.init)
        let probe = try RunningProgram("fieldcast-probe", words)
        defer { probe.end() }
        // A snapshot names its fields; three diffs name what was and what is.
        var diffs = 0
        _ = try probe.lines { line in
            if line.contains("→") { diffs += 1 }
            return diffs == 3
        }
    }

    @Test("Two hundred audited clients hold what the server holds")
    func load() throws {
        let secret = FileManager.default.temporaryDirectory.appending(
            path: "secret-\(UUID().uuidString)")
        try Data((0..<48).map { _ in UInt8.random(in: 33...126) }).write(to: secret)
        defer { try? FileManager.default.removeItem(at: secret) }
        let node = try RunningProgram(
            "fieldcast-node", ["--secret-file", secret.path, "--listen", "127.0.0.1:0"])
        defer { node.end() }
        let greeting = try #require(try node.lines { $0.contains("listens at") }.last)
        let address = try #require(greeting.split(separator: " ").last)
        let probe = try RunningProgram(
            "fieldcast-probe",
            [
                "load", "ws://\(address)", "--secret-file", secret.path, "--connections", "200",
                "--for", "3s", "--rate", "50", "--views", "4", "--patience", "60s", "--quiet",
            ])
        let report = try probe.toTheEnd()
        // On a busy machine the probe may say that its times are not to be trusted (3); what it
        // counted is.
        #expect(probe.exitCode == 0 || probe.exitCode == 3, "\(report)")
        #expect(report.contains("receipts") && report.contains("p99"))
        #expect(report.contains("0 diverged, 0 lost, 0 repeated, 0 out of order"))
    }

    @Test("Wrong words are answered with what was meant, and exit code 2")
    func wrongWords() throws {
        let node = try RunningProgram("fieldcast-node", ["--dmeo"])
        let said = try node.toTheEnd()
        #expect(said.contains("did you mean --demo?"))
        #expect(node.exitCode == 2)
    }
}
