import Testing
import Wire

@Suite("Text") struct TextTests {
    /// Around the borders of the short form, with zeros inside and bytes above 0x7f.
    static let samples: [[UInt8]] =
        (0...18).flatMap { length -> [[UInt8]] in
            let base = [UInt8](repeating: 0x61, count: length)
            guard length > 0 else { return [base] }
            var zero = base
            zero[length - 1] = 0
            var high = base
            high[length - 1] = 0x7f
            var first = base
            first[0] = 0x62
            return [base, zero, high, first]
        } + [Array("é".utf8), Array("aaaaaaé".utf8), Array("aaaaaaaaaaaaaé".utf8), [0], [0, 0]]

    @Test("Texts are equal and ordered by their bytes, whatever their length")
    func orderedByBytes() {
        for a in TextTests.samples {
            for b in TextTests.samples {
                guard let x = Text(utf8: a.span), let y = Text(utf8: b.span) else {
                    Issue.record("not UTF-8")
                    return
                }
                #expect((x == y) == (a == b))
                #expect((x < y) == a.lexicographicallyPrecedes(b), "\(a) \(b)")
                if x == y { #expect(x.hashValue == y.hashValue) }
            }
        }
    }

    @Test("What goes in comes out") func bytesAreKept() {
        for a in TextTests.samples {
            #expect(Text(utf8: a.span)?.utf8 == a)
            #expect(Text(utf8: a.span)?.count == a.count)
            #expect(Text(String(decoding: a, as: UTF8.self)).utf8 == a)
            // In the middle of other bytes, where more can be loaded than belongs to it.
            let packed = Value.text(String(decoding: a, as: UTF8.self)).messagePack
            let longer = [0x93] + packed + packed + [0xc0]
            let text = Value.text(String(decoding: a, as: UTF8.self))
            #expect(Decoded(messagePack: longer) == .value(.array([text, text, .null])))
        }
    }

    @Test("Canonically equivalent texts of different bytes are different texts") func byBytes() {
        #expect("é" == "e\u{301}" as String)
        #expect(Text("é") != Text("e\u{301}"))
    }

    @Test(
        "What is not UTF-8 is no text",
        arguments: [
            "80", "bf", "c0 80", "c1 bf", "c2", "c2 20", "e0 80 80", "e0 9f bf", "e1 80",
            "ed a0 80",
            "ed bf bf", "ef bf", "f0 80 80 80", "f0 8f bf bf", "f4 90 80 80", "f5 80 80 80",
            "f8 88 80 80 80", "fe", "ff", "f0 9f 99", "f0 9f 99 20", "e2 82 20", "e2 28 a1",
        ])
    func invalid(_ sequence: String) {
        let bad = bytes(sequence)
        for lead in [0, 1, 7, 8, 9, 15, 16, 20] {
            let whole = [UInt8](repeating: 0x61, count: lead) + bad
            #expect(Text(utf8: whole.span) == nil)
            let packed = [0xd9, UInt8(whole.count)] + whole
            #expect(Decoded(messagePack: packed) == .error(.invalidUTF8, 2 + lead))
            let quoted = [0x22] + whole + [0x22]
            #expect(Decoded(json: quoted) == .error(.invalidUTF8, 1 + lead))
        }
    }

    @Test("Every Unicode scalar is text, every surrogate is not") func everyScalar() {
        for code in UInt32(0)...0x10ffff {
            guard let scalar = Unicode.Scalar(code) else { continue }
            let utf8 = Array(String(Character(scalar)).utf8)
            if Text(utf8: utf8.span) == nil { Issue.record("U+\(code)") }
        }
        for code in 0xd800...0xdfff {
            let low = UInt8(0x80 | code & 0x3f)
            let utf8 = [0xed, UInt8(0x80 | code >> 6 & 0x3f), low]
            if Text(utf8: utf8.span) != nil { Issue.record("surrogate \(code)") }
        }
    }
}
