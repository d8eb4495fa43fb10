import Foundation
import Testing
import Wire

/// A vector that is a sequence: steps with a time, each an input and what must come of it.
/// `spec/vectors/README.md` describes the form.
struct Script {
    let id: String
    let given: Step
    let steps: [Step]
    let map: Step

    /// All of a file of `spec/vectors`.
    static func load(_ name: String) throws -> [Script] {
        try Step.load(name).map { Script($0) }
    }

    private init(_ map: Step) {
        self.map = map
        id = map.text("id") ?? "?"
        given = map.step("given") ?? Step([:])
        steps = map.list("steps").compactMap { Step($0) }
    }
}

/// A map of a vector, read without ceremony.
struct Step {
    let map: Map

    init(_ map: Map) { self.map = map }

    init?(_ value: Value) {
        guard case .map(let map) = value else { return nil }
        self.map = map
    }

    static func load(_ name: String) throws -> [Step] {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../spec/vectors/\(name).json").standardizedFileURL
        let bytes = Array(try Data(contentsOf: url))
        guard case .array(let vectors) = try Value(json: bytes.span) else { return [] }
        return vectors.compactMap { Step($0) }
    }

    subscript(_ name: Text) -> Value? { map[name] }
    func has(_ name: Text) -> Bool { map[name] != nil }

    func text(_ name: Text) -> String? {
        if case .text(let text)? = map[name] { text.string } else { nil }
    }

    func number(_ name: Text) -> UInt64? {
        if case .number(let number)? = map[name] { number.uint64 } else { nil }
    }

    func flag(_ name: Text) -> Bool { map[name] == .boolean(true) }

    func list(_ name: Text) -> [Value] {
        if case .array(let list)? = map[name] { list } else { [] }
    }

    func step(_ name: Text) -> Step? { map[name].flatMap { Step($0) } }

    func numbers(_ name: Text) -> [UInt64] { Step.numbers(map[name]) }

    static func numbers(_ value: Value?) -> [UInt64] {
        guard case .array(let list)? = value else { return [] }
        return list.compactMap { if case .number(let n) = $0 { n.uint64 } else { nil } }
    }

    /// The time of the step, on a clock whose start is not zero.
    var now: Instant { Step.start + .milliseconds(number("at") ?? 0) }

    static let start = Instant(nanoseconds: 5_000_000_000)

    /// A message with its bytes in both encodings.
    func spoken(_ name: Text) throws -> Spoken? { try map[name].map { try Spoken($0) } }

    func allSpoken(_ name: Text) throws -> [Spoken] { try list(name).map { try Spoken($0) } }
}

/// A message as a vector has it: in both encodings, which must be the same message.
struct Spoken {
    let message: Message
    let json: [UInt8]
    let messagePack: [UInt8]

    init(_ value: Value) throws {
        let step = Step(value) ?? Step([:])
        let text = (step["message"] ?? .null).json
        let packed = WireTests.bytes(step.text("messagePack") ?? "")
        let message = try Message(json: text.span)
        #expect(try Message(messagePack: packed.span) == message)
        (self.message, json, messagePack) = (message, text, packed)
    }

    func bytes(_ encoding: Encoding) -> [UInt8] { encoding == .json ? json : messagePack }
}
