/// Messages on a plain stream of bytes, for devices without WebSockets (row P11).
///
/// The client's first four bytes say what follows: `F`, `C`, the version 1, and the encoding, 0 for
/// JSON and 1 for MessagePack. After them each side sends frames: a length in four bytes, the most
/// significant first, and a message of so many bytes.
///
///     46 43 01 01 | 00 00 00 03 93 01 01 …
public enum Framing {
    /// How long the beginning and each head are.
    public static let headLength = 4

    public enum Failure: Error, Equatable, Sendable {
        /// The first bytes are not those of the protocol.
        case notThisProtocol
        /// A version or an encoding that this side does not have.
        case unsupported
        /// A frame promises more bytes than are allowed; it was refused by its head.
        case tooLong(UInt64)
        /// No message is empty.
        case empty
    }

    public static func preamble(_ encoding: Encoding) -> [UInt8] {
        [0x46, 0x43, 1, encoding == .json ? 0 : 1]
    }

    /// The message with its length before it.
    public static func frame(_ message: Span<UInt8>) -> [UInt8] {
        var writer = Writer(capacity: message.count + headLength)
        for shift in stride(from: 24, through: 0, by: -8) {
            writer.append(UInt8(truncatingIfNeeded: message.count >> shift))
        }
        writer.append(message)
        return writer.bytes()
    }

    public static func frame(_ message: [UInt8]) -> [UInt8] { frame(message.span) }
}

/// Takes a stream apart into messages, however it was cut into pieces. After a failure nothing more
/// can be understood: the connection must end.
public struct FrameReader: Sendable {
    private let limit: Int
    private var buffer: [UInt8] = []
    private var position = 0
    /// Nil until the beginning was read; a client, which reads no beginning, says what it speaks.
    public private(set) var encoding: Encoding?

    /// - Parameter limit: the longest message that is taken.
    public init(limit: Int, encoding: Encoding? = nil) {
        self.limit = limit
        self.encoding = encoding
    }

    public mutating func append(_ bytes: Span<UInt8>) {
        if position > 0 && position == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            position = 0
        } else if position > 4_096 && position * 2 > buffer.count {
            buffer.removeFirst(position)
            position = 0
        }
        for i in bytes.indices { buffer.append(bytes[i]) }
    }

    /// Whether a stream that ends here ends in good order: no frame is begun.
    public var isBetweenFrames: Bool { encoding != nil && position == buffer.count }

    /// What the stream's beginning says, once that has come whole. `next` asks by itself.
    public mutating func begin() throws(Framing.Failure) -> Encoding? {
        if encoding == nil { try readPreamble() }
        return encoding
    }

    /// The next whole message, or nil until more bytes come.
    public mutating func next() throws(Framing.Failure) -> [UInt8]? {
        guard try begin() != nil else { return nil }
        guard buffer.count - position >= Framing.headLength else { return nil }
        let length = UInt64(buffer.span.bigEndian32(at: position))
        if length == 0 { throw .empty }
        if length > UInt64(limit) { throw .tooLong(length) }
        let start = position + Framing.headLength
        guard buffer.count - start >= Int(length) else { return nil }
        position = start + Int(length)
        let message = buffer.span.copied(start..<position)
        // A silent stream keeps no storage for what it once read.
        if position == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.count <= 512)
            position = 0
        }
        return message
    }

    /// Refuses at the first byte that is wrong, so that nobody is kept waiting.
    private mutating func readPreamble() throws(Framing.Failure) {
        let expected = Framing.preamble(.json)
        for i in 0..<min(buffer.count, 2) where buffer[i] != expected[i] { throw .notThisProtocol }
        if buffer.count > 2 && buffer[2] != 1 { throw .unsupported }
        guard buffer.count >= Framing.headLength else { return }
        switch buffer[3] {
        case 0: encoding = .json
        case 1: encoding = .messagePack
        default: throw .unsupported
        }
        position = Framing.headLength
    }
}
