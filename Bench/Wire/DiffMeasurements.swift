import CAllocations
import Wire

/// What a change costs on the wire, in time, and in allocations at the reader.
func diffMeasurements(_ fixture: Fixture) throws -> [Measurement] {
    [
        Measurement(name: "wire.diff.bytes.integer") {
            try bytesOfOneField(fixture, "wire.diff.bytes.integer") { number in
                number.int64.map { Number($0 + 1) }
            }
        },
        Measurement(name: "wire.diff.bytes.double") {
            try bytesOfOneField(fixture, "wire.diff.bytes.double") { number in
                number.int64 == nil ? Number(number.double.nextUp) : nil
            }
        },
        costOfOneChange(),
        Measurement(name: "wire.control.allocations") { try controlAllocations(fixture) },
    ]
}

/// A topic with a view that has been told the names of all fields.
private final class Subject {
    /// Views above 255 need two bytes more for their number.
    static let viewNumber: UInt64 = 300

    private var document: Document
    private let view: Document.ViewID
    private var writer = Writer(capacity: 65_536)
    private var sent: UInt64
    /// The diffs that told the names, for a reader that begins empty.
    private(set) var firstFrames: [[UInt8]] = []

    /// Stands at `version`, which is above 3, when all names have been told.
    init(_ fields: Map, version: UInt64, literalDepth: Int = 0) throws {
        document = Document(version: version - 3, literalDepth: literalDepth)
        guard let view = document.addView(.everything) else { throw NoView() }
        self.view = view
        sent = document.version
        // The frame that gives the aliases defines them, and so does the one after it.
        var other = Map()
        for entry in fields.entries.prefix(1) { other[entry.key] = .null }
        for patch in [Patch(set: fields), Patch(set: other), Patch(set: fields)] {
            try change(patch)
            firstFrames.append(writer.bytes())
        }
    }

    /// Applies the patch and writes the diff that it makes; how many bytes that takes.
    @discardableResult
    func change(_ patch: Patch) throws -> Int {
        _ = try document.apply(patch)
        writer.clear()
        guard document.writeDiff(from: sent, in: view, number: Subject.viewNumber, to: &writer)
        else { return 0 }
        sent = document.version
        return writer.count
    }

    var version: UInt64 { document.version }

    /// The diff that was written last.
    var bytes: [UInt8] { writer.bytes() }
}

private struct NoView: Error {}

/// The bytes of a frame for one changed field, every field in turn, at version 1,000,000 with its
/// WebSocket header; the value is the largest. The peer is the document without any header.
private func bytesOfOneField(
    _ fixture: Fixture, _ name: String, change: (Number) -> Number?
) throws -> Row {
    guard case .map(let fields) = fixture.metrics.value else { throw NoView() }
    var sizes: [Double] = []
    for entry in fields.entries {
        guard case .number(let old) = entry.value, let new = change(old) else { continue }
        let subject = try Subject(fields, version: 999_999)
        var set = Map()
        set[entry.key] = .number(new)
        let payload = try subject.change(Patch(set: set))
        precondition(subject.version == 1_000_000)
        precondition(payload > 0 && payload < 126, "the header has two bytes for these alone")
        sizes.append(Double(payload + 2))
    }
    var row = Row(name: name, values: sizes, unit: "bytes", peer: "JSON document")
    row.value = row.max
    row.ratio = Double(fixture.metrics.json.count) / row.value
    return row
}

/// One field changed and the diff written, in a table of 100 rows with 100 fields each; the peer is
/// a table of one such row. Every field has its turn.
private func costOfOneChange() -> Measurement {
    Measurement(name: "wire.diff.cost") {
        try Contest(
            name: "wire.diff.cost", peer: "100 fields", ours: try changes(rows: 100),
            theirs: try changes(rows: 1)
        ).measurement.run()
    }
}

private func changes(rows: Int) throws -> () throws -> Void {
    func patch(_ row: Int, _ field: Int, _ value: Int) -> Patch {
        Patch(set: single("row-\(row)", .map(single("field-\(field)", .number(Number(value))))))
    }
    var table = Map()
    for row in 0..<rows {
        var fields = Map()
        for field in 0..<100 { fields[Text("field-\(field)")] = 0 }
        table[Text("row-\(row)")] = .map(fields)
    }
    let subject = try Subject(table, version: 1_000, literalDepth: 1)
    // All fields take one value and then the other; a prime step, so that no two neighbours follow.
    let count = rows * 100
    let patches = (0..<count * 2).map { i in
        let place = i * 7_919 % count
        return patch(place / 100, place % 100, i < count ? 1 : 2)
    }
    var next = 0
    return {
        let bytes = try subject.change(patches[next])
        precondition(bytes > 0)
        next = next + 1 == patches.count ? 0 : next + 1
    }
}

private func single(_ key: String, _ value: Value) -> Map {
    var map = Map()
    map[Text(key)] = value
    return map
}

/// Allocations of whoever decodes and applies an ack, to its outbox, a ping, to its session, and a
/// diff with one number, to its mirror. The first round is not counted: buffers reach their size.
private func controlAllocations(_ fixture: Fixture) throws -> Row {
    guard case .map(let fields) = fixture.metrics.value else { throw NoView() }
    let subject = try Subject(fields, version: 1_000_000)
    let name = "wire.control.allocations"
    let now = Instant(nanoseconds: 1)
    var outbox = Outbox()
    let set = single("messagesIn", .number(Number(1)))
    for _ in 0..<8 { _ = outbox.publish("desk/metrics", .patch(Patch(set: set))) }
    while outbox.next(now: now) != nil {}
    var session = ServerSession(
        guest: "0-1", instance: nil, lifetime: nil, terms: Terms(), now: now)
    let ping = packed(.ping(Ping(nonce: 70_000)))

    var mirror = Wire.Mirror()
    mirror.reset(to: Map(), version: 999_997)
    for frame in subject.firstFrames { _ = try apply(frame, to: &mirror) }
    var counts: [Double] = []
    for round in 0..<6 {
        try subject.change(Patch(set: single("messagesIn", .number(Number(9_000 + round)))))
        let diff = subject.bytes
        let ack = packed(.ack(Ack(id: UInt64(round + 1), version: 1_000_001)))
        fc_allocations_begin()
        let outcome = try apply(ack, to: &outbox)
        let reaction = try session.received(Message(messagePack: ping.span), now: now)
        let verdict = try apply(diff, to: &mirror)
        let count = fc_allocations_end()
        precondition(verdict == .applied && outcome == .acknowledged(version: 1_000_001))
        precondition(reaction == .answer(.pong(Pong(nonce: 70_000))))
        if round > 0 { counts.append(Double(count)) }
    }
    return Row(name: name, values: counts, unit: "allocations")
}

private func apply(_ bytes: [UInt8], to outbox: inout Outbox) throws -> Outbox.Outcome {
    guard case .ack(let ack) = try Message(messagePack: bytes.span) else { throw NoView() }
    return outbox.received(ack)
}

private func packed(_ message: Message) -> [UInt8] {
    var writer = Writer()
    message.write(messagePack: &writer)
    return writer.bytes()
}

/// As a client does it: the head says that it is a diff, the number which mirror it is for.
private func apply(
    _ frame: [UInt8], to mirror: inout Wire.Mirror
) throws -> Wire.Mirror.Verdict {
    var reader = MessagePackReader(frame.span)
    let head = try MessageHead(&reader)
    let number = try reader.readInteger()
    precondition(head.code == UInt64(Message.Kind.diff.rawValue) && number == Subject.viewNumber)
    return try mirror.apply(&reader, fields: head.fields)
}
