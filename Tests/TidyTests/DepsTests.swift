import Foundation
import Testing

/// tools/deps.sh on machines that lack something, with stand-ins for the commands it asks.
@Suite("tools/deps.sh") final class DepsTests {
    /// A folder of commands that is searched first.
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "deps-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try command("swiftc", "echo 'Swift version 6.3.1 (swift-6.3.1-RELEASE)'")
        try command("id", "echo 0")
        try command("sudo", #"echo "sudo $*" >> "$FOLDER/log"; exec "$@""#)
        // Everything is there but what the test puts into `lacking`; apt-get takes it out again.
        try command(
            "dpkg-query",
            """
            shift 2
            for name; do
                grep -qsx "$name" "$FOLDER/lacking" || echo "$name installed"
            done
            """)
        try command(
            "apt-get",
            """
            echo "apt-get $*" >> "$FOLDER/log"
            for name; do
                if grep -qsx "$name" "$FOLDER/nowhere"; then echo "E: no $name"; exit 100; fi
            done
            for name; do sed -i "/^$name\\$/d" "$FOLDER/lacking"; done
            """)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func command(_ name: String, _ script: String) throws {
        let file = folder.appending(path: name)
        try Data("#!/bin/bash\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    private func lines(_ name: String, _ lines: [String]) throws {
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: folder.appending(path: name))
    }

    private func log() -> [String] {
        let text = try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").map(String.init)
    }

    /// How it ended, and what it said.
    private func run() throws -> (status: Int32, said: String) {
        let script = Process()
        let output = Pipe()
        script.executableURL = URL(filePath: "/bin/bash")
        script.arguments = [Tree.root.appending(path: "tools/deps.sh").path]
        script.environment = ["PATH": folder.path + ":/usr/bin:/bin", "FOLDER": folder.path]
        script.standardOutput = output
        script.standardError = output
        try script.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        script.waitUntilExit()
        return (script.terminationStatus, String(decoding: said, as: UTF8.self))
    }

    @Test("With everything there it says and installs nothing") func complete() throws {
        let (status, said) = try run()
        #expect(status == 0)
        #expect(said == "")
        #expect(log() == [])
    }

    @Test("What is missing is installed, and only that") func installs() throws {
        try lines("lacking", ["libssl-dev", "liburing-dev"])
        #expect(try run().status == 0)
        #expect(log().count == 2)
        #expect(log().last?.hasSuffix("--no-install-recommends libssl-dev liburing-dev") == true)
    }

    @Test("Who is not root installs through sudo") func throughSudo() throws {
        try command("id", "echo 1000")
        try lines("lacking", ["libssl-dev"])
        #expect(try run().status == 0)
        #expect(log().filter { $0.hasPrefix("sudo ") }.count == 2)
    }

    @Test("What cannot be installed is named, with what to do, and the rest is installed")
    func names() throws {
        try lines("lacking", ["libjansson-dev", "liburing-dev"])
        try lines("nowhere", ["liburing-dev"])
        let (status, said) = try run()
        #expect(status == 1)
        #expect(said.contains("liburing-dev the io_uring event loop"))
        #expect(said.contains("run tools/deps.sh again"))
        #expect(!said.contains("libjansson-dev  benchmarks"))
    }

    @Test("A compiler too old, or none, is said before anything is installed")
    func compiler() throws {
        try command("swiftc", "echo 'Swift version 6.2.4 (swift-6.2.4-RELEASE)'")
        try lines("lacking", ["libssl-dev"])
        let (status, said) = try run()
        #expect(status == 1)
        #expect(said.contains("6.2.4") && said.contains("https://www.swift.org/install"))
        #expect(log() == [])
    }
}
