/// Valid UTF-8 that is equal and ordered **by its bytes** (rule 2 of the specification).
///
/// Not `String`: a string is equal by Unicode's canonical equivalence, so two keys that differ on
/// the wire could be one in memory, and comparing needs tables that small devices lack.
///
/// Up to 15 bytes are held in two words without any allocation, most significant byte first, the
/// rest zero, and the length in the last byte:
///
///     "cpu"  →  first  63 70 75 00 00 00 00 00
///               second 00 00 00 00 00 00 00 03
///
/// So equality is two comparisons of words, and order too: where one text is the beginning of
/// the other all padded bytes agree and the length decides.
public struct Text: Sendable {
    @usableFromInline
    enum Storage: Sendable {
        case short(UInt64, UInt64)
        case long([UInt8])
    }

    @usableFromInline let storage: Storage

    @inlinable init(storage: Storage) { self.storage = storage }

    /// The empty text.
    @inlinable public init() { storage = .short(0, 0) }

    /// The text of a Swift string, which is always valid.
    public init(_ string: String) {
        let bytes = [UInt8](string.utf8)
        self.init(validated: bytes.span, 0..<bytes.count)
    }

    /// The text of `bytes`, unless they are not valid UTF-8.
    public init?(utf8 bytes: Span<UInt8>) {
        guard bytes.isUTF8(0..<bytes.count) else { return nil }
        self.init(validated: bytes, 0..<bytes.count)
    }

    /// Takes bytes that were found valid before.
    @inline(__always)
    init(validated bytes: Span<UInt8>, _ range: Range<Int>) {
        let length = range.count
        if length > 15 {
            storage = .long(bytes.copied(range))
            return
        }
        let start = range.lowerBound
        if start &+ 16 <= bytes.count {
            let (first, second) = Text.words(
                bytes.bigEndian64(at: start), bytes.bigEndian64(at: start &+ 8), length)
            storage = .short(first, second)
            return
        }
        var first: UInt64 = 0
        var second: UInt64 = UInt64(length)
        for i in 0..<length {
            let byte = UInt64(bytes[start &+ i])
            if i < 8 {
                first |= byte << UInt64(56 &- i &* 8)
            } else {
                second |= byte << UInt64(56 &- (i &- 8) &* 8)
            }
        }
        storage = .short(first, second)
    }

    /// Cuts sixteen loaded bytes down to the first `length`, which is at most 15.
    @inline(__always)
    static func words(_ first: UInt64, _ second: UInt64, _ length: Int) -> (UInt64, UInt64) {
        // `<<` by 64 or more gives zero in Swift, which is the mask that is wanted then.
        if length <= 8 {
            return (first & ~(UInt64.max >> UInt64(length &* 8)), UInt64(length))
        }
        return (first, (second & ~(UInt64.max >> UInt64((length &- 8) &* 8))) | UInt64(length))
    }

    /// How many bytes it has.
    @inlinable public var count: Int {
        switch storage {
        case .short(_, let second): Int(second & 0xff)
        case .long(let bytes): bytes.count
        }
    }

    @inlinable public var isEmpty: Bool { count == 0 }

    /// Its bytes.
    public var utf8: [UInt8] {
        switch storage {
        case .long(let bytes): return bytes
        case .short(let first, let second):
            let length = Int(second & 0xff)
            return [UInt8](capacity: length) { output in
                for i in 0..<length {
                    let word = i < 8 ? first : second
                    output.append(UInt8(truncatingIfNeeded: word >> UInt64(56 - (i & 7) * 8)))
                }
            }
        }
    }

    /// The byte at `index`, which must be below `count`.
    @inline(__always)
    func byte(at index: Int) -> UInt8 {
        switch storage {
        case .long(let bytes): return bytes[index]
        case .short(let first, let second):
            precondition(index >= 0 && index < 15)
            let word = index < 8 ? first : second
            return UInt8(truncatingIfNeeded: word >> UInt64(56 &- (index & 7) &* 8))
        }
    }

    /// As a Swift string, for people to read.
    public var string: String { String(decoding: utf8, as: UTF8.self) }
}

extension Text: Equatable, Comparable {
    @inlinable public static func == (a: Text, b: Text) -> Bool {
        switch (a.storage, b.storage) {
        case (.short(let a1, let a2), .short(let b1, let b2)): a1 == b1 && a2 == b2
        case (.long(let a), .long(let b)): a == b
        default: false
        }
    }

    @inlinable public static func < (a: Text, b: Text) -> Bool {
        if case .short(let a1, let a2) = a.storage, case .short(let b1, let b2) = b.storage {
            return a1 != b1 ? a1 < b1 : a2 < b2
        }
        return precedes(a, b)
    }

    @usableFromInline static func precedes(_ a: Text, _ b: Text) -> Bool {
        let shared = min(a.count, b.count)
        var i = 0
        while i < shared {
            let (x, y) = (a.byte(at: i), b.byte(at: i))
            if x != y { return x < y }
            i += 1
        }
        return a.count < b.count
    }
}

extension Text: Hashable {
    public func hash(into hasher: inout Hasher) {
        switch storage {
        case .short(let first, let second):
            hasher.combine(first)
            hasher.combine(second)
        case .long(let bytes): hasher.combine(bytes)
        }
    }
}

extension Text: ExpressibleByStringLiteral {
    public init(stringLiteral value: StaticString) {
        self = value.withUTF8Buffer { bytes in
            let span = unsafe Span(_unsafeElements: bytes)
            return Text(validated: span, 0..<span.count)
        }
    }
}

extension Text: CustomStringConvertible {
    public var description: String { string }
}
