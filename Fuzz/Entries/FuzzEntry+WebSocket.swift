#if TESTABLE
    @testable import Transport

    extension FuzzEntry {
        /// Frames come apart into the same events however they are cut, on both sides, and what was
        /// understood is understood again when it is written anew. The first byte chooses.
        public static func websocket(_ input: [UInt8]) {
            guard let first = input.first else { return }
            let stream = Array(input.dropFirst())
            let role: WebSocketRole = first & 1 == 0 ? .server : .client
            let deflates = first & 2 != 0
            let whole = events(stream, role, deflates, cuts: stream.count)
            for cuts in [1, Int(first >> 2 % 7) + 2] {
                require(
                    events(stream, role, deflates, cuts: cuts) == whole,
                    "cut at every \(cuts) bytes it is another stream")
            }
            var again: [UInt8] = []
            for event in whole { again += written(event, to: role) }
            let ending = whole.last.map(isViolation) == true ? whole.dropLast() : whole[...]
            require(
                events(again, role, deflates, cuts: again.count) == Array(ending),
                "written again it is another stream")
        }

        private static func isViolation(_ event: WebSocketInbox.Event) -> Bool {
            if case .violation = event { true } else { false }
        }

        private static func events(
            _ stream: [UInt8], _ role: WebSocketRole, _ deflates: Bool, cuts: Int
        ) -> [WebSocketInbox.Event] {
            var inbox = WebSocketInbox(role: role, sizeLimit: 1_000, allowsDeflate: deflates)
            var events: [WebSocketInbox.Event] = []
            var place = 0
            while place < stream.count {
                var piece = [UInt8](stream[place..<min(place + max(cuts, 1), stream.count)])
                place += piece.count
                var position = 0
                var span = piece.mutableSpan
                pieces: while true {
                    let event = inbox.next(&span, &position)
                    switch event {
                    case .more: break pieces
                    case .message(let binary, let compressed, .here(let range)):
                        var bytes: [UInt8] = []
                        for i in range { bytes.append(span[i]) }
                        events.append(
                            .message(binary: binary, compressed: compressed, .collected(bytes)))
                    case .message(_, _, .collected), .ping, .pong: events.append(event)
                    case .close, .violation:
                        events.append(event)
                        return events
                    }
                }
            }
            return events
        }

        /// The frame of an event, as the other side sends it.
        private static func written(
            _ event: WebSocketInbox.Event, to role: WebSocketRole
        ) -> [UInt8] {
            let mask: UInt32? = role == .server ? 0x1234_5678 : nil
            switch event {
            case .message(let binary, let compressed, .collected(let bytes)):
                let limit = compressed ? WebSocketInbox.compressedLimit(1_000) : 1_000
                require(bytes.count <= limit, "a message passes the limit")
                return FrameWriter.frame(
                    binary ? .binary : .text, bytes.span, mask: mask, compressed: compressed)
            case .ping(let bytes): return FrameWriter.ping(bytes, mask: mask)
            case .pong(let bytes): return FrameWriter.pong(bytes, mask: mask)
            case .close(let code, let reason):
                return FrameWriter.close(code, reason: reason, mask: mask)
            case .message(_, _, .here), .more, .violation: return []
            }
        }
    }
#endif
