/// The head of a frame, two to fourteen bytes (RFC 6455 section 5.2), collected as they come.
///
/// A frame is refused by what its head says, before a byte of its payload is awaited: a frame that
/// promises 2^63 bytes costs its fourteen bytes and nothing else.
struct FrameHeader: Equatable {
    var final = false
    var compressed = false
    var opcode = Opcode.continuation
    var length = 0
    var mask: UInt32 = 0

    /// Why a head is refused.
    enum Fault: Error, Equatable {
        case reservedBit, unknownOpcode, maskMissing, maskForbidden
        case fragmentedControl, longControl, lengthNotShortest, lengthImpossible
    }

    /// Collects a head over any split of its bytes.
    struct Reader: Equatable {
        private var bytes: [14 of UInt8] = .init(repeating: 0)
        private var count = 0

        var isEmpty: Bool { count == 0 }

        static func == (a: Reader, b: Reader) -> Bool {
            a.count == b.count && (0..<a.count).allSatisfy { a.bytes[$0] == b.bytes[$0] }
        }

        /// Takes bytes from `position` until the head is whole; nil when more are needed.
        mutating func read(
            _ input: Span<UInt8>, _ position: inout Int, role: WebSocketRole, allowsDeflate: Bool
        ) throws(Fault) -> FrameHeader? {
            while position < input.count {
                bytes[count] = input[position]
                count += 1
                position += 1
                if count == 1 {
                    try checkFirst(allowsDeflate: allowsDeflate)
                    continue
                }
                if count == 2 { try checkSecond(role: role) }
                guard count == needed else { continue }
                let header = try whole()
                count = 0
                return header
            }
            return nil
        }

        /// How long this head is, once its second byte is known.
        private var needed: Int {
            let lengthBytes =
                switch bytes[1] & 0x7f {
                case 126: 2
                case 127: 8
                default: 0
                }
            return 2 + lengthBytes + (bytes[1] & 0x80 != 0 ? 4 : 0)
        }

        private func checkFirst(allowsDeflate: Bool) throws(Fault) {
            if bytes[0] & 0x30 != 0 { throw .reservedBit }
            guard let opcode = Opcode(rawValue: bytes[0] & 0x0f) else { throw .unknownOpcode }
            if bytes[0] & 0x40 != 0, !allowsDeflate || opcode.isControl || opcode == .continuation {
                throw .reservedBit
            }
            if opcode.isControl, bytes[0] & 0x80 == 0 { throw .fragmentedControl }
        }

        private func checkSecond(role: WebSocketRole) throws(Fault) {
            switch (role, bytes[1] & 0x80 != 0) {
            case (.server, false): throw .maskMissing
            case (.client, true): throw .maskForbidden
            case (.server, true), (.client, false): break
            }
            if bytes[0] & 0x08 != 0, bytes[1] & 0x7f > 125 { throw .longControl }
        }

        private func whole() throws(Fault) -> FrameHeader {
            var header = FrameHeader()
            header.final = bytes[0] & 0x80 != 0
            header.compressed = bytes[0] & 0x40 != 0
            header.opcode = Opcode(rawValue: bytes[0] & 0x0f) ?? .continuation
            var at = 2
            switch bytes[1] & 0x7f {
            case 126:
                header.length = Int(bytes[2]) << 8 | Int(bytes[3])
                at = 4
                if header.length < 126 { throw .lengthNotShortest }
            case 127:
                if bytes[2] & 0x80 != 0 { throw .lengthImpossible }
                for i in 2..<10 { header.length = header.length << 8 | Int(bytes[i]) }
                at = 10
                if header.length < 65_536 { throw .lengthNotShortest }
            case let short:
                header.length = Int(short)
            }
            if bytes[1] & 0x80 != 0 {
                for i in at..<(at + 4) { header.mask = header.mask << 8 | UInt32(bytes[i]) }
            }
            return header
        }
    }
}
