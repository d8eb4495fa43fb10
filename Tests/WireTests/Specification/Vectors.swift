import Foundation
import Testing
import Wire

/// The files of `spec/vectors`, each an array with one vector a line, made from Wire and compared
/// with what is committed. `UPDATE_VECTORS=1 swift test --filter VectorTests` writes them anew;
/// whoever does so says in the commit which rule changed.
struct VectorFile {
    let name: String
    private(set) var vectors: [Map] = []

    init(_ name: String) { self.name = name }

    /// Adds a vector; its id is its place in the file.
    mutating func add(_ rule: Text, _ comment: String, _ fields: KeyValuePairs<Text, Value?>) {
        var vector = Map()
        let letter = name.prefix(1).uppercased()
        vector["id"] = .text("\(letter)V\(vectors.count + 1)")
        vector["rules"] = .array([.text(rule)])
        vector["comment"] = .text(comment)
        for (key, value) in fields { vector[key] = value }
        vectors.append(vector)
    }

    var text: String {
        let lines = vectors.map { String(decoding: Value.map($0).json, as: UTF8.self) }
        return "[\n" + lines.joined(separator: ",\n") + "\n]\n"
    }

    private var url: URL {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../spec/vectors/\(name).json").standardizedFileURL
    }

    /// What is committed, or what has just been written.
    func committed() throws -> String {
        if ProcessInfo.processInfo.environment["UPDATE_VECTORS"] != nil {
            try Data(text.utf8).write(to: url, options: .atomic)
        }
        return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}

extension Value {
    /// Bytes as they stand in a vector: hexadecimal digits.
    static func hex(_ bytes: [UInt8]) -> Value {
        .text(Text(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()))
    }

    static func string(_ bytes: [UInt8]) -> Value {
        Text(utf8: bytes.span).map { .text($0) } ?? .null
    }
}
