/// The hash of one leaf, MurmurHash3 (x86, 32 bits) twice with different seeds over one run of
/// bytes; the hash of a view is the sum of its leaves' in each lane (rule 24).
///
/// The bytes of a leaf: each name of its path as a 32-bit big-endian length and its UTF-8, then
/// the value: a tag byte and its content.
///
///     0xc0 null · 0xc2 false · 0xc3 true
///     0xcb a number that a double holds exactly: its 8 bytes, big-endian
///     0xcf any other number: 32-bit length, decimal digits
///     0xdb text: 32-bit length, UTF-8          0xc6 bytes: 32-bit length, the bytes
///     0xd7 time: 64-bit seconds, 32-bit nanoseconds
///     0xc9 custom: its type, 32-bit length, the data
///     0xdd array: 32-bit count, the elements   0xdf map: 32-bit count, keys as names, values
public struct Digest {
    private var first: UInt32
    private var second: UInt32
    /// Bytes that do not fill a block of four yet, the earliest lowest.
    private var pending: UInt32 = 0
    private var length: UInt32 = 0

    init(seeds: (UInt32, UInt32)) {
        first = seeds.0
        second = seeds.1
    }

    public init() { self.init(seeds: (0x9747_b28c, 0x2545_f491)) }

    @inline(__always)
    mutating func add(byte: UInt8) {
        pending |= UInt32(byte) << (length & 3 &* 8)
        length &+= 1
        if length & 3 == 0 {
            mix(pending)
            pending = 0
        }
    }

    @inline(__always)
    private static func scrambled(_ block: UInt32) -> UInt32 {
        var k = block &* 0xcc9e_2d51
        k = k << 15 | k >> 17
        return k &* 0x1b87_3593
    }

    @inline(__always)
    private mutating func mix(_ block: UInt32) {
        let k = Digest.scrambled(block)
        first ^= k
        first = (first << 13 | first >> 19) &* 5 &+ 0xe654_6b64
        second ^= k
        second = (second << 13 | second >> 19) &* 5 &+ 0xe654_6b64
    }

    @inline(__always)
    mutating func add(word32 word: UInt32) {
        add(byte: UInt8(truncatingIfNeeded: word >> 24))
        add(byte: UInt8(truncatingIfNeeded: word >> 16))
        add(byte: UInt8(truncatingIfNeeded: word >> 8))
        add(byte: UInt8(truncatingIfNeeded: word))
    }

    @inline(__always)
    mutating func add(word64 word: UInt64) {
        add(word32: UInt32(truncatingIfNeeded: word >> 32))
        add(word32: UInt32(truncatingIfNeeded: word))
    }

    public mutating func add(_ bytes: [UInt8]) {
        add(word32: UInt32(bytes.count))
        for byte in bytes { add(byte: byte) }
    }

    public mutating func add(_ bytes: Span<UInt8>) {
        add(word32: UInt32(bytes.count))
        for i in bytes.indices { add(byte: bytes[i]) }
    }

    /// A name of the path, a text, a key: length and bytes.
    public mutating func add(_ text: Text) {
        switch text.storage {
        case .long(let bytes): add(bytes)
        case .short:
            add(word32: UInt32(text.count))
            for i in 0..<text.count { add(byte: text.byte(at: i)) }
        }
    }

    public mutating func add(_ value: Value) {
        switch value {
        case .null: add(byte: 0xc0)
        case .boolean(let flag): add(byte: flag ? 0xc3 : 0xc2)
        case .number(let number): add(number)
        case .text(let text):
            add(byte: 0xdb)
            add(text)
        case .bytes(let bytes):
            add(byte: 0xc6)
            add(bytes)
        case .time(let time):
            add(byte: 0xd7)
            add(word64: UInt64(bitPattern: time.seconds))
            add(word32: time.nanoseconds)
        case .custom(let custom):
            add(byte: 0xc9)
            add(byte: UInt8(bitPattern: custom.type))
            add(custom.data)
        case .array(let elements):
            add(byte: 0xdd)
            add(word32: UInt32(elements.count))
            for element in elements { add(element) }
        case .map(let map):
            add(byte: 0xdf)
            add(word32: UInt32(map.count))
            for entry in map.entries {
                add(entry.key)
                add(entry.value)
            }
        }
    }

    private mutating func add(_ number: Number) {
        if number.isExactDouble {
            add(byte: 0xcb)
            add(word64: number.double.bitPattern)
        } else {
            add(byte: 0xcf)
            add([UInt8](number.decimal.utf8))
        }
    }

    /// Both lanes of what was added.
    func finished() -> (UInt32, UInt32) {
        let k = Digest.scrambled(pending)
        let tail = length & 3 == 0 ? 0 : k
        return (Digest.finish(first ^ tail, length), Digest.finish(second ^ tail, length))
    }

    private static func finish(_ state: UInt32, _ length: UInt32) -> UInt32 {
        var h = state ^ length
        h = (h ^ h >> 16) &* 0x85eb_ca6b
        h = (h ^ h >> 13) &* 0xc2b2_ae35
        return h ^ h >> 16
    }
}

/// The hash of a view at a version: what its leaves sum up to, in no order. The empty view's is 0.
public struct ViewHash: Hashable, Sendable {
    public private(set) var first: UInt32
    public private(set) var second: UInt32

    public init() {
        first = 0
        second = 0
    }

    /// From the form in which it travels: the first lane above, the second below.
    public init(_ word: UInt64) {
        first = UInt32(truncatingIfNeeded: word >> 32)
        second = UInt32(truncatingIfNeeded: word)
    }

    public var word: UInt64 { UInt64(first) << 32 | UInt64(second) }

    mutating func add(_ leaf: ViewHash) {
        first &+= leaf.first
        second &+= leaf.second
    }

    mutating func subtract(_ leaf: ViewHash) {
        first &-= leaf.first
        second &-= leaf.second
    }

    /// What one leaf adds.
    public static func leaf(_ path: Path, _ value: Value) -> ViewHash {
        var digest = Digest()
        for segment in path.segments { digest.add(segment) }
        digest.add(value)
        return ViewHash(digest)
    }

    public init(_ digest: Digest) {
        (first, second) = digest.finished()
    }

    /// The hash of a document given as a value: from scratch, for whoever keeps it as plain maps.
    public init(of document: Map) {
        self.init()
        add(document, beneath: [])
    }

    private mutating func add(_ map: Map, beneath path: [Text]) {
        for entry in map.entries {
            if case .map(let inner) = entry.value, !inner.isEmpty {
                add(inner, beneath: path + [entry.key])
            } else {
                add(ViewHash.leaf(Path(path + [entry.key]), entry.value))
            }
        }
    }
}

extension Tree {
    /// What the leaf at `id` would add with this value.
    func digest(_ id: ID, _ value: Value) -> ViewHash {
        var digest = Digest()
        add(id, to: &digest)
        digest.add(value)
        return ViewHash(digest)
    }

    private func add(_ id: ID, to digest: inout Digest) {
        guard id != Tree.root else { return }
        add(parent(id), to: &digest)
        digest.add(names[name(id)])
    }
}
