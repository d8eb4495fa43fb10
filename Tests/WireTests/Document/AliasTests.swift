import Testing
import Wire

@Suite("Aliases (rule 10)") struct AliasTests {
    /// A reader of one view by frames alone, as a connection would have it.
    private struct Reader {
        var mirror = Mirror(keepsHash: true)

        mutating func take(_ frame: [UInt8]) throws {
            let verdict = try verdict(frame)
            #expect(verdict == .applied)
        }

        mutating func verdict(_ frame: [UInt8]) throws -> Mirror.Verdict {
            var reader = MessagePackReader(frame.span)
            let head = try MessageHead(&reader)
            _ = try reader.readInteger()
            let verdict = try mirror.apply(&reader, fields: head.fields)
            try reader.finish()
            return verdict
        }
    }

    private func frame(_ document: inout Document, from: UInt64, _ view: Document.ViewID) -> [UInt8]
    {
        var writer = Writer()
        return document.writeDiff(from: from, in: view, number: 1, to: &writer)
            ? writer.bytes() : []
    }

    private func set(_ document: inout Document, _ value: Value) throws {
        _ = try document.apply(Patch(set: Samples.nested(value)))
    }

    @Test("A name is told once, and then by number") func toldOnce() throws {
        var document = Document()
        let view = try document.watched(.everything)
        try set(&document, ["temperature": 1])
        let first = frame(&document, from: 0, view)
        #expect(hex(first) == "970b0101019200019092" + "00ab74656d7065726174757265")
        try set(&document, ["temperature": 2])
        try set(&document, ["temperature": 3])
        // The definition was born with version 2, so that a frame from 2 need not carry it.
        let third = frame(&document, from: 2, view)
        #expect(hex(third) == "950b010301920003")
        #expect(document.definitions(after: 1, in: view).count == 1)
        #expect(document.definitions(after: 2, in: view).isEmpty)
    }

    @Test("Whoever comes to a version by any frame knows the names of that version")
    func audiencesOfOneView() throws {
        var document = Document()
        let view = try document.watched(.everything)
        var (fast, slow) = (Reader(), Reader())
        try set(&document, ["a": 1])
        try fast.take(frame(&document, from: 0, view))
        try slow.take(frame(&document, from: 0, view))
        try set(&document, ["b": 1])
        try fast.take(frame(&document, from: 1, view))
        try set(&document, ["b": 2])
        try fast.take(frame(&document, from: 2, view))
        try slow.take(frame(&document, from: 1, view))
        try set(&document, ["b": 3])
        let both = frame(&document, from: 3, view)
        try fast.take(both)
        try slow.take(both)
        #expect(slow.mirror.document == Samples.nested(["a": 1, "b": 3]))
        #expect(fast.mirror.hash == slow.mirror.hash)
    }

    @Test("A name that dies and comes back has another alias, and its number's next name too")
    func deadNames() throws {
        var document = Document(bounds: .init(nodes: 100, tombstones: 0))
        let view = try document.watched(.everything)
        var reader = Reader()
        try set(&document, ["gone": 1, "kept": 1])
        try reader.take(frame(&document, from: 0, view))
        _ = try document.apply(Patch(unset: [["gone"]]))
        try reader.take(frame(&document, from: 1, view))
        document.forgetTombstones(behind: 2)
        try set(&document, ["other": 2])
        try reader.take(frame(&document, from: 2, view))
        try set(&document, ["gone": 3])
        try reader.take(frame(&document, from: 3, view))
        #expect(reader.mirror.document == Samples.nested(["gone": 3, "kept": 1, "other": 2]))
        let names = document.definitions(after: 0, in: view)
        #expect(Set(names.map { $0.alias }).count == names.count)
        #expect(names.map { $0.name.string }.sorted() == ["gone", "kept", "other"])
    }

    @Test("In a collection row keys stay texts and columns have aliases") func rows() throws {
        var document = Document(literalDepth: 1)
        let view = try document.watched(.everything)
        try set(&document, ["r1": ["status": 1]])
        let first = frame(&document, from: 0, view)
        #expect(hex(first) == "970b010101" + "9292a2723100" + "01" + "90" + "9200a6737461747573")
    }

    @Test("Hidden names get no alias until they are seen (rule 10)") func hiddenNames() throws {
        var document = Document()
        let view = try document.watched(Mask(paths: [["open"]]))
        try set(&document, ["open": 1, "secret": ["key": 1]])
        _ = frame(&document, from: 0, view)
        #expect(document.definitions(after: 0, in: view).map { $0.name } == ["open"])
    }

    @Test("Beyond the limit names are told as they are") func limit() throws {
        var document = Document()
        let view = try document.watched(.everything)
        var reader = Reader()
        var map = Map()
        for i in 0..<Document.aliasLimit + 50 { map[Text("field\(i)")] = .integer(Int64(i)) }
        _ = try document.apply(Patch(set: map))
        try reader.take(frame(&document, from: 0, view))
        #expect(reader.mirror.document == map)
        #expect(document.definitions(after: 0, in: view).count == Document.aliasLimit)
    }

    @Test("A frame is ignored, applied or a gap by what is held (rule 7)") func verdicts() throws {
        var document = Document()
        let view = try document.watched(.everything)
        for i in 1...5 { try set(&document, ["a": .integer(Int64(i))]) }
        for held in UInt64(0)...6 {
            for from in UInt64(0)...4 {
                var reader = Reader()
                reader.mirror.reset(to: Map(), version: held)
                reader.mirror.define(document.definitions(after: 0, in: view))
                let verdict = try reader.verdict(frame(&document, from: from, view))
                let expected: Mirror.Verdict =
                    held >= 5 ? .stale : from > held ? .gap : .applied
                #expect(verdict == expected)
                #expect(reader.mirror.version == (expected == .applied ? 5 : held))
                #expect(reader.mirror.fieldCount == (expected == .applied ? 1 : 0))
            }
        }
    }
}
