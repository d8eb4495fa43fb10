import Foundation

/// A program of this package, from where the tests were built.
final class RunningProgram {
    private let process = Process()
    private let pipe = Pipe()
    private var rest = Data()

    /// Where the programs of this package are.
    static let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

    /// A name without a slash is one of this package's programs.
    init(
        _ name: String, _ words: [String], environment: [String: String] = [:], in room: URL? = nil
    ) throws {
        process.executableURL =
            name.hasPrefix("/") ? URL(filePath: name) : RunningProgram.folder.appending(path: name)
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let room { process.currentDirectoryURL = room }
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
    }

    struct Ended: Error {
        let said: String
    }

    /// Its lines up to the one that `last` recognises; an error when it ends before.
    func lines(until last: (String) -> Bool) throws -> [String] {
        var lines: [String] = []
        while true {
            while let end = rest.firstIndex(of: 0x0a) {
                let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                rest = rest[rest.index(after: end)...]
                lines.append(line)
                if last(line) { return lines }
            }
            let more = pipe.fileHandleForReading.availableData
            if more.isEmpty { throw Ended(said: lines.joined(separator: "\n")) }
            rest.append(more)
        }
    }

    func toTheEnd() throws -> String {
        let all = rest + pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: all, as: UTF8.self)
    }

    var id: Int32 { process.processIdentifier }
    var exitCode: Int32 { process.terminationStatus }
    var isRunning: Bool { process.isRunning }

    /// Says it to this process alone.
    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// What it says from start to end.
    static func said(
        by name: String, _ words: [String], environment: [String: String] = [:], in room: URL? = nil
    ) throws -> (text: String, code: Int32) {
        let program = try RunningProgram(name, words, environment: environment, in: room)
        let text = try program.toTheEnd()
        return (text, program.exitCode)
    }

    /// Ends it, by its process id. Not by a signal that can be blocked: a child of a test inherits
    /// the blocked signals of the test's thread.
    func end() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
