import Testing
import Wire

@testable import Transport

/// A conversation with a server, frame by frame, as a conformance suite holds it: what is sent, and
/// everything that must come back. When that is not a close of the server's, the peer closes.
struct Conversation: CustomTestStringConvertible {
    var name: String
    var sent: [[UInt8]]
    var replies: [Reply]

    init(_ name: String, _ sent: [[UInt8]], _ replies: [Reply]) {
        self.name = name
        self.sent = sent
        self.replies = replies
    }

    var testDescription: String { name }

    enum Reply: Equatable {
        case text([UInt8]), binary([UInt8]), pong([UInt8]), close(UInt16?)
        static func text(_ text: String) -> Reply { .text([UInt8](text.utf8)) }
    }

    /// How the frames' bytes leave: what a server understands must not depend on it.
    enum Manner: CaseIterable { case together, frames, octets }
}

/// A client's frame, with any bits and any mask.
func clientFrame(
    _ opcode: UInt8, _ payload: [UInt8] = [], final: Bool = true, reserved: UInt8 = 0,
    mask: UInt32 = 0x37fa_213d
) -> [UInt8] {
    var bytes: [UInt8] = [(final ? 0x80 : 0) | reserved << 4 | opcode]
    switch payload.count {
    case 0..<126: bytes.append(0x80 | UInt8(payload.count))
    case 126..<65_536:
        bytes += [0xfe, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
    default:
        bytes.append(0xff)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift))
        }
    }
    let key = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mask >> $0) }
    bytes += key
    for (i, byte) in payload.enumerated() { bytes.append(byte ^ key[i & 3]) }
    return bytes
}

func clientFrame(_ opcode: UInt8, _ text: String, final: Bool = true) -> [UInt8] {
    clientFrame(opcode, [UInt8](text.utf8), final: final)
}

func closeFrame(_ code: UInt16?, _ reason: [UInt8] = []) -> [UInt8] {
    clientFrame(8, code.map { [UInt8($0 >> 8), UInt8($0 & 255)] + reason } ?? reason)
}

extension Fixture {
    static let upgrade =
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    /// A bare peer with an open WebSocket.
    func upgraded(extensions: String? = nil) throws -> RawPeer {
        let peer = try RawPeer(self)
        let offer = extensions.map { "Sec-WebSocket-Extensions: \($0)\r\n" } ?? ""
        let servers = openedServers.count
        peer.write(Fixture.upgrade + offer + "\r\n")
        var head: [UInt8] = []
        // The server says nothing by itself, so its head is all that comes.
        turn(until: {
            head += peer.read() ?? []
            loop.waker.wake()
            return head.suffix(4) == [0x0d, 0x0a, 0x0d, 0x0a] && openedServers.count > servers
        })
        return peer
    }

    /// Holds a conversation, and gives back all that the server said until it hung up.
    func hold(
        _ conversation: Conversation, _ manner: Conversation.Manner
    ) throws -> [Conversation.Reply] {
        let peer = try upgraded()
        defer { peer.close() }
        var inbox = WebSocketInbox(role: .client, sizeLimit: 64 << 20)
        var heard: [Conversation.Reply] = []
        var isEnded = false
        func listen() {
            guard !isEnded else { return }
            guard var bytes = peer.read() else {
                isEnded = true
                return
            }
            var span = bytes.mutableSpan
            var position = 0
            while let reply = Fixture.reply(inbox.next(&span, &position), span) {
                heard.append(reply)
            }
        }
        func say(_ bytes: [UInt8]) {
            var queue = SendQueue()
            queue.append(Frame(bytes))
            turn(until: {
                // A server that has hung up need not take the rest.
                switch peer.kernel.send(queue, on: peer.descriptor, Token(bits: 1 << 32)) {
                case .moved(let count): queue.advance(by: count)
                case .failed: queue.clear()
                case .full, .pending: break
                }
                listen()
                loop.waker.wake()
                return queue.isEmpty
            })
        }
        switch manner {
        case .together: say(conversation.sent.flatMap { $0 })
        case .frames: for frame in conversation.sent { say(frame) }
        case .octets: for octet in conversation.sent.flatMap({ $0 }) { say([octet]) }
        }
        turn(until: {
            listen()
            loop.waker.wake()
            return isEnded || heard.count >= conversation.replies.count
        })
        if !heard.contains(where: { if case .close = $0 { true } else { false } }) {
            say(closeFrame(1000))
        }
        turn(
            until: {
                listen()
                loop.waker.wake()
                return isEnded
            }, "the server hangs up")
        return heard
    }

    private static func reply(
        _ event: WebSocketInbox.Event, _ span: borrowing MutableSpan<UInt8>
    ) -> Conversation.Reply? {
        switch event {
        case .more: return nil
        case .message(let binary, _, .here(let range)):
            var bytes: [UInt8] = []
            for i in range { bytes.append(span[i]) }
            return binary ? .binary(bytes) : .text(bytes)
        case .message(let binary, _, .collected(let bytes)):
            return binary ? .binary(bytes) : .text(bytes)
        case .pong(let bytes): return .pong(bytes)
        case .close(let code, _): return .close(code?.rawValue)
        case .ping, .violation:
            Issue.record("the server breaks the protocol: \(event)")
            return nil
        }
    }

    /// What must be said in the end: our own close is answered alike.
    static func expected(_ conversation: Conversation) -> [Conversation.Reply] {
        if case .close = conversation.replies.last { return conversation.replies }
        return conversation.replies + [.close(1000)]
    }
}
