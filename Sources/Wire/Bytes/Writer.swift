/// Growing memory that encoders write into and that is used again for the next message.
///
/// The door for writing words into bytes. Why unsafe: an array's append checks uniqueness and
/// capacity for every byte, which was most of an encoder's time; here `reserve` checks once for a
/// group of stores that is known to fit. The bound: each store asserts the room it needs
/// (`precondition`, so in release builds as well), and only `reserve` changes the memory.
@safe
public struct Writer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var room: Int
    /// How many bytes have been written.
    public private(set) var count: Int
    /// The moment that was written last, and how: all messages of a turn have the same.
    private var moment: WallTime?
    private var stamp: [UInt8] = []

    public init(capacity: Int = 256) {
        room = max(capacity, 32)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 16)
        count = 0
    }

    deinit { unsafe base.deallocate() }

    /// Forgets what was written and keeps the memory.
    public mutating func clear() { count = 0 }

    /// Forgets what was written after the first `count` bytes.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    /// Makes room for `n` more bytes.
    @inline(__always)
    mutating func reserve(_ n: Int) {
        if room &- count < n { grow(n) }
    }

    @inline(never)
    private mutating func grow(_ n: Int) {
        let wanted = max(room * 2, count + n)
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        unsafe fresh.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = fresh
        room = wanted
    }

    /// Stores a byte where `reserve` made room.
    @inline(__always)
    mutating func put(_ byte: UInt8) {
        precondition(count < room)
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Stores a head byte and a big-endian word of `width` bytes where `reserve(9)` made room.
    @inline(__always)
    mutating func put(_ head: UInt8, word: UInt64, width: Int) {
        precondition(room &- count >= 9)
        unsafe base.storeBytes(of: head, toByteOffset: count, as: UInt8.self)
        unsafe base.storeBytes(
            of: (word << UInt64(64 &- width &* 8)).bigEndian, toByteOffset: count &+ 1,
            as: UInt64.self)
        count &+= 1 &+ width
    }

    /// Stores the first `length` of sixteen bytes, where `reserve(16)` made room.
    @inline(__always)
    mutating func put(_ first: UInt64, _ second: UInt64, length: Int) {
        precondition(room &- count >= 16 && length <= 16)
        unsafe base.storeBytes(of: first.bigEndian, toByteOffset: count, as: UInt64.self)
        unsafe base.storeBytes(of: second.bigEndian, toByteOffset: count &+ 8, as: UInt64.self)
        count &+= length
    }

    /// Appends one byte.
    @inline(__always)
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        put(byte)
    }

    /// Appends bytes.
    public mutating func append(_ bytes: Span<UInt8>) {
        reserve(bytes.count)
        let at = count
        unsafe bytes.withUnsafeBytes { source in
            if let from = source.baseAddress {
                unsafe (base + at).copyMemory(from: from, byteCount: source.count)
            }
        }
        count &+= bytes.count
    }

    /// Appends bytes.
    public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

    /// Appends a text that is known when the program is compiled.
    @inline(__always)
    public mutating func append(_ literal: StaticString) {
        let length = literal.utf8CodeUnitCount
        reserve(length)
        let at = count
        unsafe (base + at).copyMemory(from: literal.utf8Start, byteCount: length)
        count &+= length
    }

    /// Appends a moment as ISO 8601 has it.
    mutating func append(iso8601 time: WallTime) {
        if moment != time {
            moment = time
            stamp.removeAll(keepingCapacity: true)
            time.appendISO8601(to: &stamp)
        }
        // A name of its own: the writer must not be read while it is written.
        let written = stamp
        append(written.span)
    }

    /// What was written, in place; it is valid until the next change.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = unsafe UnsafeBufferPointer(
                start: base.assumingMemoryBound(to: UInt8.self), count: count)
            let span = unsafe Span(_unsafeElements: bytes)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// What was written from `start` on, as an array of its own.
    public func bytes(from start: Int = 0) -> [UInt8] { span.copied(start..<count) }
}
