import Testing
import Wire

@testable import Probe

@Suite("The naive second mirror") struct NaiveMirrorTests {
    private func bytes(_ message: Message) -> [UInt8] {
        var writer = Writer()
        message.write(messagePack: &writer)
        return writer.bytes()
    }

    /// Patches of every kind, over a tree small enough that they meet all the time.
    private func patch(_ generator: inout SeededGenerator) -> Patch {
        let names: [Text] = ["a", "b", "a longer name than fifteen bytes", "µ"]
        func path() -> [Text] {
            (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                names.randomElement(using: &generator) ?? "a"
            }
        }
        func value() -> Value {
            switch Int.random(in: 0...9, using: &generator) {
            case 0: .null
            case 1: .boolean(true)
            case 2: .integer(.random(in: -3...3, using: &generator))
            case 3: .unsigned(.max - .random(in: 0...2, using: &generator))
            case 4: .integer(.min + 1)
            case 5: .double(.random(in: -1e9...1e9, using: &generator)) ?? .null
            case 6: .time(WallTime(seconds: .random(in: -9...1 << 40, using: &generator)))
            case 7: .bytes([1, 2, 3])
            case 8: .array([.text("x"), ["k": 1, "a": [2, nil ?? .null]]])
            default: .map(Map())
            }
        }
        var patch = Patch()
        if Bool.random(using: &generator) { patch.unset = [Path(path())] }
        var set = value()
        for name in path().reversed() {
            var map = Map()
            map[name] = set
            set = .map(map)
        }
        if case .map(let map) = set { patch.set = map }
        return patch
    }

    @Test("agrees with the document's hash after every diff", arguments: 1...20)
    func agrees(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var document = Document()
        let added = document.addView(.everything)
        let view = try #require(added)
        var mirror = NaiveMirror()
        let snapshot = Snapshot(
            view: 0, epoch: "e", version: 0, document: Map(), hash: document.hash(of: view))
        #expect(mirror.received(bytes(.snapshot(snapshot))) == .compared(true))
        for _ in 0..<200 {
            let from = mirror.version
            let patch = patch(&generator)
            do throws(PatchRefusal) {
                _ = try document.apply(patch)
            } catch {
                continue
            }
            var writer = Writer()
            if document.writeDiff(from: from, in: view, number: 0, to: &writer) {
                #expect(mirror.received(writer.bytes()) == .nothing)
            } else {
                continue
            }
            let report = HashReport(
                view: 0, version: document.version, hash: document.hash(of: view))
            try #require(mirror.received(bytes(.hash(report))) == .compared(true))
        }
        #expect(mirror.version > 0)
    }

    @Test("finds a snapshot whose hash is wrong")
    func wrongHash() {
        var mirror = NaiveMirror()
        let snapshot = Snapshot(
            view: 0, epoch: "e", version: 3, document: Value(dictionaryLiteral: ("a", 1)).map,
            hash: ViewHash(7))
        #expect(mirror.received(bytes(.snapshot(snapshot))) == .compared(false))
    }

    @Test(
        "takes no header's word for how much follows",
        arguments: [
            [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdf, 0x7f, 0xff, 0xff, 0xff], [0xdb, 0xff, 0, 0, 0],
            [0xc6, 0xff, 0xff, 0xff, 0xff, 0], [0x92, 0x01], [], [0xc1], [0xd8, 0, 1],
        ] as [[UInt8]])
    func lies(_ bytes: [UInt8]) { #expect(Packed.read(bytes) == nil) }

    @Test("Murmur's own examples") func murmur() {
        #expect(NaiveMirror.murmur([], seed: 1) == 0x514e_28b7)
        #expect(NaiveMirror.murmur([0x21, 0x43, 0x65, 0x87], seed: 0) == 0xf55b_516b)
        #expect(NaiveMirror.murmur([0x21, 0x43, 0x65], seed: 0) == 0x7e4a_8634)
    }
}

extension Value {
    fileprivate var map: Map { if case .map(let map) = self { map } else { Map() } }
}
