/// Writes frames (RFC 6455 section 5.2): the shortest length form, one allocation.
enum FrameWriter {
    static func frame(
        _ opcode: Opcode, _ payload: Span<UInt8>, mask: UInt32?, final: Bool = true,
        compressed: Bool = false
    ) -> [UInt8] {
        let count = payload.count
        var bytes = [UInt8](capacity: count + 14) { output in
            output.append((final ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode.rawValue)
            let masked: UInt8 = mask == nil ? 0 : 0x80
            switch count {
            case 0..<126:
                output.append(masked | UInt8(truncatingIfNeeded: count))
            case 126..<65_536:
                output.append(masked | 126)
                output.append(UInt8(truncatingIfNeeded: count >> 8))
                output.append(UInt8(truncatingIfNeeded: count))
            default:
                output.append(masked | 127)
                for shift in stride(from: 56, through: 0, by: -8) {
                    output.append(UInt8(truncatingIfNeeded: count >> shift))
                }
            }
            if let mask {
                for shift in stride(from: UInt32(24), through: 0, by: -8) {
                    output.append(UInt8(truncatingIfNeeded: mask >> shift))
                }
            }
            for i in payload.indices { output.append(payload[i]) }
        }
        if let mask {
            let start = bytes.count - count
            let end = bytes.count
            var span = bytes.mutableSpan
            Masking.apply(mask, phase: 0, to: &span, in: start..<end)
        }
        return bytes
    }

    static func ping(_ payload: [UInt8], mask: UInt32?) -> [UInt8] {
        frame(.ping, payload.span, mask: mask)
    }

    static func pong(_ payload: [UInt8], mask: UInt32?) -> [UInt8] {
        frame(.pong, payload.span, mask: mask)
    }

    /// A close frame. The reason is cut to what fits into a control frame, at a character.
    static func close(_ code: CloseCode?, reason: String, mask: UInt32?) -> [UInt8] {
        var payload: [UInt8] = []
        if let code {
            payload.append(UInt8(code.rawValue >> 8))
            payload.append(UInt8(truncatingIfNeeded: code.rawValue))
            var text = [UInt8](reason.utf8)
            if text.count > 123 {
                var end = 123
                while end > 0, text[end] & 0xc0 == 0x80 { end -= 1 }
                text.removeSubrange(end...)
            }
            payload += text
        }
        return frame(.close, payload.span, mask: mask)
    }
}
