import Foundation
import Hub
import Testing
import Wire

/// The session on the first page of the specification, played against a desk and a hub in both
/// encodings. `UPDATE_VECTORS=1` writes the server's lines and all bytes anew.
@Suite("The session on the specification's first page") struct SessionExampleTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../spec/README.md").standardizedFileURL

    @Test("is what a server says, byte for byte") func session() throws {
        let text = String(decoding: try Data(contentsOf: Self.page), as: UTF8.self)
        let block = try #require(text.range(of: "```session\n"))
        let end = try #require(text.range(of: "```", range: block.upperBound..<text.endIndex))
        let written = String(text[block.upperBound..<end.lowerBound])
        let script = written.split(separator: "\n").map { String($0) }
        let played = try Self.play(script.filter { !$0.hasPrefix(" ") })
        #expect(played.split(separator: "\n").count { $0.hasPrefix("< ") } > 10)
        if ProcessInfo.processInfo.environment["UPDATE_VECTORS"] != nil {
            let made = text.replacing(written, with: played)
            try Data(made.utf8).write(to: Self.page, options: .atomic)
        } else {
            #expect(written == played)
        }
    }

    /// `>` is said by the client, `*` happens outside; at a `<` all that was answered is heard.
    private static func play(_ script: [String]) throws -> String {
        let scenes = (json: Scene(.json), packed: Scene(.messagePack))
        var lines: [String] = []
        for line in script {
            let content = String(line.dropFirst(2))
            switch line.first {
            case ">":
                let message = try Message(json: Array(content.utf8).span)
                let (text, packed) = (scenes.json.say(message), scenes.packed.say(message))
                lines += ["> " + String(decoding: text, as: UTF8.self)] + hexadecimal(packed)
            case "*":
                lines.append(line)
                try scenes.json.happens(content)
                try scenes.packed.happens(content)
            default:
                let (texts, packed) = (scenes.json.heard(), scenes.packed.heard())
                #expect(texts.count == packed.count)
                for (text, bytes) in zip(texts, packed) {
                    let message = try Message(json: text.span)
                    lines.append("< " + String(decoding: message.encoded(.json), as: UTF8.self))
                    lines += hexadecimal(bytes)
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> [String] {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return stride(from: 0, to: digits.count, by: 30).map {
            "  " + digits[$0..<min($0 + 30, digits.count)].joined(separator: " ")
        }
    }
}

/// A desk, a hub and a client that says what it is told to.
private final class Scene {
    private let rig = Rig()
    private let encoding: Encoding
    private var client: Rig.Client
    private let elsewhere: Rig.Client
    private var position: UInt64 = 0

    init(_ encoding: Encoding) {
        self.encoding = encoding
        client = Self.connect(rig, encoding)
        elsewhere = rig.client("sensor")
        rig.pump()
    }

    /// It says nothing by itself and keeps all that it is sent.
    private static func connect(_ rig: Rig, _ encoding: Encoding) -> Rig.Client {
        let settings = ClientSession.Settings(encoding: encoding, token: "", instance: "")
        let client = Rig.Client("ada", ClientSession(settings))
        client.isStalled = true
        rig.clients.append(client)
        client.station = rig.desk.open(
            line: UInt64(rig.clients.count - 1), encoding, now: rig.now)
        return client
    }

    /// What is confirmed is what was heard, which differs between encodings.
    func say(_ message: Message) -> [UInt8] {
        var message = message
        if case .seen = message { message = .seen(Seen(position: position)) }
        let bytes = message.encoded(encoding)
        if let station = client.station {
            rig.desk.received(bytes.span, from: station, now: rig.now, carrier: rig)
        }
        return bytes
    }

    func heard() -> [[UInt8]] {
        rig.pump()
        defer { client.inbound = [] }
        position += client.inbound.reduce(0) { $0 + UInt64($1.count) }
        return client.inbound
    }

    func happens(_ what: String) throws {
        let isCut = what.hasPrefix("the connection is cut")
        if isCut {
            rig.pump()
            rig.cut(client)
            client = Self.connect(rig, encoding)
            position = 0
        }
        guard let brace = what.firstIndex(of: "{") else {
            #expect(isCut, "nobody knows what happens: \(what)")
            return
        }
        // Another client publishes.
        if case .publish(let publish) = try Message(json: Array(what[brace...].utf8).span) {
            _ = elsewhere.session.publish(publish.topic, publish.change)
            rig.pump()
        }
    }
}
