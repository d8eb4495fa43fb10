import Foundation
import Testing

@testable import Transport

/// fieldcast-echo, as it was built with the tests.
func echoProgram() throws -> URL {
    let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let found = [folder, URL(filePath: ".build/debug")]
        .map { $0.appending(path: "fieldcast-echo") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path()) }
    return try #require(found)
}

/// A server in a process of its own, so that its descriptors and memory are its own.
final class EchoServer {
    /// tools/sanitize.sh says so.
    static let isSanitized =
        ProcessInfo.processInfo.environment["FIELDCAST_SANITIZED"] != nil

    let process = Foundation.Process()
    let address: SocketAddress

    convenience init(_ options: String...) throws { try self.init(options, descriptors: nil) }

    /// With at most so many descriptors, where that is said.
    init(_ options: [String], descriptors: Int?) throws {
        let words = try [echoProgram().path(), "serve", "--port", "0"] + options
        process.executableURL = URL(filePath: "/bin/sh")
        let limit = descriptors.map { "ulimit -n \($0) && " } ?? ""
        process.arguments = ["-c", limit + "exec \"$0\" \"$@\""] + words
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var line = ""
        while !line.hasSuffix("\n") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            line += String(decoding: more, as: UTF8.self)
        }
        let port = line.split(separator: " ").first { $0.contains(":") }?.split(separator: ":").last
        address = .loopback(port: try #require(port.flatMap { UInt16($0) }))
    }

    /// The test runner's threads block the gentler signals, and children inherit that.
    func end() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var isRunning: Bool { process.isRunning }

    var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(
            atPath: "/proc/\(process.processIdentifier)/fd"))?.count ?? -1
    }

    var residentKilobytes: Int {
        let status = try? String(
            contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmRSS") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? -1
    }
}
