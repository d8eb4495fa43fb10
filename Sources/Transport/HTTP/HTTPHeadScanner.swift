/// Finds the end of a head over any split of its bytes, and refuses early what no head may hold.
///
/// Each byte is looked at once however slowly they come. Line ends are CR LF and nothing else: a
/// bare LF or CR is where two readers begin to disagree (RFC 9112 section 2.2 lets a recipient
/// be lenient; this one is not).
struct HTTPHeadScanner: Equatable {
    private enum State: Equatable { case line, carriageReturn, lineEnd, lastCarriageReturn }

    private var state = State.lineEnd
    private(set) var count = 0

    /// Reads on from `position`. True when the head has ended, just before `position`.
    mutating func scan(
        _ input: Span<UInt8>, _ position: inout Int, limit: Int
    ) throws(HTTPFault) -> Bool {
        while position < input.count {
            let byte = input[position]
            position += 1
            count += 1
            if count > limit { throw .headTooLarge }
            switch state {
            case .line, .lineEnd:
                if byte >= 0x20, byte != 0x7f {
                    state = .line
                } else if byte == 0x0d {
                    // An empty line before anything else is not a head.
                    if state == .lineEnd, count == 1 { throw .badRequestLine }
                    state = state == .line ? .carriageReturn : .lastCarriageReturn
                } else if byte == 0x09 {
                    state = .line
                } else {
                    throw byte == 0x0a ? .bareLineEnd : .controlByte
                }
            case .carriageReturn:
                guard byte == 0x0a else { throw .bareLineEnd }
                state = .lineEnd
            case .lastCarriageReturn:
                guard byte == 0x0a else { throw .bareLineEnd }
                self = HTTPHeadScanner()
                return true
            }
        }
        return false
    }
}
