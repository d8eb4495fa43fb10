/// Messages on a bare stream, for devices that speak no HTTP: four bytes, then the message.
///
/// The four bytes are a big-endian number: its highest bit says binary (else text, which is UTF-8),
/// the other 31 the length. There is nothing else: who is silent too long or is done closes.
struct RecordInbox {
    enum Event: Equatable {
        case more
        case message(binary: Bool, WebSocketInbox.Payload)
        case tooLarge, notText
    }

    private let sizeLimit: Int
    private var header: UInt32 = 0
    private var headerBytes = 0
    private var collected: [UInt8] = []

    init(sizeLimit: Int) { self.sizeLimit = sizeLimit }

    /// Between two messages: only here may a stream end in good order.
    var isEmpty: Bool { headerBytes == 0 }

    mutating func next(_ input: Span<UInt8>, _ position: inout Int) -> Event {
        while headerBytes < 4 {
            guard position < input.count else { return .more }
            header = header << 8 | UInt32(input[position])
            headerBytes += 1
            position += 1
            if headerBytes == 4, Int(header & 0x7fff_ffff) > sizeLimit { return .tooLarge }
        }
        let length = Int(header & 0x7fff_ffff)
        let count = min(length - collected.count, input.count - position)
        let range = position..<(position + count)
        position += count
        let isWhole = collected.count + count == length
        let payload: WebSocketInbox.Payload
        if isWhole, collected.isEmpty {
            payload = .here(range)
        } else {
            collected.append(addingCapacity: count) { output in
                for i in range { output.append(input[i]) }
            }
            guard isWhole else { return .more }
            payload = .collected(collected)
            collected = []
        }
        headerBytes = 0
        let binary = header >> 31 == 1
        if !binary, !Self.isText(payload, input) { return .notText }
        return .message(binary: binary, payload)
    }

    private static func isText(_ payload: WebSocketInbox.Payload, _ input: Span<UInt8>) -> Bool {
        var check = UTF8Check()
        return switch payload {
        case .here(let range): check.accept(input, in: range) && check.isComplete
        case .collected(let bytes):
            check.accept(bytes.span, in: 0..<bytes.count) && check.isComplete
        }
    }
}

extension Frame {
    /// A message as a record, for connections of `Loop.listen(…, speaking: .records)`.
    public static func record(_ payload: Span<UInt8>, binary: Bool) -> Frame {
        let head = UInt32(truncatingIfNeeded: payload.count) & 0x7fff_ffff | (binary ? 1 << 31 : 0)
        return Frame(
            [UInt8](capacity: payload.count + 4) { output in
                for shift in [24, 16, 8, 0] as [UInt32] {
                    output.append(UInt8(truncatingIfNeeded: head >> shift))
                }
                for i in payload.indices { output.append(payload[i]) }
            })
    }
}
