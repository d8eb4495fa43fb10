/// Takes a body out of the bytes behind a head (RFC 9112 sections 6 and 7.1), over any split.
///
/// Chunk extensions are read past and trailers dropped, both bounded: nothing here has a use for
/// them, and what is not understood must not be passed on.
struct BodyReader: Equatable {
    enum Step: Equatable {
        /// The input is used up.
        case more
        /// These bytes of the input belong to the body.
        case bytes(Range<Int>)
        case end
    }

    private enum State: Equatable {
        case fixed(missing: Int)
        case untilClose
        case size(digits: Int, value: Int)
        case sizeExtension(length: Int, value: Int)
        case sizeLineEnd(value: Int)
        case data(missing: Int)
        case dataCarriageReturn, dataLineEnd
        case trailer(length: Int, total: Int), trailerLineEnd(isLast: Bool, total: Int)
        case ended
    }

    private var state: State
    /// What the body may still hold.
    private var allowance: Int

    private init(_ state: State, limit: Int) {
        self.state = state
        allowance = limit
    }

    static func length(_ count: Int) -> BodyReader {
        BodyReader(count == 0 ? .ended : .fixed(missing: count), limit: count)
    }

    static func chunked(limit: Int) -> BodyReader {
        BodyReader(.size(digits: 0, value: 0), limit: limit)
    }

    /// A response without a length ends with its connection (RFC 9112 section 6.3, rule 8).
    static func untilClose(limit: Int) -> BodyReader { BodyReader(.untilClose, limit: limit) }

    var endsWithConnection: Bool { state == .untilClose }

    mutating func next(_ input: Span<UInt8>, _ position: inout Int) throws(HTTPFault) -> Step {
        while true {
            if state == .ended { return .end }
            guard position < input.count else { return .more }
            switch state {
            case .fixed(let missing), .data(let missing):
                let count = min(missing, input.count - position)
                defer { position += count }
                if case .fixed = state {
                    state = count == missing ? .ended : .fixed(missing: missing - count)
                } else {
                    state = count == missing ? .dataCarriageReturn : .data(missing: missing - count)
                }
                return .bytes(position..<(position + count))
            case .untilClose:
                let range = position..<input.count
                position = input.count
                if range.count > allowance { throw .bodyTooLarge }
                allowance -= range.count
                return .bytes(range)
            default:
                try take(input[position])
                position += 1
            }
        }
    }

    /// One byte of a chunk's frame.
    private mutating func take(_ byte: UInt8) throws(HTTPFault) {
        switch state {
        case .size(let digits, let value):
            if let digit = PercentCoding.digit(byte) {
                // Seven digits reach 256 MiB; more could only be an attempt to overflow.
                if digits == 7 { throw .badChunk }
                state = .size(digits: digits + 1, value: value << 4 | Int(digit))
            } else if digits > 0, byte == UInt8(ascii: ";") {
                state = .sizeExtension(length: 0, value: value)
            } else if digits > 0, byte == 0x0d {
                state = .sizeLineEnd(value: value)
            } else {
                throw .badChunk
            }
        case .sizeExtension(let length, let value):
            if byte == 0x0d {
                state = .sizeLineEnd(value: value)
            } else if length < 256, byte >= 0x20 || byte == 0x09, byte != 0x7f {
                state = .sizeExtension(length: length + 1, value: value)
            } else {
                throw .badChunk
            }
        case .sizeLineEnd(let value):
            guard byte == 0x0a else { throw .badChunk }
            if value > allowance { throw .bodyTooLarge }
            allowance -= value
            state = value == 0 ? .trailer(length: 0, total: 0) : .data(missing: value)
        case .dataCarriageReturn:
            guard byte == 0x0d else { throw .badChunk }
            state = .dataLineEnd
        case .dataLineEnd:
            guard byte == 0x0a else { throw .badChunk }
            state = .size(digits: 0, value: 0)
        case .trailer(let length, let total):
            if byte == 0x0d {
                state = .trailerLineEnd(isLast: length == 0, total: total)
            } else if total < 4096, byte >= 0x20 || byte == 0x09, byte != 0x7f {
                state = .trailer(length: length + 1, total: total + 1)
            } else {
                throw .badChunk
            }
        case .trailerLineEnd(let isLast, let total):
            guard byte == 0x0a else { throw .badChunk }
            state = isLast ? .ended : .trailer(length: 0, total: total)
        case .fixed, .data, .untilClose, .ended: break
        }
    }
}
