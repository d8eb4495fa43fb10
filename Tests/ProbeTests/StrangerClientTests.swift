import Foundation
import Testing
import Transport
import Wire

@testable import Probe

/// The clients that were written from the specification, judged by the server with bad manners.
/// `WHOLE=1` plays every scenario, which takes some minutes; otherwise what matters most is played.
@Suite("Clients of other languages", .serialized) struct StrangerClientTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let nodePath = "/usr/bin/node"
    /// Made by tools/spec.sh, with the packages that the Python client stands on.
    private static let pythonPath =
        root.appending(path: ".build/python-packages/bin/python").path
    private static let only: Set<String> =
        ProcessInfo.processInfo.environment["WHOLE"] == nil ? ["S8", "D15", "D17"] : []

    private static func isThere(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: path)
    }

    /// Watches the topic for as long as it lives.
    private static let javaScriptText = """
        import { connect } from "ROOT/clients/js/fieldcast.js";
        import { WebSocket } from "ROOT/clients/js/test/websocket.mjs";
        const [address, token, topic] = process.argv.slice(1);
        connect(address, { token, WebSocket }).watch(topic, { hash: true });
        """

    private static let pythonText = """
        import asyncio, sys
        sys.path.insert(0, "ROOT/clients/python")
        from fieldcast import Client
        async def main():
            async with Client(*sys.argv[1:3]) as client:
                async for document in client.subscribe(sys.argv[3], hash=True):
                    pass
        asyncio.run(main())
        """

    private func judge(_ words: [String], scheme: String, path: String) throws -> CheckReport {
        var settings = ClientCheck.Settings()
        settings.arrival = .seconds(90)
        settings.patience = .seconds(10)
        // They take a short connection for a try that failed, and wait longer each time.
        settings.linger = .seconds(6)
        let asked = settings
        let made = try Latch<SocketAddress?>()
        let told = try Latch<CheckReport?>()
        let thread = try LoopThread {
            guard let check = try? ClientCheck(asked) else {
                made.open(with: nil)
                return told.open(with: nil)
            }
            made.open(with: check.address)
            told.open(with: check.run(only: StrangerClientTests.only))
        }
        let address = try #require(made.wait())
        let client = Foundation.Process()
        client.executableURL = URL(filePath: words[0])
        client.arguments =
            words.dropFirst().map {
                $0.replacingOccurrences(of: "ROOT", with: StrangerClientTests.root.path)
            } + ["\(scheme)://\(address)\(path)", "check-client-token", "check/topic"]
        client.standardOutput = FileHandle.nullDevice
        client.standardError = FileHandle.nullDevice
        try client.run()
        let report = told.wait()
        thread.join()
        kill(client.processIdentifier, SIGKILL)
        client.waitUntilExit()
        return try #require(report)
    }

    private func expectNoFailure(_ report: CheckReport) {
        #expect(report.rows.filter { $0.verdict.isFailure } == [], "\(report.text)")
        #expect(report.sessions.count >= 5 && report.outcome == .held)
    }

    @Test(
        "The JavaScript client keeps every rule that is tried",
        .enabled(if: isThere(nodePath), "nodejs is not installed; tools/deps.sh installs it"))
    func javaScript() throws {
        expectNoFailure(
            try judge(
                [Self.nodePath, "--input-type=module", "-e", Self.javaScriptText], scheme: "http",
                path: ""))
    }

    @Test(
        "The Python client keeps every rule that is tried",
        .enabled(if: isThere(pythonPath), "its packages are not there; tools/spec.sh installs them")
    )
    func python() throws {
        expectNoFailure(
            try judge(
                [Self.pythonPath, "-B", "-c", Self.pythonText], scheme: "ws", path: Target.usualPath
            ))
    }
}
