import Foundation
import Testing

/// The JavaScript client and the demonstration's page, each tested in its own language against the
/// node that was built.
@Suite("JavaScript", .serialized) struct PageTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let node = "/usr/bin/node"
    private static let browser =
        ProcessInfo.processInfo.environment["CHROMIUM"] ?? "/usr/bin/chromium"

    private static func isThere(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: path)
    }

    @Test(
        "The client passes the vectors, keeps the rules, and lives with a node through cuts",
        .enabled(if: isThere(node), "nodejs is not installed; tools/deps.sh installs it"))
    func client() throws {
        let folder = PageTests.root.appending(path: "clients/js/test")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".test.js") }.sorted()
        #expect(files.count == 10)
        try run(files.map { folder.appending(path: $0).path })
    }

    @Test(
        "The page in Chromium: live, edited by two, cut, in light and dark, narrow, read aloud",
        .enabled(
            if: isThere(node) && isThere(browser),
            "needs nodejs and chromium: apt-get install nodejs chromium"))
    func page() throws {
        try run([PageTests.root.appending(path: "Tests/PageTests/page.mjs").path])
    }

    private func run(_ files: [String]) throws {
        let built = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let tests = Process()
        let output = Pipe()
        tests.executableURL = URL(filePath: PageTests.node)
        tests.arguments = ["--test"] + files
        tests.environment = ProcessInfo.processInfo.environment.merging(
            [
                "FIELDCAST_NODE": built.appending(path: "fieldcast-node").path,
                "CHROMIUM": PageTests.browser,
            ], uniquingKeysWith: { $1 })
        tests.standardOutput = output
        tests.standardError = output
        try tests.run()
        let said = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        tests.waitUntilExit()
        #expect(tests.terminationStatus == 0, "\(said)")
        // One that ran nothing has not passed.
        #expect(said.contains("# pass") && !said.contains("# pass 0"), "\(said)")
    }
}
