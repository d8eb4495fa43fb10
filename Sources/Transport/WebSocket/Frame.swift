internal import Wire

/// Bytes ready for a socket: a whole WebSocket frame with its header, or any other run of bytes.
///
/// Immutable and shared by reference: one frame made once stands in the send queues of thousands
/// of connections, on any loop. Copying a `Frame` copies a reference.
public struct Frame: Sendable {
    public let bytes: [UInt8]

    @inlinable public init(_ bytes: [UInt8]) { self.bytes = bytes }
    @inlinable public var count: Int { bytes.count }

    /// A data frame as a server sends it: final, unmasked.
    public static func server(_ payload: Span<UInt8>, binary: Bool) -> Frame {
        Frame(FrameWriter.frame(binary ? .binary : .text, payload, mask: nil))
    }

    public static func server(_ payload: [UInt8], binary: Bool) -> Frame {
        server(payload.span, binary: binary)
    }

    /// The same, compressed where that makes it smaller: for connections whose
    /// `Loop.compression(of:)` names the compressor's window.
    public static func server(
        _ payload: Span<UInt8>, binary: Bool, with compressor: Compressor
    ) -> Frame {
        guard let small = compressor.compress(payload) else {
            return server(payload, binary: binary)
        }
        return Frame(
            FrameWriter.frame(
                binary ? .binary : .text, small.span, mask: nil, compressed: true))
    }

    /// A message as a framed stream carries it, in either direction. No message is empty.
    public static func framed(_ message: Span<UInt8>) -> Frame { Frame(Framing.frame(message)) }

    public static func framed(_ message: [UInt8]) -> Frame { framed(message.span) }

    /// A piece of a streamed answer, with its chunk header (RFC 9112 section 7.1). Empty for no
    /// bytes: an empty chunk would end the stream.
    public static func chunk(_ payload: [UInt8]) -> Frame {
        guard !payload.isEmpty else { return Frame([]) }
        var bytes = [UInt8](String(payload.count, radix: 16).utf8)
        bytes.reserveCapacity(bytes.count + payload.count + 4)
        bytes += [0x0d, 0x0a]
        bytes += payload
        bytes += [0x0d, 0x0a]
        return Frame(bytes)
    }

    /// A data frame as a client sends it: final, masked with a key from a generator that was
    /// seeded with randomness. It belongs to one connection's one message: the key must differ
    /// from frame to frame.
    public static func client(
        _ payload: Span<UInt8>, binary: Bool, using generator: inout MaskGenerator
    ) -> Frame {
        Frame(
            FrameWriter.frame(binary ? .binary : .text, payload, mask: generator.next()))
    }
}

/// Masking keys from a seed: xorshift64*, whose seed comes from the system at the edge or from a
/// simulator. Masking keeps scripts from writing chosen bytes on a wire where a proxy listens;
/// the programs here choose their own bytes anyway.
public struct MaskGenerator: Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed == 0 ? 0x9e37_79b9_7f4a_7c15 : seed }

    public mutating func next() -> UInt32 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        let key = UInt32(truncatingIfNeeded: (state &* 0x2545_f491_4f6c_dd1d) >> 32)
        return key == 0 ? 1 : key
    }
}
