import Wire

extension FuzzEntry {
    /// Whatever decodes as a message comes back from both encodings as the same message. The first
    /// byte chooses the encoding.
    public static func message(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let encoding: Encoding = first & 1 == 0 ? .messagePack : .json
        guard let message = decode(Array(input.dropFirst()), encoding) else { return }
        require(decode(message.encoded(encoding), encoding) == message, "another message came back")
        let other: Encoding = encoding == .json ? .messagePack : .json
        guard let plain = carriedByBoth(message) else { return }
        require(decode(plain.encoded(other), other) == plain, "the other encoding gives another")
    }

    private static func decode(_ bytes: [UInt8], _ encoding: Encoding) -> Message? {
        do throws(MessageError) {
            switch encoding {
            case .json: return try Message(json: bytes.span)
            case .messagePack: return try Message(messagePack: bytes.span)
            }
        } catch {
            if case .malformed(let error) = error {
                require(error.offset >= 0 && error.offset <= bytes.count, "an offset outside")
            }
            return nil
        }
    }

    /// A diff that both encodings carry: in JSON its sets are a tree, which has an order of its own
    /// and each place once, and names are literal. Nil for one that the tree cannot say.
    private static func carriedByBoth(_ message: Message) -> Message? {
        guard case .diff(var diff) = message else { return message }
        diff.definitions = []
        diff.content.set.sort { $0.path < $1.path }
        for (a, b) in zip(diff.content.set, diff.content.set.dropFirst())
        where b.path.segments.starts(with: a.path.segments) {
            return nil
        }
        return .diff(diff)
    }

    /// Frames from a stranger, one after the other, against one mirror: each is applied, ignored
    /// or refused, and the hash that is kept remains that of the document.
    public static func mirror(_ input: [UInt8]) {
        var mirror = Mirror(keepsHash: true, seed: 3)
        for frame in frames(input) {
            var reader = MessagePackReader(frame.span)
            do throws(DecodeError) {
                _ = try mirror.apply(&reader, fields: Int(frame.first ?? 0) & 7)
                try reader.finish()
            } catch {
                require(error.offset >= 0 && error.offset <= frame.count, "an offset outside")
            }
            require(mirror.hash == ViewHash(of: mirror.document), "the kept hash is another")
            require(mirror.fieldCount <= 1 << 20, "a field count out of nothing")
        }
    }

    /// A client that is told anything at all. The first byte chooses the encoding.
    public static func session(_ input: [UInt8]) {
        guard let first = input.first else { return }
        var generator = SeededGenerator(state: 1)
        var session = ClientSession(
            .init(
                encoding: first & 1 == 0 ? .messagePack : .json, token: "t", instance: "i",
                keepsHashes: first & 2 == 0))
        var now = Instant(nanoseconds: 0)
        _ = session.subscribe("state", hash: true)
        _ = session.subscribe("events", name: "n", credit: 5)
        session.connected(now: now)
        _ = session.publish("state", .patch(Patch()))
        for frame in frames(Array(input.dropFirst())) {
            now = now + .milliseconds(UInt64(frame.count))
            session.received(frame.span, now: now, using: &generator)
            session.reached(now)
            for _ in 0..<64 { if session.nextMessage(now: now) == nil { break } }
            while let notice = session.nextNotice() {
                if case .event(let id, let event, .fresh) = notice {
                    session.done(id, event.sequence)
                }
            }
            for subscription in session.subscriptions {
                let mirror = subscription.mirror
                require(mirror.hash == ViewHash(of: mirror.document), "the hash is another")
            }
        }
        session.disconnected()
        session.connected(now: now)
        for _ in 0..<64 { if session.nextMessage(now: now) == nil { break } }
    }

    /// Each a byte for its length and so many bytes.
    private static func frames(_ input: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var place = 0
        while place < input.count {
            let end = min(place + 1 + Int(input[place]), input.count)
            frames.append(Array(input[place + 1..<end]))
            place = end
        }
        return frames
    }
}

struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
