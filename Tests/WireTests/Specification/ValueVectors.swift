import Wire

extension VectorFile {
    /// Values: canonical in both encodings, other forms that are read, and what is refused.
    static let values: VectorFile = {
        var file = VectorFile("values")
        for (hexadecimal, value) in FormatTests.canonical where hexadecimal.utf8.count < 700 {
            file.addCanonical(value, hexadecimal)
        }
        for (_, value) in JSONTagTests.tagged { file.addCanonical(value, nil) }
        for (hexadecimal, value) in FormatTests.longer {
            file.add(
                "E10", "read, though not the canonical form: " + form(bytes(hexadecimal)),
                [
                    "messagePack": .text(hexadecimal), "value": value,
                    "canonicalMessagePack": .hex(value.messagePack),
                ])
        }
        for (text, value) in JSONReaderTests.plain where Array(text.utf8) != value.json {
            file.add(
                "E20", "JSON that is read, though not the canonical form",
                [
                    "json": .text(text), "value": value,
                    "canonicalJSON": .string(value.json),
                ])
        }
        for (hexadecimal, reason, offset) in FormatTests.faults {
            file.add(
                rule(reason), "MessagePack refused: " + explanation(reason),
                [
                    "messagePack": .text(hexadecimal), "error": .text("\(reason)"),
                    "offset": .integer(Int64(offset)),
                ])
        }
        for (text, reason, offset) in JSONReaderTests.faults {
            file.add(
                rule(reason), "JSON refused: " + explanation(reason),
                [
                    "json": .text(text), "error": .text("\(reason)"),
                    "offset": .integer(Int64(offset)),
                ])
        }
        for text in JSONTagTests.malformedTags {
            file.add(
                "E33", "JSON refused: " + explanation(.malformedTag),
                ["json": .text(text), "error": "malformedTag", "offset": 0])
        }
        for input in ["22c32822", "22eda08022", "22f490808022", "22c0af22", "22e28222"] {
            file.add(
                "E4", "JSON refused: " + explanation(.invalidUTF8),
                ["jsonBytes": .text(input), "error": "invalidUTF8", "offset": 1])
        }
        file.addEdges()
        return file
    }()

    /// Where a rule just holds and just does not. New vectors come last: an id is a place.
    private mutating func addEdges() {
        for input in ["22e0808022", "22e09fbf22", "22f080808022", "22f08fbfbf22", "22ff22"] {
            add(
                "E4", "JSON refused: " + VectorFile.explanation(.invalidUTF8),
                ["jsonBytes": .text(Text(input)), "error": "invalidUTF8", "offset": 1])
        }
        for input in ["a3e08080", "a3e09fbf", "a3eda080", "a4f0808080", "a4f4908080", "a1ff"] {
            add(
                "E4", "MessagePack refused: " + VectorFile.explanation(.invalidUTF8),
                ["messagePack": .text(Text(input)), "error": "invalidUTF8", "offset": 1])
        }
        for depth in [64, 65] {
            let packed = String(repeating: "91", count: depth - 1) + "90"
            let json = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            if depth == 64 {
                add(
                    "E6", "as deep as may be; the value itself would be too deep for this file",
                    ["messagePack": .text(Text(packed)), "json": .text(Text(json))])
                continue
            }
            add(
                "E6", "a level too deep",
                ["messagePack": .text(Text(packed)), "error": "tooDeep", "offset": 64])
            add(
                "E6", "a level too deep",
                ["json": .text(Text(json)), "error": "tooDeep", "offset": 64])
        }
    }

    private mutating func addCanonical(_ value: Value, _ hexadecimal: String?) {
        add(
            "E3", "canonical in both encodings: " + VectorFile.form(value.messagePack),
            [
                "messagePack": .hex(value.messagePack), "json": .string(value.json), "value": value,
            ])
    }

    /// The name that MessagePack's specification gives to the form that begins here.
    static func form(_ bytes: [UInt8]) -> String {
        switch bytes[0] {
        case ..<0x80: "positive fixint"
        case ..<0x90: "fixmap"
        case ..<0xa0: "fixarray"
        case ..<0xc0: "fixstr"
        case 0xe0...: "negative fixint"
        case let head:
            [
                "nil", "never used", "false", "true", "bin 8", "bin 16", "bin 32", "ext 8",
                "ext 16", "ext 32", "float 32", "float 64", "uint 8", "uint 16", "uint 32",
                "uint 64", "int 8", "int 16", "int 32", "int 64", "fixext 1", "fixext 2",
                "fixext 4", "fixext 8", "fixext 16", "str 8", "str 16", "str 32", "array 16",
                "array 32", "map 16", "map 32",
            ][Int(head - 0xc0)]
        }
    }

    static func rule(_ reason: DecodeError.Reason) -> Text {
        switch reason {
        case .invalidUTF8: "E4"
        case .duplicateKey, .keyNotText: "E5"
        case .tooDeep: "E6"
        case .numberNotFinite: "E8"
        case .numberOutOfRange: "E7"
        case .malformedTime: "E12"
        case .trailingBytes: "E13"
        case .truncated: "E14"
        case .malformedTag: "E33"
        case .malformedNumber, .loneSurrogate, .unknownEscape, .controlCharacter: "E20"
        case .unexpectedByte: "E15"
        case .wrongKind, .missingField, .unknownMessage, .unknownAlias, .tooMany: "E16"
        }
    }

    static func explanation(_ reason: DecodeError.Reason) -> String {
        switch reason {
        case .truncated: "it ends inside a value, or promises more than is there"
        case .trailingBytes: "something follows the value"
        case .tooDeep: "nested deeper than 64 levels"
        case .unexpectedByte: "a byte that begins nothing there"
        case .invalidUTF8: "not UTF-8"
        case .duplicateKey: "a key comes again; the offset is where"
        case .keyNotText: "a key that is not a text"
        case .numberNotFinite: "NaN, an infinity, or too large for a double"
        case .numberOutOfRange: "an integer outside Int64.min to UInt64.max, or to the limit"
        case .malformedNumber: "digits that JSON's grammar does not allow"
        case .loneSurrogate: "half of a surrogate pair"
        case .unknownEscape: "an escape that JSON does not have"
        case .controlCharacter: "a control character without an escape"
        case .malformedTag: "a tag whose content is not of its one form"
        case .malformedTime: "a time with a second or more of nanoseconds, or of another length"
        case .wrongKind: "a value of another kind than the place asks for"
        case .missingField: "a field that must be there is not"
        case .unknownMessage: "a message of a kind that is not known"
        case .unknownAlias: "an alias without a definition"
        case .tooMany: "more than the limit"
        }
    }
}
