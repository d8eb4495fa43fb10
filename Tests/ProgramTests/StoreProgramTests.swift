import Foundation
import Testing

/// The store as its operator meets it: on the command line.
@Suite("The store on the command line", .serialized) final class StoreProgramTests {
    private let folder: URL
    private var store: String { folder.appending(path: "live.store").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data((0..<48).map { _ in UInt8.random(in: 33...126) })
            .write(to: folder.appending(path: "secret"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func run(_ name: String, _ words: [String]) throws -> (code: Int32, said: String) {
        let program = try RunningProgram(name, words)
        let said = try program.toTheEnd()
        return (program.exitCode, said)
    }

    /// A node on the store, and its address.
    private func node(_ more: [String] = []) throws -> (RunningProgram, address: String) {
        let node = try RunningProgram(
            "fieldcast-node",
            [
                "--secret-file", folder.appending(path: "secret").path, "--listen",
                "127.0.0.1:0", "--store", store,
            ] + more)
        let greeting = try #require(try node.lines { $0.contains("listens at") }.last)
        return (node, String(try #require(greeting.split(separator: " ").last)))
    }

    private func publish(_ address: String, _ words: [String]) throws -> String {
        let secret = folder.appending(path: "secret").path
        let (code, said) = try run(
            "fieldcast-probe",
            ["publish", "ws://\(address)", "--secret-file", secret] + words)
        #expect(code == 0, "\(said)")
        return said
    }

    @Test("What was published is there after kill -9, in the same count of versions")
    func kill() throws {
        for version in 1...3 {
            let (node, address) = try node()
            defer { node.end() }
            #expect(try publish(address, ["desk/queue", "n+=1"]).contains("version \(version)"))
        }
        let (code, said) = try run("fieldcast-node", ["store", "check", store])
        #expect(code == 0)
        #expect(said.contains("is sound: 1 topics, 3 records"))
        #expect(
            try run("fieldcast-node", ["store", "info", store]).said.contains("topics        1"))
    }

    @Test("A backup is made while the node serves, and is a store")
    func backup() throws {
        let (node, address) = try node()
        defer { node.end() }
        _ = try publish(address, ["desk/queue", "depth=4"])
        let copy = folder.appending(path: "copy").path
        #expect(try run("fieldcast-node", ["store", "backup", store, copy]).code == 0)
        _ = try publish(address, ["desk/queue", "depth=5"])
        #expect(
            try run("fieldcast-node", ["store", "check", copy]).said.contains("1 records"))
        #expect(
            try run("fieldcast-node", ["store", "check", store]).said.contains("2 records"))
        #expect(try run("fieldcast-node", ["store", "backup", store, store]).code == 1)
    }

    @Test("Damage is printed, with exit code 1")
    func damage() throws {
        do {
            let (node, address) = try node()
            defer { node.end() }
            _ = try publish(address, ["desk/queue", "subject=\"" + "needle".repeated(400) + "\""])
        }
        // A backup is one file, without a write-ahead log.
        let copy = folder.appending(path: "copy")
        #expect(try run("fieldcast-node", ["store", "backup", store, copy.path]).code == 0)
        var bytes = try Data(contentsOf: copy)
        let place = try #require(bytes.range(of: Data("needle".repeated(50).utf8)))
        bytes[place.lowerBound + 100] = UInt8(ascii: "x")
        try bytes.write(to: copy)
        let (code, said) = try run("fieldcast-node", ["store", "check", copy.path])
        #expect(code == 1)
        #expect(said.contains("topic desk/queue"))
        #expect(said.contains("is not what was written"))
    }

    @Test("A second node on the same file does not start, and says why")
    func second() throws {
        let (first, _) = try node()
        defer { first.end() }
        let (code, said) = try run(
            "fieldcast-node",
            [
                "--secret-file", folder.appending(path: "secret").path, "--listen",
                "127.0.0.1:0", "--store", store,
            ])
        #expect(code == 1)
        #expect(said.contains("in use by another node"))
    }

    @Test("Topics are of the kind that was said, and durable where that was said")
    func topics() throws {
        let words = ["--topics", "jobs/*=event,durable", "--topics", "**=state"]
        do {
            let (node, address) = try node(words)
            defer { node.end() }
            _ = try publish(address, ["jobs/1", "--event", "{\"a\":1}"])
            _ = try publish(address, ["desk/queue", "n+=1"])
        }
        let (node, address) = try node(words)
        defer { node.end() }
        #expect(try publish(address, ["jobs/1", "--event", "2"]).contains("version 2"))
        #expect(try publish(address, ["desk/queue", "n+=1"]).contains("version 1"))
    }

    @Test("The demonstration goes on in a store")
    func demonstration() throws {
        for _ in 1...2 {
            let node = try RunningProgram(
                "fieldcast-node", ["--demo", "--listen", "127.0.0.1:0", "--store", store])
            defer { node.end() }
            _ = try node.lines { $0.contains("Ctrl-C") }
            // Until something of it has been stored; each look takes a process.
            var isStored = false
            for _ in 0..<1_000 where !isStored {
                let (code, said) = try run("fieldcast-node", ["store", "info", store])
                isStored = code == 0 && !said.contains("topics        0")
            }
            #expect(isStored)
        }
        #expect(try run("fieldcast-node", ["store", "check", store]).code == 0)
    }

    @Test(
        "Wrong words are answered with what was meant, and exit code 2",
        arguments: [
            (["store"], "check FILE"), (["store", "chek", "f"], "did you mean check?"),
            (["store", "check"], "wants one file"), (["store", "backup", "a"], "FILE TO"),
            (["--demo", "--topics", "a=durable"], "say --store FILE"),
            (["--demo", "--topics", "a=evnt"], "did you mean event?"),
            (["--demo", "--topics", "a"], "PATTERN=WORDS"),
            (["--demo", "--store", "f", "--topics", "a=signal,durable"], "a signal holds nothing"),
        ])
    func wrongWords(_ words: [String], _ answer: String) throws {
        let (code, said) = try run("fieldcast-node", words)
        #expect(code == 2)
        #expect(said.contains(answer), "\(said)")
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
