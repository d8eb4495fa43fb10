import Foundation
import Testing

@testable import Transport

/// Clients and servers of other people's making, against fieldcast-echo.
@Suite(.serialized) struct ClientTests {
    static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Clients")
    static let kernels = Ground.real.map { $0.testDescription }

    private static func works(_ words: String...) -> Bool {
        let process = Foundation.Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    static let hasCurl = works("curl", "--version") && works("/usr/bin/python3", "--version")
    static let hasWebsockets = works("/usr/bin/python3", "-c", "import websockets.legacy.client")

    /// Runs a script to its end; it says "ok" when everything held.
    private func run(_ script: String, _ words: String...) throws {
        let process = Foundation.Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        let certificate = Self.scripts.appending(
            path: "../../../Examples/fieldcast-echo/Certificate.swift"
        ).standardizedFileURL
        process.arguments =
            ["-B", Self.scripts.appending(path: script).path(), try echoProgram().path()]
            + [certificate.path()] + words
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let told = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: told, as: UTF8.self)
        #expect(process.terminationStatus == 0 && text.hasSuffix("ok\n"), "\(text)")
    }

    @Test(
        "curl: bodies by length and in chunks, kept connections, HTTP/1.0, TLS 1.2 and 1.3",
        .enabled(if: hasCurl, "there is no curl here: tools/deps.sh installs it"),
        arguments: kernels)
    func curl(kernel: String) throws { try run("curl_peer.py", kernel) }

    @Test(
        "RFC 7692: Python's websockets, both ways, with and without every parameter of deflate",
        .enabled(if: hasWebsockets, "there is no python3-websockets: tools/deps.sh installs it"),
        arguments: kernels)
    func websockets(kernel: String) throws { try run("websockets_peer.py", kernel) }

    @Test(
        "TLS 1.2 and 1.3 and no older, and the protocol that both name (RFC 7301)",
        .enabled(if: works("/usr/bin/python3", "--version"), "there is no python3 here"),
        arguments: kernels)
    func tls(kernel: String) throws { try run("tls_peer.py", kernel) }

    @Test("Where io_uring is refused, the program says so once and runs on epoll")
    func refused() throws { try run("refused_uring.py") }
}
