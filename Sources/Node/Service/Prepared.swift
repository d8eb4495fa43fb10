import Transport
import Wire

/// A message for many connections, in whichever forms they turn out to need: each is made once, by
/// the first that needs it.
final class Prepared {
    let bytes: [UInt8]
    let encoding: Encoding
    private var socketFrame: Frame?
    private var framedMessage: Frame?
    /// By the compressor's window.
    private var compressedFrames: [(bits: Int, frame: Frame)] = []
    private var event: Frame?
    private var decoded: Message??

    init(_ bytes: [UInt8], _ encoding: Encoding) {
        self.bytes = bytes
        self.encoding = encoding
    }

    /// For WebSockets.
    var frame: Frame {
        if let socketFrame { return socketFrame }
        let made = Frame.server(bytes, binary: encoding == .messagePack)
        socketFrame = made
        return made
    }

    /// For framed streams.
    var framed: Frame {
        if let framedMessage { return framedMessage }
        let made = Frame.framed(bytes)
        framedMessage = made
        return made
    }

    /// For WebSockets that agreed on compression; plain where that is smaller.
    func compressed(by compressor: Compressor, _ bits: Int) -> Frame {
        if bytes.count < DeflateOptions().thresholdBytes { return frame }
        if let made = compressedFrames.first(where: { $0.bits == bits }) { return made.frame }
        let bytes = bytes
        let made = Frame.server(bytes.span, binary: encoding == .messagePack, with: compressor)
        compressedFrames.append((bits, made))
        return made
    }

    /// For requests, which must know what they are told.
    var message: Message? {
        if let decoded { return decoded }
        let made = Message(made: bytes, encoding)
        decoded = .some(made)
        return made
    }

    /// For event streams.
    func event(for streaming: Streaming, _ message: Message) -> Frame {
        if let event { return event }
        let made = streaming.event(bytes, of: message)
        event = made
        return made
    }
}

extension Message {
    /// One that this node made itself. A diff in MessagePack comes without what it changes: its
    /// names are numbers that its reader was told earlier, and nobody here was.
    init?(made bytes: [UInt8], _ encoding: Encoding) {
        let message: Message?
        switch encoding {
        case .json: message = try? Message(json: bytes.span)
        case .messagePack:
            message =
                Diff(headOf: bytes).map { .diff($0) } ?? (try? Message(messagePack: bytes.span))
        }
        guard let message else { return nil }
        self = message
    }
}

extension Diff {
    /// What a diff says before its fields; nil for every other message.
    fileprivate init?(headOf bytes: [UInt8]) {
        var reader = MessagePackReader(bytes.span)
        guard let head = try? MessageHead(&reader),
            head.code == UInt64(Message.Kind.diff.rawValue), let view = try? reader.readInteger(),
            let to = try? reader.readInteger(), let span = try? reader.readInteger(), span <= to
        else { return nil }
        self.init(view: view, from: to - span, to: to, content: Content())
    }
}
