import Testing

@testable import Wire

@Suite("The hash of a view (rule 24)") struct ViewHashTests {
    /// Published vectors of MurmurHash3_x86_32: input, seed, result.
    @Test(
        "Each lane is MurmurHash3 with a seed of its own",
        arguments: [
            ("", 0, 0), ("", 1, 0x514e_28b7), ("", 0xffff_ffff, 0x81f1_6f39),
            ("ffffffff", 0, 0x7629_3b50), ("21436587", 0, 0xf55b_516b),
            ("21436587", 0x5082_edee, 0x2362_f9de), ("214365", 0, 0x7e4a_8634),
            ("2143", 0, 0xa0f7_b07a), ("21", 0, 0x7266_1cf4), ("00000000", 0, 0x2362_f9de),
            ("000000", 0, 0x85f0_b427), ("0000", 0, 0x30f4_c306), ("00", 0, 0x514e_28b7),
            // "Hello, world!"
            ("48656c6c6f2c20776f726c6421", 0x9747_b28c, 0x2488_4cba),
        ] as [(String, UInt32, UInt32)])
    func published(_ input: String, _ seed: UInt32, _ result: UInt32) {
        var digest = Digest(seeds: (seed, ~seed))
        for byte in bytes(input) { digest.add(byte: byte) }
        #expect(digest.finished().0 == result)
        var other = Digest(seeds: (~seed, seed))
        for byte in bytes(input) { other.add(byte: byte) }
        #expect(other.finished().1 == result)
    }

    @Test("So for a text whose length is no multiple of four") func publishedText() {
        var digest = Digest(seeds: (0x9747_b28c, 0))
        for byte in "The quick brown fox jumps over the lazy dog".utf8 { digest.add(byte: byte) }
        #expect(digest.finished().0 == 0x2fa8_26cd)
    }

    @Test("A leaf is its path and its value as bytes") func leaf() {
        var digest = Digest()
        // "ab" / "c" = 1.5
        for byte in bytes("00000002 6162 00000001 63 cb 3ff8000000000000") {
            digest.add(byte: byte)
        }
        #expect(ViewHash.leaf(["ab", "c"], .double(1.5) ?? .null) == ViewHash(digest))
    }

    @Test("Every value has bytes of its own") func valuesDiffer() {
        let custom = Custom(type: 5, data: [1]).map { Value.custom($0) } ?? .null
        let values: [Value] = [
            .null, false, true, 0, 1, -1, .unsigned(.max), .integer(1 << 53), .integer(1 << 53 | 1),
            "", "1", .bytes([]), .bytes([0x31]), .time(WallTime(seconds: 1)),
            .time(WallTime(seconds: 0, nanoseconds: 1)), custom, [], [[]], [1], [1, 1], [:],
            [["a": 1]], [["a": [:]]], Value.double(0.5) ?? .null, "a text of more than 15 bytes",
        ]
        var seen: Set<ViewHash> = []
        for value in values { seen.insert(ViewHash.leaf(["a"], value)) }
        #expect(seen.count == values.count)
        #expect(ViewHash.leaf(["ab", "c"], 1) != ViewHash.leaf(["a", "bc"], 1))
    }

    @Test("The order of leaves does not matter, and the empty view's hash is zero") func sum() {
        #expect(ViewHash(of: Map()).word == 0)
        let document = Samples.nested(["b": 1, "a": ["x": [:], "y": [1, "é"]]])
        var sum = ViewHash()
        sum.add(ViewHash.leaf(["b"], 1))
        sum.add(ViewHash.leaf(["a", "y"], [1, "é"]))
        sum.add(ViewHash.leaf(["a", "x"], [:]))
        #expect(ViewHash(of: document) == sum)
        sum.subtract(sum)
        #expect(sum == ViewHash())
    }

    @Test("It travels as sixteen hexadecimal digits") func hexadecimal() {
        let hash = ViewHash(0x0123_4567_89ab_cdef)
        #expect(hash.hex == "0123456789abcdef")
        #expect(ViewHash(hex: "0123456789abcdef") == hash)
        for bad in [
            "", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0x23456789abcdef",
        ] {
            #expect(ViewHash(hex: Text(bad)) == nil)
        }
        #expect(ViewHash(hash.word) == hash)
    }
}
