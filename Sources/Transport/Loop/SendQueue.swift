/// What waits to go out on one connection: references to frames, and how far the first has gone.
///
/// Mostly there is one frame or none, so the first has a place of its own and an idle connection
/// owns no storage.
struct SendQueue {
    private var first: Frame?
    private var rest: [Frame] = []
    /// Where `rest` begins; its storage is moved up only now and then.
    private var restStart = 0
    /// How many bytes of the first frame are gone.
    private(set) var offset = 0
    /// All bytes that are not gone.
    private(set) var bytes = 0

    var isEmpty: Bool { bytes == 0 }

    mutating func append(_ frame: Frame) {
        guard frame.count > 0 else { return }
        bytes += frame.count
        if first == nil {
            first = frame
        } else {
            // Once is enough for the frames of most turns; it is given back when they have gone.
            if rest.isEmpty { rest.reserveCapacity(16) }
            rest.append(frame)
        }
    }

    /// The first frame, when nothing stands behind it.
    var single: Frame? { restStart == rest.count ? first : nil }

    /// The first frame, whatever stands behind it.
    var head: Frame? { first }

    /// Appends the bytes that go out next to `scratch`, up to `limit`; whole frames, except that
    /// the first starts where it was left, and ends at the limit when it is longer.
    func gather(into scratch: inout [UInt8], limit: Int) {
        guard let first else { return }
        let end = min(first.count, offset + limit)
        scratch.reserveCapacity(min(bytes, limit))
        if offset == 0, end == first.count {
            scratch += first.bytes
        } else {
            scratch += first.bytes[offset..<end]
        }
        if end < first.count { return }
        var i = restStart
        while i < rest.count, scratch.count + rest[i].count <= limit {
            scratch += rest[i].bytes
            i += 1
        }
    }

    /// `count` bytes have gone.
    mutating func advance(by count: Int) {
        precondition(count <= bytes)
        if count == bytes { return clear() }
        bytes -= count
        offset += count
        while let current = first, offset >= current.count {
            offset -= current.count
            if restStart < rest.count {
                first = rest[restStart]
                restStart += 1
                if restStart == rest.count {
                    rest = []
                    restStart = 0
                } else if restStart >= 64, restStart * 2 >= rest.count {
                    rest.removeSubrange(..<restStart)
                    restStart = 0
                }
            } else {
                first = nil
                return
            }
        }
    }

    mutating func clear() { self = SendQueue() }
}
