internal import CZlib

/// How hard to compress.
public struct DeflateOptions: Equatable, Sendable {
    public var level = 1
    /// Smaller messages go out as they are: the saving is less than its cost (decision 020).
    public var thresholdBytes = 256
    /// zlib's memory level. A small table is cleared quickly, which happens for each message.
    public var memoryLevel = 5

    public init() {}
}

/// Compresses messages, each on its own (RFC 7692 section 7.2.1). Belongs to one thread; made once
/// per loop and window, not per connection.
///
/// A door to zlib. Bound: the coder is freed with this object and never handed out.
@safe public final class Compressor {
    private let coder: OpaquePointer
    private let thresholdBytes: Int
    private var room: [UInt8] = []

    /// Nil when zlib refuses: window bits below 9 or above 15, or no memory.
    public init?(_ options: DeflateOptions = DeflateOptions(), windowBits: Int = 15) {
        guard (9...15).contains(windowBits),
            let coder = unsafe fc_deflater_new(
                Int32(clamping: options.level), Int32(windowBits),
                Int32(clamping: options.memoryLevel))
        else { return nil }
        unsafe self.coder = coder
        thresholdBytes = options.thresholdBytes
    }

    deinit { unsafe fc_deflater_free(coder) }

    /// The compressed payload; nil when it is below the threshold, or that would not be smaller.
    func compress(_ payload: Span<UInt8>) -> [UInt8]? {
        if payload.isEmpty || payload.count < thresholdBytes { return nil }
        let bound = Int(unsafe fc_deflate_bound(coder, Int64(payload.count)))
        if room.count < bound { room = [UInt8](repeating: 0, count: bound) }
        defer { if room.count > 1 << 20 { room = [] } }
        var storage = room
        room = []
        defer { room = storage }
        var output = storage.mutableSpan
        let written = Int(unsafe fc_deflate(coder, payload, &output))
        // The flush ends with 00 00 ff ff, which is not sent (section 7.2.1).
        guard written >= 4, written - 4 < payload.count else { return nil }
        return [UInt8](storage[..<(written - 4)])
    }
}

/// Decompresses messages. Shared by a loop's connections where the peer starts each message
/// afresh, one connection's own where it does not.
///
/// A door to zlib. Bound: the coder is freed with this object and never handed out.
@safe final class Decompressor {
    enum Fault: Error, Equatable { case tooLarge, broken }

    private let coder: OpaquePointer
    private var piece = [UInt8](repeating: 0, count: 16 * 1024)

    init?() {
        guard let coder = unsafe fc_inflater_new() else { return nil }
        unsafe self.coder = coder
    }

    deinit { unsafe fc_inflater_free(coder) }

    func reset() { unsafe fc_inflater_reset(coder) }

    /// A message, never larger than `limit`: a bomb is given up as soon as it passes that. Nothing
    /// at all is an empty message: there are peers whose coder gives nothing for one.
    func decompress(_ payload: Span<UInt8>, limit: Int) throws(Fault) -> [UInt8] {
        var message: [UInt8] = []
        if payload.isEmpty { return message }
        // A last block needs nothing behind it. Otherwise the payload goes on with what was left
        // out of it (section 7.2.2), and then every block of it is whole, or it was cut.
        if try run(payload, into: &message, limit: limit) == .behindLast { return message }
        let tail: [UInt8] = [0x00, 0x00, 0xff, 0xff]
        if try run(tail.span, into: &message, limit: limit) == .inside { throw .broken }
        return message
    }

    private enum Place { case inside, between, behindLast }

    private func run(
        _ payload: Span<UInt8>, into message: inout [UInt8], limit: Int
    ) throws(Fault) -> Place {
        var storage = piece
        piece = []
        defer { piece = storage }
        var used = 0
        var place = Place.inside
        while true {
            var output = storage.mutableSpan
            let outcome = unsafe fc_inflate(coder, payload, Int64(used), &output)
            if outcome.written < 0 { throw .broken }
            let written = Int(outcome.written)
            if message.count + written > limit { throw .tooLarge }
            message += storage[..<written]
            used += Int(outcome.used)
            let hasMoved = outcome.used > 0 || written > 0
            if hasMoved {
                place = outcome.final ? .behindLast : outcome.between ? .between : .inside
            }
            if used == payload.count, written < storage.count { return place }
            if !hasMoved { throw .broken }
        }
    }
}
