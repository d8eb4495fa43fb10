import Foundation
import Wire

/// The encodings of Wire, each against the best of its kind on the same documents.
func encodingMeasurements(_ fixture: Fixture) throws -> [Measurement] {
    let contests =
        fixture.documents.map(messagePackEncoding)
        + fixture.documents.map(messagePackDecoding)
        + [
            try jsonDecoding(fixture.metrics, as: Metrics.self),
            try jsonDecoding(fixture.session, as: Session.self),
            try jsonDecoding(fixture.chat, as: Chat.self),
            try jsonEncoding(fixture.metrics, as: Metrics.self),
            try jsonEncoding(fixture.session, as: Session.self),
            try jsonEncoding(fixture.chat, as: Chat.self),
        ]
        + [jansson(fixture)]
    return contests.map(\.measurement)
}

/// Both from the same values into memory that is kept from one document to the next.
private func messagePackEncoding(_ document: Fixture.Document) -> Contest {
    let ours = SharedWriter()
    let theirs = MsgpackEncoder()
    return Contest(
        name: "wire.messagepack.encode.\(document.name)", peer: "msgpack-c",
        ours: { ours.pack(document.value) },
        theirs: { theirs.encode(document.value) })
}

/// A writer that closures can share.
private final class SharedWriter {
    private var writer = Writer(capacity: 4_096)

    func pack(_ value: Value) {
        writer.clear()
        writer.pack(value)
        consume(writer.count)
    }

    func writeJSON(_ value: Value) {
        writer.clear()
        writer.writeJSON(value)
        consume(writer.count)
    }
}

/// Both into the same values.
private func messagePackDecoding(_ document: Fixture.Document) -> Contest {
    let bytes = document.messagePack
    let theirs = MsgpackDecoder()
    return Contest(
        name: "wire.messagepack.decode.\(document.name)", peer: "msgpack-c",
        ours: { consume(try Value(messagePack: bytes.span)) },
        theirs: { consume(try theirs.decode(bytes)) })
}

/// Ours into values, Foundation's into structs made for the document.
private func jsonDecoding<Structure: Codable>(
    _ document: Fixture.Document, as structure: Structure.Type
) throws -> Contest {
    let bytes = document.json
    let data = Data(bytes)
    let decoder = JSONDecoder()
    return Contest(
        name: "wire.json.decode.\(document.name)", peer: "Foundation",
        ours: { consume(try Value(json: bytes.span)) },
        theirs: { consume(try decoder.decode(Structure.self, from: data)) })
}

private func jsonEncoding<Structure: Codable>(
    _ document: Fixture.Document, as structure: Structure.Type
) throws -> Contest {
    let ours = SharedWriter()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let value = try JSONDecoder().decode(Structure.self, from: Data(document.json))
    return Contest(
        name: "wire.json.encode.\(document.name)", peer: "Foundation",
        ours: { ours.writeJSON(document.value) },
        theirs: { consume(try encoder.encode(value)) })
}

/// The three documents one after the other, each into a tree that is freed again.
private func jansson(_ fixture: Fixture) -> Contest {
    let documents = fixture.documents.map(\.json)
    return Contest(
        name: "wire.json.jansson", peer: "jansson",
        ours: { for bytes in documents { consume(try Value(json: bytes.span)) } },
        theirs: { for bytes in documents { try readWithJansson(bytes) } })
}
