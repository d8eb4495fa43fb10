import Foundation
import Testing
import Wire

@testable import Transport

/// A headless Chromium against a loop of ours: it loads a page, opens WebSockets, and says what it
/// saw over one of them.
@Suite(.endsFixtures) struct ChromiumTests {
    static let program = [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
    ]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

    private static let page = """
        <!doctype html><title>echo</title><script>
        const texts = ["", "a", "κόσμε 🌍", "x".repeat(125), "x".repeat(126),
          "y".repeat(70000)];
        const report = new WebSocket(location.href.replace("http", "ws"), ["second", "report"]);
        report.onopen = () => {
          const socket = new WebSocket(location.href.replace("http", "ws"));
          socket.binaryType = "arraybuffer";
          const bytes = new Uint8Array(100000).map((_, i) => i * 7);
          let next = 0, wrong = 0;
          socket.onopen = () => { for (const t of texts) socket.send(t); socket.send(bytes); };
          socket.onmessage = (event) => {
            if (next < texts.length) { if (event.data !== texts[next]) wrong++; }
            else {
              const got = new Uint8Array(event.data);
              if (got.length !== bytes.length || got.some((b, i) => b !== bytes[i])) wrong++;
            }
            if (++next > texts.length) socket.close(4001, "done");
          };
          socket.onclose = (event) => report.send(
            `report ${next} ${wrong} ${event.code} ${event.wasClean} ${socket.extensions}`
            + ` ${report.protocol}`);
        };
        </script>
        """

    @Test(
        "Chromium: a page, subprotocols, texts and bytes, with and without deflate",
        .enabled(if: program != nil, "there is no Chromium here"),
        arguments: [false, true], Ground.real)
    func chromium(deflates: Bool, ground: Ground) throws {
        var limits = LoopLimits()
        limits.deflate = deflates ? DeflateOptions() : nil
        let f = try Fixture(limits, on: ground)
        f.onAnswer = { request, _ in
            guard request.fields.has("upgrade") else {
                return .respond(
                    HTTPResponse(
                        .ok, type: "text/html; charset=utf-8", [UInt8](ChromiumTests.page.utf8)))
            }
            return .upgrade(subprotocol: request.subprotocols.contains("report") ? "report" : nil)
        }
        var report: String?
        f.onServerMessage = { id, bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if text.hasPrefix("report ") { report = text }
            _ = f.loop.send(message: bytes.span, binary: bytes.count == 100_000, to: id)
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "chromium-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let browser = Foundation.Process()
        browser.executableURL = URL(filePath: try #require(Self.program))
        browser.arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--user-data-dir=\(folder.path())", "--remote-debugging-port=0",
            "http://127.0.0.1:\(f.address.port)/",
        ]
        browser.standardOutput = FileHandle.nullDevice
        browser.standardError = FileHandle.nullDevice
        try browser.run()
        defer {
            kill(browser.processIdentifier, SIGKILL)
            browser.waitUntilExit()
        }
        let limit = System.now + .seconds(90)
        while report == nil, System.now < limit {
            _ = f.loop.turn(atMostUntil: f.loop.now + .seconds(1))
        }
        let agreed = deflates ? "permessage-deflate" : ""
        let words = try #require(report, "the browser reports nothing").split(
            separator: " ", omittingEmptySubsequences: false)
        #expect(words.prefix(5) == ["report", "7", "0", "4001", "true"])
        #expect(words[5].hasPrefix(agreed) && words[5].isEmpty != deflates)
        #expect(words.last == "report")
    }
}
