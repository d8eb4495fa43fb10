/// The path segments that a document's nodes use, each kept once and counted.
struct Names: Sendable {
    private struct Entry: Sendable {
        var text: Text
        var uses: Int32
    }

    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var table = SlotTable()
    private let seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    subscript(id: Int32) -> Text { entries[Int(id)].text }

    private func hash(_ text: Text) -> UInt32 {
        switch text.storage {
        case .short(let first, let second): return mixed(first, second, seed: seed)
        case .long(let bytes):
            var state = seed
            var i = 0
            while i + 8 <= bytes.count {
                state =
                    UInt64(mixed(bytes.span.bigEndian64(at: i), state, seed: seed)) ^ state << 32
                i += 8
            }
            var rest: UInt64 = UInt64(bytes.count)
            for byte in bytes[i...] { rest = rest << 8 | UInt64(byte) }
            return mixed(rest, state, seed: seed)
        }
    }

    func find(_ text: Text) -> Int32? {
        table.find(hash(text)) { entries[Int($0)].text == text }
    }

    /// The name's number, made if need be, with one use more.
    mutating func use(_ text: Text) -> Int32 {
        if let id = find(text) {
            entries[Int(id)].uses += 1
            return id
        }
        let entry = Entry(text: text, uses: 1)
        let id: Int32
        if let reused = free.popLast() {
            id = reused
            entries[Int(id)] = entry
        } else {
            id = Int32(entries.count)
            entries.append(entry)
        }
        table.insert(hash(text), id)
        return id
    }

    /// One use more of a name that is in use.
    mutating func use(again id: Int32) { entries[Int(id)].uses += 1 }

    /// One use less; true when that was the last and the number may come again for another name.
    @discardableResult
    mutating func release(_ id: Int32) -> Bool {
        entries[Int(id)].uses -= 1
        guard entries[Int(id)].uses == 0 else { return false }
        table.remove(hash(entries[Int(id)].text), id)
        entries[Int(id)].text = Text()
        free.append(id)
        return true
    }
}
