internal import Wire

/// Numbers as people read them: three significant digits, a unit, no more.
enum Figures {
    static func duration(_ interval: Interval) -> String {
        let n = interval.nanoseconds
        switch n {
        case 0: return "0"
        case ..<1_000: return "\(n) ns"
        case ..<1_000_000: return scaled(Double(n) / 1e3) + " µs"
        case ..<1_000_000_000: return scaled(Double(n) / 1e6) + " ms"
        case ..<120_000_000_000: return scaled(Double(n) / 1e9) + " s"
        default: return scaled(Double(n) / 60e9) + " min"
        }
    }

    static func milliseconds(_ interval: Interval) -> Double {
        Double(interval.nanoseconds) / 1e6
    }

    static func seconds(_ interval: Interval) -> Double { Double(interval.nanoseconds) / 1e9 }

    /// 1234567 as 1,234,567.
    static func count(_ n: some BinaryInteger) -> String {
        var text = ""
        let digits = String(n)
        for (i, digit) in digits.enumerated() {
            if i > 0, (digits.count - i) % 3 == 0, text != "-" { text += "," }
            text.append(digit)
        }
        return text
    }

    static func bytes(_ n: UInt64) -> String {
        switch n {
        case ..<10_000: count(n) + " B"
        case ..<10_000_000: scaled(Double(n) / 1e3) + " kB"
        case ..<10_000_000_000: scaled(Double(n) / 1e6) + " MB"
        default: scaled(Double(n) / 1e9) + " GB"
        }
    }

    static func rate(_ perSecond: Double) -> String {
        perSecond >= 100 ? count(Int64(perSecond.rounded())) : scaled(perSecond)
    }

    static func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }

    /// With as many decimals as make three digits.
    static func scaled(_ x: Double) -> String {
        let size = x.magnitude
        return size == 0 ? "0" : fixed(x, size >= 100 ? 0 : size >= 10 ? 1 : 2)
    }

    /// With so many decimals, 0 to 6, rounded half away from zero.
    static func fixed(_ x: Double, _ decimals: Int) -> String {
        guard x.isFinite, x.magnitude < 1e12 else { return x.isFinite ? "\(x)" : "–" }
        var factor: Int64 = 1
        for _ in 0..<decimals { factor *= 10 }
        let whole = Int64((x.magnitude * Double(factor)).rounded())
        let sign = x < 0 && whole > 0 ? "-" : ""
        if decimals == 0 { return sign + count(whole) }
        let rest = String(whole % factor)
        let zeros = String(repeating: "0", count: decimals - rest.count)
        return sign + String(whole / factor) + "." + zeros + rest
    }

    /// Filled with spaces on the left, for columns of numbers.
    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
