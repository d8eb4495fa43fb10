/// A number in its one canonical form (rule 1): an integral value between Int64.min and UInt64.max
/// is an integer, -0.0 is 0, and NaN and the infinities cannot be made. So two numbers are equal
/// exactly when their values are, and each has one encoding.
public struct Number: Equatable, Sendable {
    @usableFromInline
    enum Form: Equatable, Sendable {
        case integer(Int64)
        /// Only above Int64.max.
        case large(UInt64)
        /// Never integral within the integers' range, never NaN or infinite.
        case fraction(Double)
    }

    @usableFromInline let form: Form

    @inlinable public init(_ integer: Int64) { form = .integer(integer) }

    @inlinable public init(_ integer: Int) { form = .integer(Int64(integer)) }

    @inlinable public init(_ integer: UInt64) {
        form = integer > UInt64(Int64.max) ? .large(integer) : .integer(Int64(integer))
    }

    /// Nil for NaN and the infinities.
    @inlinable public init?(_ double: Double) {
        guard double.isFinite else { return nil }
        // All bounds are powers of two and so exact as doubles; beyond 2^63 all are integral.
        if double >= -0x1p63 && double < 0x1p63 {
            let whole = Int64(double)
            form = Double(whole) == double ? .integer(whole) : .fraction(double)
        } else if double >= 0x1p63 && double < 0x1p64 {
            form = .large(UInt64(double))
        } else {
            form = .fraction(double)
        }
    }

    /// The integer, if it is one that Int64 holds.
    @inlinable public var int64: Int64? {
        if case .integer(let n) = form { n } else { nil }
    }

    /// The integer, if it is one that UInt64 holds.
    @inlinable public var uint64: UInt64? {
        switch form {
        case .integer(let n): n >= 0 ? UInt64(n) : nil
        case .large(let n): n
        case .fraction: nil
        }
    }

    /// The nearest double.
    @inlinable public var double: Double {
        switch form {
        case .integer(let n): Double(n)
        case .large(let n): Double(n)
        case .fraction(let d): d
        }
    }

    /// The decimal digits of an integer; a fraction's description.
    var decimal: String {
        switch form {
        case .integer(let n): String(n)
        case .large(let n): String(n)
        case .fraction(let d): d.description
        }
    }

    /// Whether a double holds the number without rounding, as JavaScript would.
    var isExactDouble: Bool {
        switch form {
        case .integer(let n): Int64(exactly: Double(n)) == n
        case .large(let n): UInt64(exactly: Double(n)) == n
        case .fraction: true
        }
    }

    /// The sum, or nil where it is neither an integer in range nor a finite double.
    ///
    /// Integers add exactly; where an exact sum would leave the range the answer is nil, not a
    /// rounded double, so that a counter never silently loses a count.
    public func adding(_ other: Number) -> Number? {
        switch (form, other.form) {
        case (.fraction, _), (_, .fraction): return Number(double + other.double)
        case (.integer(let a), .integer(let b)):
            let (sum, overflow) = a.addingReportingOverflow(b)
            if !overflow { return Number(sum) }
            return a > 0 ? Number(UInt64(a) + UInt64(b)) : nil
        case (.large(let a), .large(let b)):
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? nil : Number(sum)
        case (.large(let a), .integer(let b)), (.integer(let b), .large(let a)):
            let (sum, overflow) =
                b >= 0
                ? a.addingReportingOverflow(UInt64(b))
                : a.subtractingReportingOverflow(b.magnitude)
            return overflow ? nil : Number(sum)
        }
    }
}
