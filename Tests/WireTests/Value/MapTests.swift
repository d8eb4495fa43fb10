import Testing
import Wire

@Suite("Map") struct MapTests {
    @Test("Entries stand in the order of their keys' bytes, whatever the order of insertion")
    func ordered() {
        var map = Map()
        for key in ["b", "é", "", "a", "ab", "B"] as [Text] { map[key] = .text(key) }
        #expect(map.entries.map { $0.key } == ["", "B", "a", "ab", "b", "é"])
        #expect(Map(map.entries.reversed()) == map)
    }

    @Test("A key stands once") func once() {
        var map = Map()
        map["a"] = 1
        map["a"] = 2
        #expect(map.count == 1)
        #expect(map["a"] == 2)
        #expect(Map([.init(key: "a", value: 1), .init(key: "a", value: 1)]) == nil)
    }

    @Test("Setting nothing removes, and removing what is absent does nothing") func removal() {
        var map = Map()
        map["a"] = nil
        #expect(map.isEmpty)
        map["a"] = .null
        #expect(map["a"] == .null)
        map["a"] = nil
        #expect(map == Map())
    }

    @Test("A map behaves as a dictionary would, over a thousand random changes") func model() {
        var random = Seeded(1)
        var map = Map()
        var model: [Text: Value] = [:]
        for _ in 0..<1_000 {
            let key = Text(String(random.below(40)))
            let value: Value? = random.below(3) == 0 ? nil : .integer(Int64(random.below(9)))
            map[key] = value
            model[key] = value
            #expect(map.count == model.count)
            #expect(map[key] == model[key])
        }
        #expect(map.entries.map { $0.key } == model.keys.sorted())
    }
}
