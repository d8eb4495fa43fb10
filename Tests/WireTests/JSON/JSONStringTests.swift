import Testing
import Wire

@Suite("JSON strings") struct JSONStringTests {
    private func read(_ json: [UInt8]) throws(DecodeError) -> Value { try Value(json: json.span) }

    private func failure(_ json: [UInt8]) -> DecodeError? {
        do throws(DecodeError) {
            _ = try read(json)
            return nil
        } catch {
            return error
        }
    }

    private static let pieces = [
        "a", "name of eight", "\"", "\\", "/", "\n", "\u{1}", "\u{7f}", "é", "¿", "€", "🙏",
        "e\u{301}",
    ]

    @Test("Every pair of characters comes back, wherever the words of eight bytes begin")
    func pairs() throws {
        for first in Self.pieces {
            for second in Self.pieces {
                for padding in 0..<18 {
                    let text = String(repeating: "x", count: padding) + first + second
                    let value = Value.text(text)
                    #expect(try read(value.json) == value)
                }
            }
        }
    }

    @Test("An escape may stand for any character") func escapes() throws {
        let json = #""\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude4f\u0000 and more than a word""#
        let text = "\"\\/\u{8}\u{c}\n\r\tAé€🙏\0 and more than a word"
        #expect(try read(Array(json.utf8)) == .text(text))
    }

    @Test("A string that ends early is said to be cut off, at any length") func truncated() {
        let json = Value.text("plain, ¿not plain?, \"quoted\"\n").json
        for length in 1..<json.count {
            #expect(failure(Array(json[..<length]))?.reason == .truncated)
        }
    }

    @Test("A fault is found where it stands, whatever stands before and behind")
    func faults() {
        let faults: [([UInt8], DecodeError.Reason)] = [
            ([0x0a], .controlCharacter), ([0x00], .controlCharacter), ([0x1f], .controlCharacter),
            ([0xff], .invalidUTF8), ([0xc0, 0x80], .invalidUTF8),
            ([0xed, 0xa0, 0x80], .invalidUTF8),
            ([0xe2, 0x82], .invalidUTF8), ([0xf4, 0x90, 0x80, 0x80], .invalidUTF8),
            (Array(#"\x"#.utf8), .unknownEscape), (Array(#"\ud800"#.utf8), .loneSurrogate),
            (Array(#"\udc00"#.utf8), .loneSurrogate),
        ]
        let prefixes = ["", "é", #"\n"#, #"é\né"#]
        for (bytes, reason) in faults {
            for prefix in prefixes {
                for padding in 0..<18 {
                    let before =
                        Array(("\"" + prefix).utf8) + [UInt8](repeating: 0x78, count: padding)
                    let json = before + bytes + Array("tail\"".utf8)
                    #expect(failure(json) == DecodeError(reason, at: before.count))
                }
            }
        }
    }
}
