import Synchronization
import Testing
import Transport
import Wire

@testable import Node

/// What is written when something happens, and what never is.
@Suite struct LogTests {
    /// Gathers what a log writes.
    final class Page: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        func add(_ more: [UInt8]) { bytes.withLock { $0 += more } }
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
        var lines: [String] { text.split(separator: "\n").map(String.init) }
    }

    @Test("A line says when, how grave, what, why, and with which numbers")
    func text() {
        let entry = LogEntry(
            time: WallTime(seconds: 1_700_000_000, nanoseconds: 250_000_000), level: .warning,
            event: .connectionRefused, text: "too many\nfrom \u{1b}[31mone address",
            fields: [
                ("address", .text("10.0.0.1")), ("user", .text("a \"b\"\n")), ("count", 3),
            ])
        var bytes: [UInt8] = []
        entry.append(as: .text, to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "2023-11-14T22:13:20.250Z warning connection_refused: too many\\x0afrom "
                + "\\x1b[31mone address address=10.0.0.1 user=\"a \\\"b\\\"\\n\" count=3\n")
        bytes = []
        entry.append(as: .journal, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("<4>connection_refused: too"))
    }

    @Test("As JSON every line is one object")
    func json() throws {
        let entry = LogEntry(
            time: WallTime(seconds: 1_700_000_000), level: .error, event: .storeTrouble,
            text: "the disk\nis full", fields: [("count", 3)])
        var bytes: [UInt8] = []
        entry.append(as: .json, to: &bytes)
        #expect(bytes.count { $0 == 0x0a } == 1 && bytes.last == 0x0a)
        bytes.removeLast()
        let value = try Value(json: bytes.span)
        guard case .map(let map) = value else {
            Issue.record("no object")
            return
        }
        #expect(map["level"] == "error" && map["event"] == "store_trouble")
        #expect(map["text"] == "the disk\nis full" && map["count"] == 3)
        #expect(map["time"] == "2023-11-14T22:13:20.000Z")
    }

    @Test("What is below the level costs nothing and is not written; a reload changes that")
    func level() throws {
        let page = Page()
        let log = try Log(.warning, .json, to: page.add)
        var asked = 0
        func sentence() -> String {
            asked += 1
            return "a sentence"
        }
        log.write(.info, .ready, sentence())
        #expect(asked == 0)
        log.write(.error, .storeTrouble, sentence())
        log.change(.debug, .json)
        log.write(.debug, .ready, sentence())
        log.end()
        #expect(asked == 2)
        #expect(page.lines.count == 2)
    }

    @Test("What strangers can cause is written a few times and then counted")
    func limits() throws {
        let page = Page()
        let log = try Log(.info, .text, to: page.add)
        for _ in 0..<1_000 { log.write(.warning, .connectionRefused, "no") }
        log.write(.info, .ready, "others come through")
        log.end()
        #expect(page.lines.count { $0.contains("connection_refused") } == 5)
        #expect(page.lines.count { $0.contains("ready: others") } == 1)
    }

    @Test("A full box loses lines and says how many; nobody waits")
    func loss() throws {
        let page = Page()
        let gate = Mutex(false)
        let held = try Latched()
        let log = try Log(.info, .text) { bytes in
            // The first write waits until the box is full.
            if gate.withLock({ open in
                defer { open = true }
                return !open
            }) {
                held.wait()
            }
            page.add(bytes)
        }
        for _ in 0..<10_000 { log.write(.info, .ready, "x") }
        held.open()
        log.end()
        let written = page.lines.count { $0.contains("ready: x") }
        let lost = page.lines.first { $0.contains("log_dropped") }?.split(separator: "=").last
        let count = try #require(lost.flatMap { Int($0) })
        #expect(written + count == 10_000)
    }

    @Test("No key of ours can be written by mistake")
    func secrets() throws {
        let key = try #require(
            TokenKey(secret: [UInt8]("a secret of thirty-two bytes or more".utf8)))
        #expect(!"\(key)".contains("secret of"))
    }
}

/// A door that one thread holds shut for another.
private final class Latched: Sendable {
    private let latch: Transport.Latch<Bool>
    init() throws { latch = try Transport.Latch() }
    func open() { latch.open(with: true) }
    func wait() { _ = latch.wait() }
}
