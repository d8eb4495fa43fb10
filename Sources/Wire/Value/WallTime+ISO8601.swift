/// The profile of ISO 8601 that RFC 3339 defines: `2026-11-21T09:30:00.250Z`.
extension WallTime {
    /// The years 0000 to 9999 are all that this form can say.
    static let iso8601Seconds: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// Appends this time in UTC, to the millisecond, 24 bytes; nothing and `false` outside the
    /// years 0000 to 9999.
    @discardableResult
    public func appendISO8601(to bytes: inout [UInt8]) -> Bool {
        guard WallTime.iso8601Seconds.contains(seconds) else { return false }
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let second = seconds - day * 86_400
        let date = CalendarDate(daysSince1970: day)
        bytes.appendTwo(date.year / 100)
        bytes.appendTwo(date.year % 100)
        bytes.append(UInt8(ascii: "-"))
        bytes.appendTwo(date.month)
        bytes.append(UInt8(ascii: "-"))
        bytes.appendTwo(date.day)
        bytes.append(UInt8(ascii: "T"))
        bytes.appendTwo(second / 3600)
        bytes.append(UInt8(ascii: ":"))
        bytes.appendTwo(second / 60 % 60)
        bytes.append(UInt8(ascii: ":"))
        bytes.appendTwo(second % 60)
        bytes.append(UInt8(ascii: "."))
        bytes.appendTwo(Int64(nanoseconds / 10_000_000))
        bytes.append(UInt8(truncatingIfNeeded: 0x30 + nanoseconds / 1_000_000 % 10))
        bytes.append(UInt8(ascii: "Z"))
        return true
    }

    /// Reads a date and time with a zone, `Z` or an offset, and up to nine digits of a second.
    /// `nil` for whatever is not exactly that, such as a 30th of February. A leap second is read as
    /// the second after it, as POSIX does.
    public init?(iso8601 text: Span<UInt8>) {
        var reader = DigitReader(text: text)
        guard let year = reader.number(4), reader.take("-"),
            let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t"),
            let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2)
        else { return nil }
        let date = CalendarDate(year: year, month: month, day: day)
        guard date.exists, hour < 24, minute < 60, second < 60 || second == 60 && minute == 59
        else { return nil }
        var nanoseconds: UInt32 = 0
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            nanoseconds = fraction
        }
        guard let offset = reader.zoneOffsetSeconds(), reader.isAtEnd else { return nil }
        let local = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second
        self.init(seconds: local - offset, nanoseconds: nanoseconds)
    }
}

extension [UInt8] {
    /// The two digits of a number below 100.
    fileprivate mutating func appendTwo(_ number: Int64) {
        append(UInt8(truncatingIfNeeded: 0x30 + number / 10))
        append(UInt8(truncatingIfNeeded: 0x30 + number % 10))
    }
}

/// A day of the Gregorian calendar, counted with years that begin in March, so that the leap day
/// comes last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
private struct CalendarDate {
    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// For days in the years 0000 to 9999.
    init(daysSince1970: Int64) {
        let days = daysSince1970 + 719_468  // since 0000-03-01
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    var exists: Bool {
        guard (1...12).contains(month) else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length: Int64 =
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        return (1...length).contains(day)
    }
}

/// Reads fixed-width numbers forward through text.
private struct DigitReader: ~Escapable {
    let text: Span<UInt8>
    var at = 0

    @_lifetime(copy text)
    init(text: Span<UInt8>) { self.text = text }

    var isAtEnd: Bool { at == text.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < text.count, text[at] == UInt8(truncatingIfNeeded: character.value) else {
            return false
        }
        at += 1
        return true
    }

    mutating func digit() -> Int64? {
        guard at < text.count, text[at] >= 48, text[at] <= 57 else { return nil }
        at += 1
        return Int64(text[at - 1] - 48)
    }

    mutating func number(_ width: Int) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// One to nine digits, as nanoseconds.
    mutating func fraction() -> UInt32? {
        guard let first = digit() else { return nil }
        var nanoseconds = UInt32(first) * 100_000_000
        var place: UInt32 = 10_000_000
        while let next = digit() {
            guard place > 0 else { return nil }
            nanoseconds += UInt32(next) * place
            place /= 10
        }
        return nanoseconds
    }

    mutating func zoneOffsetSeconds() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") {
            sign = 1
        } else if take("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
