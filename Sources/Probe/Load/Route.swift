internal import Transport
internal import Wire

/// One way to the server beside the first, and which part of the subscribers goes it: another
/// address, another transport, with TLS or without.
struct Route: Equatable, Sendable {
    let share: Double
    let target: Target

    /// `20%=tcp://127.0.0.1:9000`, `0.1=poll://127.0.0.1:8080`.
    init(_ text: String) throws(UsageError) {
        let bad = UsageError(
            "--also \(text): a share and an address are wanted",
            hint: "as --also 20%=tcp://127.0.0.1:9000")
        guard let sign = text.firstIndex(of: "=") else { throw bad }
        let words = text[..<sign]
        let number =
            words.hasSuffix("%") ? Double(words.dropLast()).map { $0 / 100 } : Double(words)
        guard let share = number, share > 0, share <= 1 else { throw bad }
        self.share = share
        target = try Target(String(text[text.index(after: sign)...]))
    }

    init(share: Double, target: Target) {
        self.share = share
        self.target = target
    }

    func trusting(_ arguments: Arguments) throws(UsageError) -> Route {
        guard target.isSecure else { return self }
        var target = target
        try target.trust(arguments)
        return Route(share: share, target: target)
    }

    var value: Value {
        ["share": ResultValue.number(share), "target": .text(target.url)]
    }
}

extension LoadPlan {
    /// Which of `routes` connection `n` goes; nil for the first address. Every route meets both
    /// encodings and all views.
    func route(of n: Int) -> Int? {
        if routes.isEmpty { return nil }
        var place =
            Double(mixed(UInt64(n), seed ^ 0x726f_7574_65) >> 11) / Double(1 << 53 as UInt64)
        for (i, route) in routes.enumerated() {
            if place < route.share { return i }
            place -= route.share
        }
        return nil
    }
}

/// Where a route leads.
struct Place {
    let address: SocketAddress
    let target: Target
}
