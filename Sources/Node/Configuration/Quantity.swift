import Wire

/// Times and sizes with their units, as people write them: "250ms", "5s", "64KiB".
enum Quantity {
    private static let times: [(unit: String, nanoseconds: UInt64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
        ("s", 1_000_000_000), ("ms", 1_000_000),
    ]
    private static let sizes: [(unit: String, bytes: UInt64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    static func interval(_ text: String) -> Interval? {
        amount(text, times.map { ($0.unit, $0.nanoseconds) }).map { Interval(nanoseconds: $0) }
    }

    static func bytes(_ text: String) -> UInt64? {
        amount(text, sizes.map { ($0.unit, $0.bytes) })
    }

    private static func amount(
        _ text: String, _ units: [(unit: String, factor: UInt64)]
    ) -> UInt64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text[digits.endIndex...].drop { $0 == " " }
        guard let count = UInt64(digits), let found = units.first(where: { $0.unit == unit })
        else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: found.factor)
        return overflow ? nil : product
    }

    static func time(_ interval: Interval) -> String {
        written(interval.nanoseconds, times.map { ($0.unit, $0.nanoseconds) }, none: "0s")
    }

    static func size(_ bytes: UInt64) -> String {
        written(bytes, sizes.map { ($0.unit, $0.bytes) }, none: "0B")
    }

    /// In the largest unit of which it is a whole number.
    private static func written(
        _ amount: UInt64, _ units: [(unit: String, factor: UInt64)], none: String
    ) -> String {
        guard amount > 0 else { return none }
        let unit = units.first { amount % $0.factor == 0 } ?? units[units.count - 1]
        return "\(amount / unit.factor)\(unit.unit)"
    }

    /// A text in double quotes, with what needs it escaped.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                quoted += scalar.value < 0x10 ? "\\u000" : "\\u00"
                quoted += String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// Fields as the configuration names them: `customer.name`, `*.unread`; as a list of names where a
/// name has a dot or a star in it.
enum FieldPattern {
    static func read(_ value: ConfigurationText.Value) -> Mask.Pattern? {
        let pattern: Mask.Pattern
        switch value {
        case .text(let text):
            let names = text.split(separator: ".", omittingEmptySubsequences: false)
            guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
            pattern = names.map { $0 == "*" ? .any : .name(Text(String($0))) }
        case .list(let items):
            var names: Mask.Pattern = []
            for item in items {
                guard case .text(let name) = item.value, !name.isEmpty else { return nil }
                names.append(.name(Text(name)))
            }
            pattern = names
        default: return nil
        }
        return pattern.isEmpty || pattern.count > Limits.pathSegments ? nil : pattern
    }

    static func written(_ pattern: Mask.Pattern) -> String {
        let isPlain = pattern.allSatisfy { segment in
            guard case .name(let name) = segment else { return true }
            return name != "*" && !name.utf8.contains(UInt8(ascii: "."))
        }
        let names = pattern.map { segment in
            if case .name(let name) = segment { name.string } else { "*" }
        }
        if isPlain { return Quantity.quoted(names.joined(separator: ".")) }
        return "[" + names.map(Quantity.quoted).joined(separator: ", ") + "]"
    }
}
