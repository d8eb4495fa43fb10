import Foundation
import Testing

/// The documents for operators: every command in them is run here, in its order, in a folder of its
/// own, with the programs of this build on the path and ports that are free.
@Suite("What the documents say is so", .serialized) struct DocsTests {
    static let folder = PackagingTests.tree.appending(path: "docs")
    static let pages = [
        "install.md", "configuration.md", "nginx.md", "securing.md", "metrics.md", "sizing.md",
        "upgrading.md", "troubleshooting.md", "backup.md",
    ]

    /// A fenced block: what stands behind its fence, and what is in it.
    struct Block {
        let mark: String
        let text: String
    }

    static func text(_ page: String) throws -> String {
        try String(contentsOf: folder.appending(path: page), encoding: .utf8)
    }

    static func blocks(_ page: String) throws -> [Block] {
        var blocks: [Block] = []
        var mark: String?
        var text = ""
        for line in try self.text(page).split(separator: "\n", omittingEmptySubsequences: false) {
            if !line.hasPrefix("```") {
                text += line + "\n"
            } else if let open = mark {
                blocks.append(Block(mark: open, text: text))
                mark = nil
            } else {
                mark = String(line.dropFirst(3))
                text = ""
            }
        }
        try #require(mark == nil, "\(page) has a fence without an end")
        return blocks
    }

    /// Ports that nobody has just now, for those that the pages use.
    static func ports(_ text: String) throws -> String {
        let said = try RunningProgram.said(
            by: "/usr/bin/python3",
            [
                "-c",
                "import socket\ns=[socket.create_server(('127.0.0.1',0)) for _ in range(5)]\n"
                    + "print(*[x.getsockname()[1] for x in s])",
            ])
        var text = text
        let free = said.text.split(separator: " ")
        for (i, port) in ["8080", "8081", "9000", "8443", "7001"].enumerated() {
            text = text.replacing(port, with: free[i].trimmingCharacters(in: .newlines))
        }
        return text
    }

    static let environment = [
        "PATH": RunningProgram.folder.path + ":/usr/bin:/bin:/usr/sbin:/sbin"
    ]

    @Test("Every block on every page is of a kind that is looked at here", arguments: pages)
    func marks(page: String) throws {
        for block in try DocsTests.blocks(page) {
            #expect(
                ["sh run", "sh root", "toml check", "nginx run"].contains(block.mark),
                "\(page): ```\(block.mark)")
        }
    }

    @Test("Every command does what the page says", arguments: pages)
    func commands(page: String) throws {
        let room = try Room()
        let blocks = try DocsTests.blocks(page).filter { $0.mark == "sh run" }
        guard !blocks.isEmpty else { return }
        // What serves in the background ends with the page; the first command that fails ends it.
        let script = """
            set -eu
            cleanup() { for job in $(jobs -p); do kill -KILL $job 2>/dev/null || true; done; }
            trap cleanup EXIT
            # Where a node goes to the background its log goes to a file.
            exec 2>&1

            """
        let node = "fieldcast-node --secret-file token.secret --listen 127.0.0.1:8080"
        var text = blocks.map(\.text).joined(separator: "\n")
        // The standard address is somebody else's on a busy machine.
        text = text.replacing("fieldcast-node --secret-file token.secret &", with: node + " &")
            .replacing(
                "fieldcast-node --secret-file token.secret --admin",
                with: node + " --admin"
            )
            .replacing(
                "--config node.toml 2>", with: "--config node.toml --listen 127.0.0.1:8080 2>")
        try room.write("page.sh", script + (try DocsTests.ports(text)))
        let said = try RunningProgram.said(
            by: "/usr/bin/timeout", ["-k", "5", "120", "/bin/bash", "-x", "page.sh"],
            environment: DocsTests.environment, in: room.url)
        #expect(said.code == 0, "\(page): \(said.text.suffix(3_000))")
    }

    @Test("Every configuration on a page passes --check", arguments: pages)
    func configurations(page: String) throws {
        let room = try Room()
        try room.writeSecret("token.secret")
        for block in try DocsTests.blocks(page) where block.mark == "toml check" {
            try room.write("node.toml", block.text)
            let said = try RunningProgram.said(
                by: "fieldcast-node", ["--config", "node.toml", "--check"], in: room.url)
            #expect(said.code == 0, "\(page): \(said.text)")
        }
    }

    @Test("docs/metrics.md lists what /metrics has, and nothing else")
    func metrics() throws {
        let room = try Room()
        try room.writeSecret("secret")
        let node = try ServingNode([
            "--secret-file", room.path("secret"), "--listen", "127.0.0.1:0", "--admin",
            "127.0.0.1:0", "--store", room.path("store"),
        ])
        let said = try RunningProgram.said(
            by: "/usr/bin/curl", ["-s", "http://\(node.address("admin"))/metrics"])
        func rows(_ lines: [Substring], _ line: (Substring) -> String?) -> [String] {
            lines.compactMap(line).sorted()
        }
        let told = rows(said.text.split(separator: "\n")) { line in
            line.hasPrefix("# TYPE ") ? String(line.dropFirst(7)) : nil
        }
        let listed = rows(try DocsTests.text("metrics.md").split(separator: "\n")) { line in
            line.wholeMatch(of: /\| `(fieldcast_\w+)` \| (\w+) \| .+ \|/).map { "\($0.1) \($0.2)" }
        }
        #expect(!told.isEmpty && told == listed)
        // Nothing grows with who comes: no label but the buckets', and few enough of those.
        let labelled = said.text.split(separator: "\n").filter { $0.contains("{") }
        #expect(labelled.allSatisfy { $0.contains("_bucket{le=\"") })
        let buckets = Dictionary(grouping: labelled) { $0.prefix { $0 != "{" } }
        #expect(buckets.count >= 4 && buckets.values.allSatisfy { $0.count <= 24 })
    }

    @Test("docs/troubleshooting.md explains every event of the log, and no others")
    func events() throws {
        let source = try String(
            contentsOf: PackagingTests.tree.appending(path: "Sources/Node/Log/LogEvent.swift"),
            encoding: .utf8)
        let known = source.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /\s\s\s\scase (\w+)(?: = "(\w+)")?/).map { String($0.2 ?? $0.1) }
        }
        let page = try DocsTests.text("troubleshooting.md")
        let table = page.components(separatedBy: "## The lines of the log")
        try #require(table.count == 2)
        let listed = table[1].split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\| `(\w+)` \|/).map { String($0.1) }
        }
        #expect(!known.isEmpty && known.sorted() == listed.sorted())
    }

    @Test("Behind nginx a socket opens, an event stream comes at once, and addresses are true")
    func nginx() throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx") else { return }
        let room = try Room()
        try room.writeSecret("token.secret")
        let blocks = try DocsTests.blocks("nginx.md")
        let server = try #require(blocks.first { $0.mark == "nginx run" })
        let told = try #require(blocks.first { $0.mark == "toml check" })
        // Both with the same free ports.
        let mark = "\n### 8443 8080\n"
        let parts = try DocsTests.ports(server.text + mark + told.text).components(
            separatedBy: "\n### ")
        let rest = parts[1].split(separator: "\n", maxSplits: 1)
        let port = rest[0].split(separator: " ")[0]
        try room.write("node.toml", rest[1] + "\n[limits]\nconnections_per_address = 3\n")
        try room.write(
            "nginx.conf",
            """
            daemon off; pid \(room.path("pid")); error_log stderr notice;
            events { worker_connections 256; }
            http {
            access_log off;
            client_body_temp_path \(room.path("body")); proxy_temp_path \(room.path("proxy"));
            fastcgi_temp_path \(room.path("f")); uwsgi_temp_path \(room.path("u"));
            scgi_temp_path \(room.path("s"));
            \(parts[0].replacing("listen ", with: "listen 127.0.0.1:"))
            }
            """)
        let node = try ServingNode(["--config", "node.toml"], in: room)
        let nginx = try RunningProgram(
            "/usr/sbin/nginx", ["-p", room.url.path, "-c", room.path("nginx.conf")])
        // Its worker would outlive a master that is killed.
        defer {
            nginx.signal(SIGTERM)
            _ = try? nginx.toTheEnd()
        }
        _ = try nginx.lines { $0.contains("start worker process ") }
        let token = try room.token("token.secret", ["--write", "**"])
        let address = "127.0.0.1:\(port)"
        let published = try RunningProgram.said(
            by: "fieldcast-probe",
            ["publish", "ws://\(address)", "room/1", "celsius=21", "--token", token])
        #expect(published.code == 0, "\(published.text)")
        // A stream that is gathered up first would show nothing before its end, which never comes.
        let stream = try RunningProgram(
            "/usr/bin/curl",
            [
                "-sN", "--max-time", "60", "http://\(address)/v1/streams/room/1", "-H",
                "Authorization: Bearer \(token)",
            ])
        defer { stream.end() }
        _ = try stream.lines { $0.contains("celsius") }
        let again = try RunningProgram.said(
            by: "fieldcast-probe",
            ["publish", "ws://\(address)", "room/1", "celsius=22", "--token", token])
        #expect(again.code == 0, "\(again.text)")
        _ = try stream.lines { $0.contains("22") }
        withExtendedLifetime(node) {}
    }
}
