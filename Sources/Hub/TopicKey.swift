public import Wire

/// A topic's full name: tenants never meet, whatever they call their topics.
public struct TopicKey: Hashable, Sendable {
    public let tenant: Text
    public let name: Text

    public init(tenant: Text, name: Text) {
        self.tenant = tenant
        self.name = name
    }

    /// Which of so many shards owns the topic: the same on every run and every machine.
    public func shard(of count: Int) -> Int {
        var state: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in tenant.utf8 + [0] + name.utf8 {
            state = (state ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        // The low bits of this hash alone depend on the low bits of the bytes alone.
        state ^= state >> 32
        return Int(state % UInt64(count))
    }
}

/// Names of topics by pattern: segments between slashes, `*` for any one, `**` at the end for all
/// that follow.
public struct TopicPattern: Hashable, Sendable {
    private enum Segment: Hashable, Sendable {
        case name([UInt8])
        case any
        case rest
    }

    private let segments: [Segment]
    public let text: Text

    public init(_ text: Text) {
        self.text = text
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        segments = parts.enumerated().map { i, part in
            if part.elementsEqual("*".utf8) { return .any }
            if part.elementsEqual("**".utf8) && i == parts.count - 1 { return .rest }
            return .name([UInt8](part))
        }
    }

    public func matches(_ name: Text) -> Bool {
        var parts = name.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        for segment in segments {
            if segment == .rest { return true }
            guard let part = parts.popFirst() else { return false }
            if case .name(let wanted) = segment, !part.elementsEqual(wanted) { return false }
        }
        return parts.isEmpty
    }
}

extension Text {
    /// Whether it may name a topic: not empty, not too long, no control characters.
    public var namesTopic: Bool {
        !isEmpty && count <= Limits.topicBytes && !utf8.contains { $0 < 0x20 || $0 == 0x7f }
    }

    /// Whether only the server itself writes to the topic.
    public var isReserved: Bool { count > 0 && utf8[0] == UInt8(ascii: "$") }

    static let rosterPrefix: Text = "$presence/"

    /// Whether it names the roster of another topic.
    var isRoster: Bool { watchedTopic != nil }

    /// Of a roster's name, the topic whose watchers it lists.
    var watchedTopic: Text? {
        let prefix = Text.rosterPrefix.utf8
        guard utf8.starts(with: prefix) else { return nil }
        return Text(String(decoding: utf8.dropFirst(prefix.count), as: UTF8.self))
    }
}
