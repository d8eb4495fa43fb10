import Foundation
import Testing
import Wire

@Suite("The vectors of the specification") struct VectorTests {
    @Test("are what this code says, byte for byte")
    func committed() throws {
        for file in [VectorFile.values, .messages, .diffs] {
            let committed = try file.committed()
            #expect(committed == file.text, "spec/vectors/\(file.name).json is not what Wire says")
        }
    }

    @Test("are many, and half of those for values are errors") func counts() {
        let values = VectorFile.values.vectors
        #expect(values.count >= 120)
        #expect(values.count { $0["error"] != nil } * 2 >= values.count)
        let messages = VectorFile.messages.vectors
        #expect(messages.count { $0["messagePack"] != nil } >= 100)
        #expect(messages.count { $0["json"] != nil } >= 100)
        #expect(VectorFile.diffs.vectors.count >= 80)
    }

    @Test("name rules that the text has, and no rule has its number twice") func rules() throws {
        var numbers: [Substring] = []
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../spec").standardizedFileURL
        for page in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where page.hasSuffix(".md") {
            let data = try Data(contentsOf: folder.appending(path: page))
            let text = String(decoding: data, as: UTF8.self)
            numbers += text.matches(of: /\*\*([A-Z][0-9]+)\*\*/).map { $0.output.1 }
        }
        #expect(Set(numbers).count == numbers.count)
        for file in [VectorFile.values, .messages, .diffs] {
            for vector in file.vectors {
                guard case .array(let rules)? = vector["rules"] else { continue }
                for case .text(let rule) in rules {
                    #expect(numbers.contains(Substring(rule.string)), "\(rule)")
                }
            }
        }
    }

    private func hexadecimal(_ value: Value?) -> [UInt8]? {
        guard case .text(let text)? = value else { return nil }
        return bytes(text.string)
    }

    private func text(_ value: Value?) -> [UInt8]? {
        guard case .text(let text)? = value else { return nil }
        return text.utf8
    }

    /// As a stranger would run them: from the file alone.
    private func load(_ file: VectorFile) throws -> [Map] {
        let text = Array(try file.committed().utf8)
        guard case .array(let vectors) = try Value(json: text.span) else { return [] }
        return vectors.compactMap { if case .map(let map) = $0 { map } else { nil } }
    }

    @Test("for values hold, read from the file") func values() throws {
        for vector in try load(.values) {
            var outcomes: [Decoded] = []
            if let input = hexadecimal(vector["messagePack"]) {
                outcomes.append(Decoded(messagePack: input))
            }
            if let input = text(vector["json"]) { outcomes.append(Decoded(json: input)) }
            if let input = hexadecimal(vector["jsonBytes"]) {
                outcomes.append(Decoded(json: input))
            }
            #expect(!outcomes.isEmpty)
            for outcome in outcomes {
                switch outcome {
                case .value(let value):
                    if let due = vector["value"] { #expect(value == due) }
                    #expect(vector["error"] == nil, "\(vector["id"] ?? .null)")
                    let canonical = vector["canonicalMessagePack"] ?? vector["messagePack"]
                    if let canonical = hexadecimal(canonical) {
                        #expect(value.messagePack == canonical)
                    }
                    if let canonical = text(vector["canonicalJSON"] ?? vector["json"]) {
                        #expect(value.json == canonical)
                    }
                case .error(let reason, let offset):
                    #expect(vector["error"] == .text("\(reason)"))
                    #expect(vector["offset"] == .integer(Int64(offset)))
                }
            }
        }
    }

    @Test("for messages hold, read from the file") func messages() throws {
        for vector in try load(.messages) {
            for encoding in Encoding.allCases {
                let (name, canonicalName): (Text, Text) =
                    encoding == .json
                    ? ("json", "canonicalJSON") : ("messagePack", "canonicalMessagePack")
                let read = encoding == .json ? text : hexadecimal
                guard let input = read(vector[name]) else { continue }
                switch Message.decoded(input, encoding) {
                case .success(let message):
                    #expect(vector["kind"] == .text(message.kind.name))
                    #expect(message.encoded(encoding) == read(vector[canonicalName]) ?? input)
                case .failure(.unknown(let name)):
                    #expect(vector["error"] == "unknown")
                    let key: Text = encoding == .json ? "jsonName" : "messagePackName"
                    #expect(vector[key] == .text(name))
                case .failure(.field(let name)):
                    #expect(vector["error"] == "field")
                    #expect(vector["field"] == .text(name))
                case .failure(.malformed(let error)):
                    #expect(vector["error"] == .text("\(error.reason)"), "\(vector["id"] ?? .null)")
                    #expect(vector["offset"] == .integer(Int64(error.offset)))
                }
            }
        }
    }

    @Test("for diffs hold, read from the file, in both encodings") func diffs() throws {
        for vector in try load(.diffs) {
            guard let frame = hexadecimal(vector["messagePack"]), let json = text(vector["json"]),
                case .map(let before)? = vector["before"],
                case .array(let names)? = vector["names"],
                case .number(let held)? = vector["held"]
            else { continue }
            let definitions = names.compactMap { entry -> Diff.Definition? in
                guard case .array(let pair) = entry, case .number(let alias) = pair[0],
                    case .text(let name) = pair[1]
                else { return nil }
                return Diff.Definition(alias: UInt32(alias.uint64 ?? 0), name: name)
            }
            var first = Mirror(keepsHash: true)
            first.reset(to: before, version: held.uint64 ?? 0)
            var second = first
            first.define(definitions)
            var reader = MessagePackReader(frame.span)
            let head = try MessageHead(&reader)
            let number = try reader.readInteger()
            #expect(number == 300)
            let verdict = try first.apply(&reader, fields: head.fields)
            try reader.finish()
            guard case .diff(let diff) = try Message(json: json.span) else { continue }
            let verdictOfJSON = second.apply(diff)
            #expect(verdictOfJSON == verdict)
            #expect(vector["verdict"] == .text("\(verdict)"))
            for mirror in [first, second] {
                #expect(vector["after"] == .map(mirror.document), "\(vector["id"] ?? .null)")
                #expect(vector["hash"] == .text(mirror.hash.hex))
                #expect(vector["version"] == .unsigned(mirror.version))
            }
        }
    }

    @Test("cut at any byte are refused, or are numbers that end earlier") func cut() throws {
        for vector in try load(.values) where vector["error"] == nil {
            if let input = hexadecimal(vector["messagePack"]) {
                for end in input.indices {
                    guard case .error(.truncated, _) = Decoded(messagePack: Array(input[..<end]))
                    else {
                        Issue.record("\(vector["id"] ?? .null) cut at \(end)")
                        continue
                    }
                }
            }
            guard let input = text(vector["json"]) else { continue }
            for end in input.indices {
                if case .value(let value) = Decoded(json: Array(input[..<end])),
                    case .number = value
                {
                    continue
                }
                guard case .error = Decoded(json: Array(input[..<end])) else {
                    // Only the white space behind it was cut.
                    #expect(Decoded(json: Array(input[..<end])) == Decoded(json: input))
                    continue
                }
            }
        }
    }
}
