public import Wire

/// How often an audience's frames are made: a rung of a published ladder, so that subscribers who
/// ask for about the same share an audience (rule 13).
public struct RateClass: Hashable, Sendable {
    /// Frames in a thousand seconds; zero for every turn.
    public let perThousandSeconds: UInt32

    public static let everyTurn = RateClass(perThousandSeconds: 0)

    public static let ladder: [RateClass] =
        [20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100].map {
            RateClass(perThousandSeconds: $0)
        }

    private init(perThousandSeconds: UInt32) { self.perThousandSeconds = perThousandSeconds }

    /// The rung at or below the rate asked for; the lowest for whatever lies below it.
    public init(asked: Number?) {
        guard let asked = asked?.double else {
            self = .everyTurn
            return
        }
        let bottom = RateClass.ladder[RateClass.ladder.count - 1]
        self = RateClass.ladder.first { Double($0.perThousandSeconds) <= asked * 1_000 } ?? bottom
    }

    public var interval: Interval {
        perThousandSeconds == 0
            ? Interval(nanoseconds: 0)
            : Interval(nanoseconds: 1_000_000_000_000 / UInt64(perThousandSeconds))
    }

    /// As it is told to the subscriber; nil for every turn.
    public var number: Number? {
        perThousandSeconds == 0 ? nil : Number(Double(perThousandSeconds) / 1_000)
    }

    /// The rung below, for a reader who stays slow; nil at the bottom.
    public var slower: RateClass? {
        RateClass.ladder.first {
            perThousandSeconds == 0 || $0.perThousandSeconds < perThousandSeconds
        }
    }
}
