import Foundation

/// A program of the transport's rows, pinned to one processor.
final class TransportChild {
    private let process = Process()
    private let output = Pipe()

    /// Runs `words`; the first is a program beside the bench, or a path. What it says to standard
    /// error is heard where that is wanted.
    init(
        cpu: Int, _ words: [String], environment: [String: String] = [:], isHeard: Bool = false
    ) throws {
        process.executableURL = URL(filePath: "/usr/bin/taskset")
        var command = words
        if command[0].contains("/"), !FileManager.default.isExecutableFile(atPath: command[0]) {
            throw TransportFault.absent(command[0])
        }
        if !command[0].contains("/") {
            let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            command[0] = folder.appending(path: command[0]).path()
        }
        process.arguments = ["-c", String(cpu)] + command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        if !isHeard { process.standardError = FileHandle.nullDevice }
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }

    /// The next line that it prints.
    func line() throws -> String {
        var text = ""
        while true {
            let byte = output.fileHandleForReading.readData(ofLength: 1)
            guard let byte = byte.first else { throw TransportFault.ended }
            if byte == UInt8(ascii: "\n") { return text }
            text.append(Character(UnicodeScalar(byte)))
        }
    }

    var residentBytes: Double {
        let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmRSS") }
        return (line.flatMap { Double($0.filter(\.isNumber)) } ?? .nan) * 1024
    }

    /// What its threads have used, the system's work for them included.
    var processorNanoseconds: Double {
        let tasks = "/proc/\(pid)/task"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return names.reduce(0) { sum, name in
            let text = try? String(contentsOfFile: "\(tasks)/\(name)/schedstat", encoding: .utf8)
            return sum + (text?.split(separator: " ").first.flatMap { Double($0) } ?? 0)
        }
    }

    func end() {
        kill(pid, SIGKILL)
        process.waitUntilExit()
    }
}

enum TransportFault: Error {
    case ended, unreadable(String), absent(String)
    /// What was measured says nothing, and why.
    case invalid(String)
}

/// A port for each server of this run, so that none waits for another's to be free.
final class TransportPorts {
    private var last: Int

    init(after first: Int = 21_000) { last = first }

    func next() -> String {
        last += 1
        return String(last)
    }
}
