import Foundation
import Pages
import Testing
import Wire

@testable import Node
@testable import Transport

@Suite("The page's files") struct PageShelfTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private let shelf = PageShelf()

    private func answer(_ path: String, _ fields: String = "", method: String = "GET") throws
        -> HTTPResponse?
    {
        let head = "\(method) \(path) HTTP/1.1\r\nhost: here\r\n\(fields)\r\n"
        return shelf.answer(try HTTPRequest(head: [UInt8](head.utf8), limits: HTTPLimits()))
    }

    private func field(_ name: String, of response: HTTPResponse?) -> String? {
        response?.fields.first { $0.name == name }?.value
    }

    /// What lies in a folder, deeper folders included, by paths from there.
    private func files(in folder: String) throws -> [String] {
        let url = PageShelfTests.root.appending(path: folder)
        let all = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil)
        return try #require(all).compactMap { item in
            guard let file = item as? URL, !file.hasDirectoryPath else { return nil }
            return String(file.path.dropFirst(url.path.count + 1))
        }.sorted()
    }

    @Test("Every file of the page and of the client is served")
    func complete() throws {
        let page = try files(in: "web").map { $0 == "index.html" ? "/" : "/" + $0 }
        let client = try files(in: "clients/js/src").map { "/fieldcast/src/" + $0 }
        #expect(page.count > 5 && client.count > 10)
        let paths = PageFile.all.map(\.path)
        #expect(Set(paths) == Set(page + client + ["/fieldcast/fieldcast.js"]))
        for path in paths { #expect(try answer(path)?.status == .ok) }
    }

    @Test("What a page or a module names is served")
    func links() throws {
        let pattern = /(?:href|src)="(\/[^"#]*)"|(?:from|import)[ (]"([^"]+)"/
        for file in PageFile.all where file.kind != .picture {
            let base = try #require(URL(string: "http://here" + file.path))
            for match in String(decoding: file.bytes, as: UTF8.self).matches(of: pattern) {
                let name = try #require(match.1 ?? match.2)
                let url = try #require(URL(string: String(name), relativeTo: base))
                #expect(try answer(url.absoluteURL.path) != nil, "\(name) in \(file.path)")
            }
        }
    }

    @Test("The one script in the page is the one that the policy allows")
    func opening() throws {
        let page = try String(
            contentsOf: PageShelfTests.root.appending(path: "web/index.html"), encoding: .utf8)
        let scripts = page.matches(of: /<script>([^<]*)<\/script>/).map { String($0.1) }
        try #require(scripts.count == 1)
        let file = FileManager.default.temporaryDirectory.appending(path: "script-\(UUID())")
        try Data(scripts[0].utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let digest = Foundation.Process()
        let output = Pipe()
        digest.executableURL = URL(filePath: "/usr/bin/openssl")
        digest.arguments = ["dgst", "-sha256", "-binary", file.path]
        digest.standardOutput = output
        try digest.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        digest.waitUntilExit()
        #expect(PageShelf.opening == "sha256-" + bytes.base64EncodedString())
        let policy = try #require(field("content-security-policy", of: try answer("/")))
        #expect(policy.contains("script-src 'self' '\(PageShelf.opening)';"))
    }

    @Test("A compressed answer is what gzip makes of it, and the page is small")
    func gzip() throws {
        let plain = try #require(try answer("/page.css"))
        let packed = try #require(try answer("/page.css", "accept-encoding: br, gzip\r\n"))
        #expect(field("content-encoding", of: packed) == "gzip")
        #expect(field("content-encoding", of: plain) == nil)
        let file = FileManager.default.temporaryDirectory.appending(path: "page-\(UUID()).gz")
        try Data(packed.body).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let unpack = Foundation.Process()
        let output = Pipe()
        unpack.executableURL = URL(filePath: "/usr/bin/env")
        unpack.arguments = ["gzip", "-dc", file.path]
        unpack.standardOutput = output
        try unpack.run()
        #expect([UInt8](output.fileHandleForReading.readDataToEndOfFile()) == plain.body)
        unpack.waitUntilExit()
        #expect(unpack.terminationStatus == 0)
        let sizes = ["/", "/page.css", "/page.js", "/icon.svg"].map(shelf.compressedBytes)
        #expect(sizes.reduce(0) { $0 + ($1 ?? .max / 8) } < 40_000, "\(sizes)")
    }

    @Test("The checksum is that of RFC 1952")
    func checksum() {
        #expect(Gzip.checksum([UInt8]("123456789".utf8)) == 0xcbf4_3926)
        #expect(Gzip.checksum([]) == 0)
        #expect(Gzip.compress([1, 2, 3]) == nil)
    }

    @Test("A browser that has it is told so, by a strong tag or a weakened one")
    func tags() throws {
        let tag = try #require(field("etag", of: try answer("/page.js")))
        for known in [tag, "W/" + tag, "\"x\", " + tag] {
            let again = try answer("/page.js", "if-none-match: \(known)\r\n")
            #expect(again?.status == .notModified && again?.body == [])
        }
        #expect(try answer("/page.js", "if-none-match: \"x\"\r\n")?.status == .ok)
    }

    @Test("Every answer forbids what could make markup or scripts of data")
    func policy() throws {
        for path in ["/", "/page.js", "/chart.js"] {
            let response = try answer(path)
            let policy = try #require(field("content-security-policy", of: response))
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            #expect(policy.contains("require-trusted-types-for 'script'"))
            #expect(field("x-content-type-options", of: response) == "nosniff")
            #expect(field("referrer-policy", of: response) == "no-referrer")
        }
    }

    @Test("Other paths and other methods are not its business")
    func others() throws {
        for path in ["/v1/ws", "/health", "/index.html", "/../page.js", "/ui/", "//"] {
            #expect(try answer(path) == nil)
        }
        #expect(try answer("/", method: "POST") == nil)
        #expect(try answer("/", method: "HEAD")?.status == .ok)
        #expect(try answer("/?theme=dark")?.status == .ok)
    }

    @Test("Without the chart library there is an empty one")
    func noLibrary() throws {
        let bare = PageShelf(chartLibrary: "/nowhere/chart.js")
        let head = [UInt8]("GET /chart.js HTTP/1.1\r\nhost: here\r\n\r\n".utf8)
        let response = bare.answer(try HTTPRequest(head: head, limits: HTTPLimits()))
        #expect(response?.status == .ok && response?.body == [])
    }

    @Test("Comments and indentation are left out, code is not")
    func comments() {
        let source = """
            // What it is.
            const a = 1; // stays
              /** One line. */
              const b = "/* no */";
            /*
             * Several.
             */

              return a * b; /* stays */
            """
        let kept = PageShelf.withoutComments([UInt8](source.utf8))
        #expect(
            String(decoding: kept, as: UTF8.self) == """
                const a = 1; // stays
                const b = "/* no */";
                return a * b; /* stays */

                """)
    }

    @Test("The page's modules go as one, which imports nothing more")
    func joined() throws {
        let page = try #require(try answer("/page.js"))
        let text = String(decoding: page.body, as: UTF8.self)
        #expect(text.hasPrefix("const m0 = {}"))
        for file in PageFile.all where file.kind == .script && file.path != "/page.js" {
            let bytes = try #require(try answer(file.path)).body
            let body = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            let last = try #require(body.last { $0 != "}" && !$0.hasPrefix("export ") })
            #expect(text.contains(last), "\(file.path)")
        }
        #expect(!text.contains("\nimport ") && !text.contains("\nexport "))
    }

    @Test("Joined modules keep their own names, and take what they import under theirs")
    func joining() {
        func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }
        let modules = [
            "/a.js": bytes("import { x as y,\nz } from \"./b/c.js\";\nconst x = y + z;\nuse(x);\n"),
            "/b/c.js": bytes(
                "export { z } from \"../d.js\";\nexport const x = 1;\nexport function f() {\n}\n"),
            "/d.js": bytes("const z = 2;\nexport { z };\n"),
        ]
        let joined = ModuleJoin.join("/a.js", of: modules)
        #expect(
            joined.map { String(decoding: $0, as: UTF8.self) } == """
                const m0 = {}, m1 = {}, m2 = {};
                {
                const z = 2;
                Object.assign(m0, { z: z });
                }
                {
                const x = 1;
                function f() {
                }
                Object.assign(m1, { z: m0.z, x, f });
                }
                {
                const { x: y, z } = m1;
                const x = y + z;
                use(x);
                }

                """)
    }

    @Test(
        "What it does not know it does not join",
        arguments: [
            "import x from \"./b.js\";\n", "import * as x from \"./b.js\";\n",
            "export default 1;\n", "export let x = 1;\n", "import { x } from \"./nowhere.js\";\n",
            "import { x } from \"./a.js\";\n", "import { x }\n", "import \"./b.js\";\n",
        ])
    func unknownForms(_ text: String) {
        let modules = ["/a.js": [UInt8](text.utf8), "/b.js": [UInt8]("const y = 1;\n".utf8)]
        #expect(ModuleJoin.join("/a.js", of: modules) == nil)
    }

    /// The one thing that leaving out lines could break.
    @Test("No text that spans lines has one that begins like a comment")
    func templates() throws {
        for file in PageFile.all where file.kind == .script {
            let text = String(decoding: file.bytes, as: UTF8.self)
            var isInside = false
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                let bare = line.drop { $0 == " " }
                if isInside {
                    #expect(!bare.hasPrefix("//") && !bare.hasPrefix("/*") && !bare.isEmpty)
                }
                if !bare.hasPrefix("//"), !bare.hasPrefix("*"),
                    line.count(where: { $0 == "`" }) % 2 == 1
                {
                    isInside.toggle()
                }
            }
            #expect(!isInside, "\(file.path)")
        }
    }
}
