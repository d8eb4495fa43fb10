import Wire

// What a small device does, with Wire's public face alone: it takes a snapshot and frames in
// MessagePack, keeps a mirror, and proves it by its hash. `make embedded` builds it twice, as an
// ordinary program and as Embedded Swift, and compares what the two print; built without an
// operating system, `fieldcastDevice` is what is called.

/// A sensor's side and a display's side of one topic, in memory.
struct Device: ~Copyable {
    private var document = Document(literalDepth: 1, seed: 1)
    private var mirror = Mirror(keepsHash: true, seed: 2)
    private var writer = Writer()
    private var state: UInt64 = 42
    private let view: Document.ViewID

    init?() {
        guard let view = document.addView(Mask([[.any, .name("status")], [.any, .name("n")]]))
        else { return nil }
        self.view = view
        document.keepHash(of: view, true)
    }

    private mutating func random(below n: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % n
    }

    private mutating func patch() -> Patch {
        let rows: [Text] = ["pump", "valve", "a boiler of a long name", "fan"]
        let row = rows[Int(random(below: 4))]
        var fields = Map()
        switch random(below: 6) {
        case 0: return Patch(unset: [[row]])
        case 1: return Patch(increments: [.init(path: [row, "n"], amount: Number(Int64(3)))])
        case 2: fields["status"] = .array([.null, .boolean(true)])
        case 3: fields["status"] = .time(WallTime(seconds: Int64(random(below: 1 << 31))))
        case 4: fields["status"] = .double(Double(random(below: 1_000)) / 8) ?? .null
        default: fields["hidden"] = .unsigned(random(below: .max))
        }
        var map = Map()
        map[row] = .map(fields)
        return Patch(set: map)
    }

    /// One change, as a frame, into the mirror; the hash by which the two sides agree, or nil.
    mutating func step() -> ViewHash? {
        let patch = patch()
        guard (try? document.apply(patch)) != nil else { return document.hash(of: view) }
        writer.clear()
        let from = mirror.version
        if document.writeDiff(from: from, in: view, number: 7, to: &writer) {
            let frame = writer.bytes()
            var reader = MessagePackReader(frame.span)
            guard let head = try? MessageHead(&reader), (try? reader.readInteger()) == 7,
                (try? mirror.apply(&reader, fields: head.fields)) == .applied
            else { return nil }
        }
        return mirror.hash == document.hash(of: view) ? mirror.hash : nil
    }
}

/// The sum of all hashes after so many changes; zero when the sides disagreed or a message did not
/// come back as it went.
@_cdecl("fieldcastDevice")
public func fieldcastDevice(_ changes: Int32) -> UInt64 {
    guard var device = Device() else { return 0 }
    var sum: UInt64 = 0
    for _ in 0..<max(changes, 0) {
        guard let hash = device.step() else { return 0 }
        sum = sum &* 31 &+ hash.word
    }
    let ack = Message.ack(Ack(id: 1, version: 2, ranges: [4...9]))
    let bytes = ack.encoded(.messagePack)
    guard let back = try? Message(messagePack: bytes.span), back == ack else { return 0 }
    return sum
}

#if !os(none) && !arch(wasm32)
    @main struct Program {
        static func main() {
            for changes in [1, 2, 10, 100, 1_000, 10_000] as [Int32] {
                print("\(changes) changes: \(fieldcastDevice(changes))")
            }
        }
    }
#endif
