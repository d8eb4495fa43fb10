import Foundation
import Testing
import Wire

/// Every example in the text of the specification, run through Wire. The blocks are marked with
/// what they hold; a block that no mark explains fails.
@Suite("The examples in the specification's text") struct ExampleTests {
    struct Block {
        let page: String
        let marker: String
        let lines: [String]
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../spec").standardizedFileURL

    static let blocks: [Block] = {
        let pages = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        var blocks: [Block] = []
        for page in pages.sorted() where page.hasSuffix(".md") {
            guard let data = try? Data(contentsOf: folder.appending(path: page)) else { continue }
            var marker: String?
            var lines: [String] = []
            for line in String(decoding: data, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false)
            {
                guard line.hasPrefix("```") else {
                    lines.append(String(line))
                    continue
                }
                if let name = marker {
                    blocks.append(Block(page: page, marker: name, lines: lines))
                    marker = nil
                } else {
                    marker = String(line.dropFirst(3))
                }
                lines = []
            }
        }
        return blocks
    }()

    static func marked(_ marker: String) -> [Block] { blocks.filter { $0.marker == marker } }

    @Test("are all of a kind that somebody runs") func marks() {
        // Python runs in tools/spec, the session in HubTests, HTTP in NodeTests.
        let known = [
            "message", "refused", "values", "refused values", "python run", "session", "http",
            "frames",
        ]
        for block in Self.blocks {
            #expect(known.contains(block.marker), "\(block.page): \(block.marker)")
        }
        #expect(Self.marked("message").count >= Message.Kind.allCases.count)
        #expect(Self.marked("refused").count >= Message.Kind.allCases.count)
    }

    /// The first line is JSON, the others are the same message in MessagePack.
    @Test("of messages are the same in both encodings") func messages() throws {
        var kinds: [Message.Kind] = []
        for block in Self.marked("message") {
            let json = Array((block.lines.first ?? "").utf8)
            let packed = bytes(block.lines.dropFirst().joined())
            let message = try Message(json: json.span)
            #expect(try Message(messagePack: packed.span) == message, "\(block.lines)")
            kinds.append(message.kind)
        }
        // Every kind has an example, and stands where its heading says.
        #expect(Message.Kind.allCases.allSatisfy { kinds.contains($0) })
    }

    @Test("of what is not acceptable are refused, in both encodings") func refused() {
        for block in Self.marked("refused") {
            let json = Array((block.lines.first ?? "").utf8)
            guard case .failure = Message.decoded(json, .json) else {
                Issue.record("\(block.lines) is accepted")
                continue
            }
            let packed = bytes(block.lines.dropFirst().joined())
            guard packed.isEmpty || !Message.decoded(packed, .messagePack).isSuccess else {
                Issue.record("\(block.lines) is accepted in MessagePack")
                continue
            }
        }
    }

    @Test("of values are canonical in both encodings") func values() {
        var count = 0
        for line in Self.marked("values").flatMap(\.lines) {
            let parts = line.split(separator: "  ", maxSplits: 1).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard parts.count == 2 else {
                Issue.record("\(line)")
                continue
            }
            let (json, packed) = (Array(parts[0].utf8), bytes(parts[1]))
            guard case .value(let value) = Decoded(json: json) else {
                Issue.record("\(line)")
                continue
            }
            #expect(Decoded(messagePack: packed) == .value(value), "\(line)")
            #expect(value.json == json, "\(line)")
            #expect(value.messagePack == packed, "\(line)")
            count += 1
        }
        #expect(count >= 10)
    }

    @Test("of values that are not acceptable are refused") func refusedValues() {
        for line in Self.marked("refused values").flatMap(\.lines) {
            guard case .error = Decoded(json: line) else {
                Issue.record("\(line) is accepted")
                continue
            }
        }
    }

    /// A stream's bytes, and behind an arrow what is in them.
    @Test("of frames on plain streams are read as they say") func frames() throws {
        for line in Self.marked("frames").flatMap(\.lines) where !line.isEmpty {
            let parts = line.components(separatedBy: "→").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            var reader = FrameReader(limit: 1_024)
            reader.append(bytes(parts[0]).span)
            let message = try #require(try reader.next(), "\(line)")
            let json = Array(parts[1].utf8)
            let encoding = try #require(reader.encoding)
            #expect(try Message.decoded(message, encoding).get() == Message(json: json.span))
        }
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
