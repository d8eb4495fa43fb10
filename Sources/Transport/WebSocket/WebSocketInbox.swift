/// What comes in on one WebSocket: bytes in any pieces become messages and control frames.
///
/// A message that arrives whole in one read is handed on where it lies, unmasked in place; only
/// one that is split over reads or fragments is collected. Nothing is reserved on the strength of
/// a promised length.
struct WebSocketInbox {
    enum Event: Equatable {
        /// The input is used up.
        case more
        case message(binary: Bool, compressed: Bool, Payload)
        case ping([UInt8])
        case pong([UInt8])
        case close(CloseCode?, reason: String)
        /// The peer broke a rule: say this code and end. Nothing more is read.
        case violation(CloseCode, StaticReason)
    }

    enum Payload: Equatable {
        /// In the input, unmasked.
        case here(Range<Int>)
        case collected([UInt8])
    }

    /// Fixed texts, so that a violation costs nothing.
    enum StaticReason: String {
        case frame = "malformed frame"
        case order = "fragments out of order"
        case size = "message too large"
        case text = "not UTF-8"
        case close = "malformed close frame"
    }

    private enum State: Equatable {
        case header
        case payload(FrameHeader, done: Int)
        case ended
    }

    private let role: WebSocketRole
    private let allowsDeflate: Bool
    private let sizeLimit: Int
    private var reader = FrameHeader.Reader()
    private var state = State.header
    /// The message begun and not yet final: its first frame's head says what it is.
    private var begun: FrameHeader?
    private var collected: [UInt8] = []
    private var control: [UInt8] = []
    private var utf8 = UTF8Check()

    init(role: WebSocketRole, sizeLimit: Int, allowsDeflate: Bool = false) {
        self.role = role
        self.sizeLimit = sizeLimit
        self.allowsDeflate = allowsDeflate
    }

    /// Reads on from `position`, unmasking in place, up to the next event.
    mutating func next(_ input: inout MutableSpan<UInt8>, _ position: inout Int) -> Event {
        while true {
            switch state {
            case .ended:
                position = input.count
                return .more
            case .header:
                do throws(FrameHeader.Fault) {
                    guard
                        let header = try reader.read(
                            input.span, &position, role: role, allowsDeflate: allowsDeflate)
                    else { return .more }
                    if let refusal = refusal(of: header) { return refusal }
                    state = .payload(header, done: 0)
                } catch {
                    return violate(.protocolError, .frame)
                }
            case .payload(let header, let done):
                let count = min(header.length - done, input.count - position)
                let range = position..<(position + count)
                Masking.apply(header.mask, phase: done, to: &input, in: range)
                position += count
                let isWhole = done + count == header.length
                if header.opcode.isControl {
                    for i in range { control.append(input[i]) }
                    guard isWhole else {
                        state = .payload(header, done: done + count)
                        return .more
                    }
                    state = .header
                    return finishControl(header)
                }
                if let event = take(header, input.span, range, isWhole: isWhole, from: done) {
                    return event
                }
                if !isWhole { return .more }
            }
        }
    }

    /// What a head alone gives reason to refuse.
    private mutating func refusal(of header: FrameHeader) -> Event? {
        if header.opcode.isControl { return nil }
        if (header.opcode == .continuation) != (begun != nil) {
            return violate(.protocolError, .order)
        }
        let limit = (begun ?? header).compressed ? Self.compressedLimit(sizeLimit) : sizeLimit
        if header.length > limit - collected.count { return violate(.tooLarge, .size) }
        return nil
    }

    /// What a message of the largest size may take when it is compressed all the same although it
    /// cannot be: a coder with little memory stores it in blocks of a hundred bytes with a head
    /// each, one without a table of its own makes nine bits of every eight (zlib's own bound). How
    /// large it becomes again is looked at as it does.
    static func compressedLimit(_ sizeLimit: Int) -> Int {
        sizeLimit + (sizeLimit >> 3) + (sizeLimit >> 8) + (sizeLimit >> 9) + 64
    }

    /// Takes a piece of a data frame; an event when it completes a message or breaks a rule.
    private mutating func take(
        _ header: FrameHeader, _ input: Span<UInt8>, _ range: Range<Int>, isWhole: Bool,
        from done: Int
    ) -> Event? {
        let message = begun ?? header
        let isText = message.opcode == .text && !message.compressed
        if isText, !utf8.accept(input, in: range) { return violate(.invalidPayload, .text) }
        guard isWhole, header.final else {
            state = isWhole ? .header : .payload(header, done: done + range.count)
            begun = isWhole ? message : begun
            collect(input, range)
            return nil
        }
        state = .header
        if isText, !utf8.isComplete { return violate(.invalidPayload, .text) }
        begun = nil
        let binary = message.opcode == .binary
        if collected.isEmpty {
            return .message(binary: binary, compressed: message.compressed, .here(range))
        }
        collect(input, range)
        let whole = collected
        collected = []
        return .message(binary: binary, compressed: message.compressed, .collected(whole))
    }

    private mutating func collect(_ input: Span<UInt8>, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        collected.append(addingCapacity: range.count) { output in
            for i in range { output.append(input[i]) }
        }
    }

    private mutating func finishControl(_ header: FrameHeader) -> Event {
        let payload = control
        control = []
        switch header.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        case .close, .text, .binary, .continuation: break
        }
        if payload.isEmpty {
            state = .ended
            return .close(nil, reason: "")
        }
        guard payload.count >= 2 else { return violate(.protocolError, .close) }
        let code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.maySend else { return violate(.protocolError, .close) }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else {
            return violate(.invalidPayload, .text)
        }
        state = .ended
        return .close(code, reason: reason)
    }

    private mutating func violate(_ code: CloseCode, _ reason: StaticReason) -> Event {
        state = .ended
        collected = []
        begun = nil
        return .violation(code, reason)
    }
}
