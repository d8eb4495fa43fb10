import Foundation
import Testing

@testable import Wire

/// `spec/catalogue.json`, from which tables, JSON Schema and AsyncAPI document are made,
/// is what Wire does.
@Suite("The catalogue of the specification") struct CatalogueTests {
    private static func catalogue() throws -> Step {
        let url = ExampleTests.folder.appending(path: "catalogue.json")
        let bytes = Array(try Data(contentsOf: url))
        return Step(try Value(json: bytes.span)) ?? Step([:])
    }

    private static func messages() throws -> [Step] {
        try catalogue().list("messages").compactMap { Step($0) }
    }

    @Test("has every message, with its code and its fields in their order") func messages() throws {
        let messages = try Self.messages()
        #expect(messages.count == Message.Kind.allCases.count)
        for (message, kind) in zip(messages, Message.Kind.allCases) {
            #expect(message.text("type") == kind.name.string)
            #expect(message.number("code") == UInt64(kind.rawValue))
            // A diff has a form of its own; its JSON is compared by the vectors.
            if kind == .diff { continue }
            let names = message.list("fields").compactMap { Step($0)?.text("name") }
            let samples = Samples.all.filter { $0.kind == kind }
            #expect(!samples.isEmpty)
            for sample in samples {
                var list = FieldList()
                sample.put(&list)
                // `publish` writes an event, its last field, only where there is one.
                #expect(names.starts(with: list.items.map { $0.name.string }), "\(kind)")
                #expect(names.count <= list.items.count + 1, "\(kind)")
            }
        }
    }

    /// Each required field, left out of an example, makes the message void; every other does not.
    @Test("tells which fields must be there") func required() throws {
        for message in try Self.messages() {
            guard case .map(let example)? = message["example"] else { continue }
            for field in message.list("fields").compactMap({ Step($0) }) {
                guard let name = field.text("name") else { continue }
                var data = example
                data[Text(name)] = nil
                let envelope: Value = ["type": message["type"] ?? .null, "data": .map(data)]
                let outcome = Message.decoded(envelope.json, .json)
                if field.flag("required") {
                    #expect(outcome == .failure(.field(Text(name))), "\(message["type"] ?? .null)")
                } else if case .failure = outcome {
                    Issue.record("\(message["type"] ?? .null) needs \(name)")
                }
            }
        }
    }

    @Test("tells which field makes the wrong example wrong") func wrong() throws {
        for message in try Self.messages() {
            guard let wrong = message.step("wrong"), let field = wrong.text("field") else {
                Issue.record("\(message["type"] ?? .null) has no wrong example")
                continue
            }
            let envelope: Value = [
                "type": message["type"] ?? .null, "data": wrong["data"] ?? .null,
            ]
            let outcome = Message.decoded(envelope.json, .json)
            #expect(outcome == .failure(.field(Text(field))), "\(message["type"] ?? .null)")
        }
    }

    @Test("has every code that the source knows, and no other") func codes() throws {
        let url = ExampleTests.folder.appending(path: "../Sources/Wire/Message/Code.swift")
        let source = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        let known = source.matches(of: /static let \w+ = Code\(rawValue: (\d+)\)/).map {
            UInt64($0.output.1)
        }
        let told = try Self.catalogue().list("codes").map { Step($0)?.number("code") }
        #expect(known.count > 30)
        #expect(told == known)
    }

    @Test("has the terms, with their defaults") func terms() throws {
        let defaults = Terms().map
        let terms = try Self.catalogue().list("terms").compactMap { Step($0) }
        #expect(terms.count == defaults.count)
        for term in terms {
            #expect(term["default"] == defaults[Text(term.text("name") ?? "")])
        }
    }

    @Test("says of each message whether clients send it, as a server has it") func senders() throws
    {
        for message in try Self.messages() {
            guard
                let sample = Samples.all.first(where: {
                    $0.kind.name.string == message.text("type")
                })
            else { continue }
            let start = Instant(nanoseconds: 0)
            var session = ServerSession(connection: "c", terms: Terms(), now: start)
            _ = session.received(.open(Open()), now: start)
            _ = session.received(.authenticate(Authenticate(token: "t")), now: start)
            _ = session.accepted(principal: "p", tenant: "t", lifetime: nil, now: start)
            let reaction = session.received(sample, now: start)
            let isRefused =
                if case .answer(.error(let problem)) = reaction {
                    problem.code == .unexpectedMessage
                } else { false }
            // These two come once, before; here they are out of place.
            let isOpening = sample.kind == .open || sample.kind == .authenticate
            let clientsSend = message.list("from").contains("client")
            #expect(isRefused == (!clientsSend || isOpening), "\(sample.kind)")
        }
    }
}
