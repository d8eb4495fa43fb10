import Foundation
import Testing

/// What passes between the node and systemd, with the test in systemd's place.
@Suite("The node and its service manager", .serialized) struct SupervisionTests {
    /// Where a service manager listens for what its services say.
    final class NotifySocket {
        let path: String
        private let descriptor: Int32

        init(_ room: Room) throws {
            path = room.path("notify")
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = [UInt8](path.utf8)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { name in
                for (i, byte) in bytes.enumerated() { unsafe name[i] = byte }
            }
            let bound = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
            // A word that never comes must not hang the tests.
            var limit = timeval(tv_sec: 30, tv_usec: 0)
            unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit,
                socklen_t(MemoryLayout<timeval>.size))
        }

        deinit { close(descriptor) }

        /// The next words that hold one of these.
        func words(with word: String) throws -> String {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
                // With a time limit any signal ends the call: another test's child has ended, say.
                if count < 0, errno == EINTR { continue }
                try #require(count > 0, "nothing with \(word) was said")
                let text = String(decoding: buffer[..<count], as: UTF8.self)
                if text.split(separator: "\n").contains(where: { $0.hasPrefix(word) }) {
                    return text
                }
            }
        }
    }

    @Test("The node says that it is ready, alive, reloading and stopping")
    func notify() throws {
        let room = try Room()
        try room.writeSecret("secret")
        try room.write(
            "node.toml",
            """
            [access]
            keys = ["\(room.path("secret"))"]
            [[listeners]]
            address = "127.0.0.1:0"
            [node]
            loops = 2
            drain_time = "1s"
            """)
        let manager = try NotifySocket(room)
        let node = try ServingNode(
            ["--config", room.path("node.toml")],
            environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"])
        let ready = try manager.words(with: "READY=1")
        #expect(ready.contains("STATUS=listens: web at \(node.address())"))
        for _ in 0..<3 { #expect(try manager.words(with: "WATCHDOG=1") == "WATCHDOG=1") }
        node.program.signal(SIGHUP)
        let reloading = try manager.words(with: "RELOADING=1")
        #expect(reloading.contains("MONOTONIC_USEC="))
        _ = try manager.words(with: "READY=1")
        try room.write("node.toml", "[")
        node.program.signal(SIGHUP)
        _ = try manager.words(with: "RELOADING=1")
        let refused = try manager.words(with: "READY=1")
        #expect(refused.contains("STATUS=the last reload was refused: "), "\(refused)")
        node.program.signal(SIGTERM)
        let stopping = try manager.words(with: "STOPPING=1")
        #expect(stopping.contains("EXTEND_TIMEOUT_USEC="))
        _ = try node.program.toTheEnd()
        #expect(node.program.exitCode == 0)
    }

    /// Starts the node as systemd does with a socket that listens: as descriptor 3, by its name.
    private static let launcher = """
        import os, socket, sys
        s = socket.socket(socket.AF_INET, getattr(socket, sys.argv[1]))
        s.bind(("127.0.0.1", 0))
        if sys.argv[1] == "SOCK_STREAM": s.listen(16)
        name = sys.argv[2]
        port = s.getsockname()[1]
        os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=name)
        print("handed over", port, flush=True)
        os.execv(sys.argv[3], sys.argv[3:])
        """

    private func launch(_ kind: String, _ name: String, _ room: Room) throws -> RunningProgram {
        try room.writeSecret("secret")
        let program = RunningProgram.folder.appending(path: "fieldcast-node").path
        return try RunningProgram(
            "/usr/bin/python3",
            [
                "-c", SupervisionTests.launcher, kind, name, program, "--secret-file",
                room.path("secret"), "--loops", "2",
            ])
    }

    @Test("A socket that listens already is shared by all loops", arguments: ["web", "unknown"])
    func socketActivation(name: String) throws {
        let room = try Room()
        let node = try launch("SOCK_STREAM", name, room)
        defer { node.end() }
        let handed = try #require(try node.lines { $0.hasPrefix("handed over") }.last)
        let port = try #require(handed.split(separator: " ").last)
        let said = try node.lines { $0.contains("ready: ") }
        let listening = said.first { $0.contains("listening: web") }
        #expect(listening?.contains("address=127.0.0.1:\(port)") == true, "\(said)")
        #expect(listening?.contains("inherited=true") == true)
        let token = try room.token("secret")
        for _ in 0..<20 { #expect(try room.status("127.0.0.1:\(port)", token: token) == "200") }
        node.signal(SIGTERM)
        _ = try node.toTheEnd()
        #expect(node.exitCode == 0)
    }

    @Test("What is handed over and does not listen is refused by name")
    func wrongSocket() throws {
        let room = try Room()
        let node = try launch("SOCK_DGRAM", "web", room)
        let said = try node.toTheEnd()
        #expect(said.contains("descriptor 3 (web) was handed over and is no listening"), "\(said)")
        #expect(node.exitCode == 1)
    }

    @Test("The unit's sandbox leaves little exposed")
    func exposure() throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") else {
            return
        }
        let unit = PackagingTests.folder.appending(path: "fieldcast-node.service").path
        let said = try RunningProgram.said(
            by: "/usr/bin/systemd-analyze", ["security", "--offline=true", "--threshold=20", unit])
        #expect(said.code == 0, "\(said.text.suffix(200))")
        #expect(said.text.contains("Overall exposure level"))
    }
}
