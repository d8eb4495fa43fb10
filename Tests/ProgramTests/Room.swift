import Foundation

/// A folder for one test, with the files that an operator would have.
final class Room {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "room-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: url.appending(path: name))
    }

    /// A secret that nobody else has.
    func writeSecret(_ name: String) throws {
        try Data((0..<48).map { _ in UInt8.random(in: 97...122) }).write(
            to: url.appending(path: name))
    }

    /// A certificate for a name, and its key.
    func writeCertificate(_ name: String) throws {
        let said = try RunningProgram.said(
            by: "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", path("key.pem"), "-out", path("chain.pem"), "-days", "2", "-subj",
                "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1",
            ])
        guard said.code == 0 else { throw RunningProgram.Ended(said: said.text) }
    }

    func token(_ secret: String, _ words: [String] = []) throws -> String {
        let said = try RunningProgram.said(
            by: "fieldcast-node", ["token", "--secret-file", path(secret), "--read", "**"] + words)
        guard said.code == 0 else { throw RunningProgram.Ended(said: said.text) }
        return said.text.trimmingCharacters(in: .newlines)
    }

    /// The status that a node answers to somebody who reads a topic.
    func status(_ address: String, token: String) throws -> String {
        try RunningProgram.said(
            by: "/usr/bin/curl",
            [
                "-s", "-o", path("body"), "-w", "%{http_code}", "--max-time", "20", "-H",
                "Authorization: Bearer \(token)", "http://\(address)/v1/documents/a",
            ]
        ).text
    }

    /// The name on the certificate that is shown at an address.
    func certificateName(_ address: String) throws -> String {
        let said = try RunningProgram.said(
            by: "/bin/sh",
            ["-c", "openssl s_client -connect \(address) </dev/null 2>/dev/null | grep subject="])
        return said.text.trimmingCharacters(in: .newlines)
    }
}

/// A node that serves, and what it said about itself.
final class ServingNode {
    let program: RunningProgram
    /// By the names of listeners.
    private(set) var addresses: [String: String] = [:]

    init(_ words: [String], environment: [String: String] = [:], in room: Room? = nil) throws {
        program = try RunningProgram(
            "fieldcast-node", words, environment: environment, in: room?.url)
        for line in try program.lines(until: { $0.contains("ready: clients may come") }) {
            let parts = line.split(separator: " ")
            guard line.contains("listening: "),
                let name = parts.first(where: { $0.hasPrefix("listener=") }),
                let address = parts.first(where: { $0.hasPrefix("address=") })
            else { continue }
            addresses[String(name.dropFirst(9))] = String(address.dropFirst(8))
        }
    }

    func address(_ name: String = "web") -> String { addresses[name] ?? "nowhere" }

    deinit { if program.isRunning { program.end() } }
}
