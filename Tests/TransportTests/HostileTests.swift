import Foundation
import Testing
import Wire

@testable import Transport

/// A server in a process of its own, so that its descriptors and memory are its own.
private final class Server {
    let process = Foundation.Process()
    let address: SocketAddress

    init(_ kernel: String) throws {
        // It is built beside the tests.
        let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let program = [folder, URL(filePath: ".build/debug")]
            .map { $0.appending(path: "fieldcast-echo") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path()) }
        let found: URL = try #require(program)
        process.executableURL = found
        process.arguments = ["serve", "--port", "0", "--deflate", "--kernel", kernel]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var line = ""
        while !line.hasSuffix("\n") {
            let more = output.fileHandle(forReading: ())
            guard !more.isEmpty else { break }
            line += String(decoding: more, as: UTF8.self)
        }
        let port = line.split(separator: " ").first { $0.contains(":") }?.split(separator: ":").last
        address = .loopback(port: try #require(port.flatMap { UInt16($0) }))
    }

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

extension Pipe {
    fileprivate func fileHandle(forReading: Void) -> Data { fileHandleForReading.availableData }
}

/// An honest client that keeps one message in flight all the while.
private final class Honest: Service {
    let loop: Loop
    var id: ConnectionID?
    var echoes = 0
    var isClosed = false
    init(_ loop: Loop) { self.loop = loop }
    func opened(_ id: ConnectionID, subprotocol: String?) { ask(id) }
    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        echoes += 1
        ask(id)
    }
    func ask(_ id: ConnectionID) {
        let question: [UInt8] = [1, 2, 3]
        _ = loop.send(message: question.span, binary: true, to: id)
    }
    func closed(_ id: ConnectionID, _ end: ConnectionEnd) { isClosed = true }
}

@Suite(.serialized) struct HostileTests {
    static let upgrade = [UInt8](
        ("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n").utf8)

    /// Each is written to a connection of its own, which then hangs about or goes.
    static var attacks: [[UInt8]] {
        let pings = (0..<2000).flatMap { _ in [0x89, 0x80, 0, 0, 0, 0] as [UInt8] }
        let noise = [UInt8](repeating: 0xff, count: 500)
        let deflated = FrameWriter.frame(.binary, noise.span, mask: 7, compressed: true)
        return [
            [], [UInt8]("GET / HT".utf8), [UInt8](repeating: 0x41, count: 100_000),
            [UInt8]("GET / HTTP/1.1\nHost: h\n\n".utf8),
            [UInt8](
                ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n"
                    + "0\r\n\r\nGET /smuggled HTTP/1.1\r\n").utf8),
            [UInt8]("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc".utf8),
            [UInt8](("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 9000)).utf8),
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc],
            upgrade + [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4],
            upgrade + [0x82, 0xff, 0, 0, 0, 0, 0x03, 0, 0, 0, 1, 2, 3, 4, 5, 6],
            upgrade + pings, upgrade + deflated, upgrade + [0xc1, 0x80, 0, 0, 0, 0],
            upgrade + [0x01, 0x81, 0, 0, 0, 0, 0xff], upgrade + [0x88, 0x82, 0, 0, 0, 0, 0x03],
            upgrade.dropLast(9) + [],
        ]
    }

    @Test(
        "Ten rounds of every attack: others are served, nothing is left",
        arguments: ["epoll", "io_uring"])
    func battery(kernel: String) throws {
        if kernel == "io_uring", (try? UringKernel()) == nil { return }
        let server = try Server(kernel)
        defer {
            // The test runner's threads block the gentler signals, and children inherit that.
            kill(server.process.processIdentifier, SIGKILL)
            server.process.waitUntilExit()
        }
        let loop = try Loop(LoopLimits(), on: .epoll)
        let honest = Honest(loop)
        loop.begin(honest)
        _ = try loop.connect(to: server.address, WebSocketWish(host: "h"))
        func serve(_ count: Int) {
            let goal = honest.echoes + count
            let limit = System.now + .seconds(20)
            while honest.echoes < goal, System.now < limit { _ = loop.turn(atMostUntil: limit) }
            #expect(honest.echoes >= goal, "the honest client is starved")
        }
        serve(10)
        let descriptors = server.descriptors
        var second = 0
        for round in 1...10 {
            let system = try EpollKernel()
            var sockets: [Int32] = []
            for attack in Self.attacks + [[UInt8]](repeating: [], count: 100) {
                let socket = try system.connect(to: server.address, from: nil, SocketOptions())
                try system.add(socket, Token(bits: 1 << 32), [])
                sockets.append(socket)
                var queue = SendQueue()
                queue.append(Frame(attack))
                let limit = System.now + .seconds(5)
                while !queue.isEmpty, System.now < limit {
                    switch system.send(queue, on: socket, Token(bits: 1 << 32)) {
                    case .moved(let count): queue.advance(by: count)
                    case .full, .pending: serve(1)
                    case .failed: queue.clear()
                    }
                }
            }
            serve(50)
            for socket in sockets { system.close(socket, Token(bits: 1 << 32)) }
            let limit = System.now + .seconds(20)
            while server.descriptors > descriptors, System.now < limit { serve(20) }
            #expect(server.descriptors == descriptors)
            if round == 2 { second = server.residentKilobytes }
        }
        let last = server.residentKilobytes
        #expect(last <= second + second / 20, "\(second) KB after two rounds, \(last) after ten")
        #expect(!honest.isClosed)
        #expect(server.process.isRunning)
    }
}
