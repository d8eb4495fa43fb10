/// The fields of a head, as places in its bytes: nothing is copied until it is asked for.
public struct HTTPFields: Equatable, Sendable {
    struct Place: Equatable, Sendable {
        var name: Range<Int32>
        var value: Range<Int32>
    }

    let bytes: [UInt8]
    var places: [Place]

    public var count: Int { places.count }

    /// The first value of a field, by its name in lower case.
    public func first(_ name: String) -> String? {
        for place in places where matches(place, name) { return text(place.value) }
        return nil
    }

    public func all(_ name: String) -> [String] {
        places.filter { matches($0, name) }.map { text($0.value) }
    }

    public func has(_ name: String) -> Bool { places.contains { matches($0, name) } }

    /// The members of a comma-separated list field, over all its lines, without empty ones.
    public func list(_ name: String) -> [String] {
        all(name).flatMap { line in
            line.utf8.split(separator: UInt8(ascii: ","))
                .compactMap { String(Substring($0)).trimmingBlanks() }
                .filter { !$0.isEmpty }
        }
    }

    /// Whether a list field holds a token, whatever its case.
    public func lists(_ name: String, _ token: String) -> Bool {
        list(name).contains { $0.lowercasedASCII() == token }
    }

    /// All fields in order, names in lower case.
    public var pairs: [(name: String, value: String)] {
        places.map { (text($0.name).lowercasedASCII(), text($0.value)) }
    }

    private func matches(_ place: Place, _ name: String) -> Bool {
        guard place.name.count == name.utf8.count else { return false }
        var at = Int(place.name.lowerBound)
        for byte in name.utf8 {
            var have = bytes[at]
            if have >= 0x41, have <= 0x5a { have |= 0x20 }
            if have != byte { return false }
            at += 1
        }
        return true
    }

    func text(_ range: Range<Int32>) -> String {
        String(decoding: bytes[Int(range.lowerBound)..<Int(range.upperBound)], as: UTF8.self)
    }
}

extension String {
    func lowercasedASCII() -> String {
        String(
            decoding: utf8.map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    func trimmingBlanks() -> String {
        let bytes = [UInt8](utf8)
        var start = 0
        var end = bytes.count
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}
