import Foundation
import Transport

/// The shipped program in a process of its own, which can be killed.
final class NodeProcess {
    private let process = Foundation.Process()
    private let output = Pipe()
    let address: SocketAddress

    /// It ended before it listened.
    struct Ended: Error {
        let said: String
    }

    /// Starts it and waits until it listens. What it says of its troubles goes to `log`.
    init(_ words: [String], log: String) throws {
        let built = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        process.executableURL = built.appending(path: "fieldcast-node")
        process.arguments = words
        process.standardOutput = output
        if !FileManager.default.fileExists(atPath: log) {
            _ = FileManager.default.createFile(atPath: log, contents: nil)
        }
        let errors = FileHandle(forWritingAtPath: log)
        errors?.seekToEndOfFile()
        process.standardError = errors ?? FileHandle.nullDevice
        try process.run()
        var said = ""
        while !said.contains("\n") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw Ended(said: said) }
            said += String(decoding: more, as: UTF8.self)
        }
        let greeting = said.split(separator: "\n")[0]
        guard let colon = greeting.lastIndex(of: ":"),
            let port = UInt16(greeting[greeting.index(after: colon)...])
        else { throw Ended(said: said) }
        address = .loopback(port: port)
    }

    /// As the system's own end of it: nothing runs after this.
    func kill() {
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// In good order; its exit code.
    func end() -> Int32 {
        _ = Foundation.kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        return process.terminationStatus
    }
}
