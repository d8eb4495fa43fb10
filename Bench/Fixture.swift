import Foundation
import Wire

/// The documents that every measurement shares (rule 35), from `Bench/Fixture`.
struct Fixture {
    /// Sixty fields about a support desk, about 1,200 bytes of JSON.
    let metrics: Document
    /// One row of the desk's table of sessions.
    let session: Document
    /// One message that a customer wrote.
    let chat: Document

    var documents: [Document] { [metrics, session, chat] }

    struct Document {
        let name: String
        /// Without white space, keys in the order of their bytes.
        let json: [UInt8]
        let messagePack: [UInt8]
        let value: Value
    }

    init() throws {
        metrics = try Fixture.load("metrics")
        session = try Fixture.load("session")
        chat = try Fixture.load("chat")
    }

    private static func load(_ name: String) throws -> Document {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixture/\(name).json")
        var json = [UInt8](try Data(contentsOf: file))
        if json.last == UInt8(ascii: "\n") { json.removeLast() }
        let value = try Value(json: json.span)
        return Document(name: name, json: json, messagePack: value.messagePack, value: value)
    }
}
