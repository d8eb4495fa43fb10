import Hub
import Transport
import Wire

/// How the value of a key is written, what is taken for it, and how it is said what would be right.
struct KeyForm<Value: Sendable>: Sendable {
    typealias Item = ConfigurationText.Item

    /// What is wrong with a value, as the end of a sentence that begins with the key's name.
    struct Refusal: Error {
        let text: String
        /// Where in a list, when not at its beginning.
        var place: FilePlace?
    }

    /// As in "wants a number from 1 to 64".
    let wants: String
    let read: @Sendable (Item) throws(Refusal) -> Value
    /// As it stands in a file; nil for what is not set.
    let write: @Sendable (Value) -> String?

    /// One that knows by `read` alone whether a value is right.
    init(
        wants: String, _ read: @escaping @Sendable (ConfigurationText.Value) -> Value?,
        write: @escaping @Sendable (Value) -> String?
    ) {
        self.wants = wants
        self.read = { (item) throws(Refusal) in
            guard let value = read(item.value) else {
                throw Refusal(text: "wants \(wants), not \(item.value.shown)", place: item.place)
            }
            return value
        }
        self.write = write
    }

    init(
        wants: String, reading read: @escaping @Sendable (Item) throws(Refusal) -> Value,
        write: @escaping @Sendable (Value) -> String?
    ) {
        (self.wants, self.read, self.write) = (wants, read, write)
    }
}

extension KeyForm where Value == Int {
    static func number(_ range: ClosedRange<Int>) -> KeyForm {
        KeyForm(wants: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            guard case .integer(let n) = $0, let n = Int(exactly: n), range.contains(n) else {
                return nil
            }
            return n
        } write: {
            "\($0)"
        }
    }

    static func size(_ range: ClosedRange<UInt64>) -> KeyForm {
        KeyForm<UInt64>.size(range).mapped({ Int(clamping: $0) }, { UInt64(clamping: $0) })
    }
}

extension KeyForm where Value == UInt64 {
    static func count(_ range: ClosedRange<Int>) -> KeyForm {
        KeyForm<Int>.number(range).mapped({ UInt64(clamping: $0) }, { Int(clamping: $0) })
    }

    static func size(_ range: ClosedRange<UInt64>) -> KeyForm {
        let (low, high) = (Quantity.size(range.lowerBound), Quantity.size(range.upperBound))
        return KeyForm(wants: "a size from \"\(low)\" to \"\(high)\"") {
            let bytes: UInt64?
            switch $0 {
            case .integer(let n): bytes = UInt64(exactly: n)
            case .text(let text): bytes = Quantity.bytes(text)
            default: bytes = nil
            }
            return bytes.flatMap { range.contains($0) ? $0 : nil }
        } write: {
            "\"\(Quantity.size($0))\""
        }
    }

    /// A time that is kept in milliseconds.
    static func milliseconds(_ range: ClosedRange<Interval>) -> KeyForm {
        KeyForm<Interval>.time(range).mapped({ $0.wholeMilliseconds }, { .milliseconds($0) })
    }
}

extension KeyForm where Value == Interval {
    static func time(_ range: ClosedRange<Interval>) -> KeyForm {
        let (low, high) = (Quantity.time(range.lowerBound), Quantity.time(range.upperBound))
        return KeyForm(wants: "a time with its unit, from \"\(low)\" to \"\(high)\"") {
            guard case .text(let text) = $0, let time = Quantity.interval(text),
                range.contains(time)
            else { return nil }
            return time
        } write: {
            "\"\(Quantity.time($0))\""
        }
    }
}

extension KeyForm where Value == Bool {
    static var flag: KeyForm {
        KeyForm(wants: "true or false") {
            if case .boolean(let value) = $0 { value } else { nil }
        } write: {
            "\($0)"
        }
    }
}

extension KeyForm where Value == String {
    /// A text that is not empty and of which `isRight` holds.
    static func text(
        _ what: String, where isRight: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> KeyForm {
        KeyForm(wants: what) {
            guard case .text(let text) = $0, !text.isEmpty, text.utf8.count <= 4_096,
                isRight(text)
            else { return nil }
            return text
        } write: {
            Quantity.quoted($0)
        }
    }

    static var file: KeyForm { text("the path of a file in quotes") }
}

extension KeyForm where Value == SocketAddress {
    static var address: KeyForm {
        KeyForm(wants: "HOST:PORT in quotes, as \"127.0.0.1:8080\" or \"[::]:443\"") {
            if case .text(let text) = $0 { SocketAddress(listening: text) } else { nil }
        } write: {
            "\"\($0)\""
        }
    }
}

extension KeyForm where Value == Mask? {
    /// Fields as in `read = true` or `read = ["status", "customer.name"]`.
    static var fields: KeyForm {
        let wants =
            "true for every field, false for none, or a list of fields such as "
            + "[\"status\", \"customer.name\", \"*.unread\"]"
        return KeyForm(wants: wants) {
            switch $0 {
            case .boolean(true): return .some(.everything)
            case .boolean(false): return .some(nil)
            case .list(let items):
                var patterns: [Mask.Pattern] = []
                for item in items {
                    guard let pattern = FieldPattern.read(item.value) else { return nil }
                    patterns.append(pattern)
                }
                if patterns.isEmpty { return .some(nil) }
                return patterns.count <= Limits.patterns ? Mask(patterns) : nil
            default: return nil
            }
        } write: { mask in
            guard let mask else { return "false" }
            if mask.isEverything { return "true" }
            return "[" + mask.patterns.map(FieldPattern.written).joined(separator: ", ") + "]"
        }
    }
}

extension KeyForm where Value: CaseIterable & RawRepresentable<String> {
    static var choice: KeyForm {
        let words = Value.allCases.map { $0.rawValue }
        let wants = words.map { "\"\($0)\"" }.joined(separator: " or ")
        return KeyForm(
            wants: wants,
            reading: { (item) throws(Refusal) in
                guard case .text(let word) = item.value else {
                    throw Refusal(
                        text: "wants \(wants), not \(item.value.shown)", place: item.place)
                }
                guard let value = Value(rawValue: word) else {
                    throw Refusal(
                        text: "knows no \(item.value.shown); \(Nearest.hint(word, words))",
                        place: item.place)
                }
                return value
            },
            write: { "\"\($0.rawValue)\"" })
    }
}

extension KeyForm {
    /// The same values under another type.
    func mapped<Other>(
        _ make: @escaping @Sendable (Value) -> Other, _ back: @escaping @Sendable (Other) -> Value
    ) -> KeyForm<Other> {
        let (read, write) = (self.read, self.write)
        return KeyForm<Other>(
            wants: wants,
            reading: { (item) throws(KeyForm<Other>.Refusal) in
                do throws(Refusal) {
                    return make(try read(item))
                } catch {
                    throw KeyForm<Other>.Refusal(text: error.text, place: error.place)
                }
            },
            write: { write(back($0)) })
    }

    /// A value or, by a word of its own, none.
    func orNone(_ word: String) -> KeyForm<Value?> {
        let (read, write, wants) = (self.read, self.write, self.wants)
        let both = "\(wants), or \"\(word)\""
        return KeyForm<Value?>(
            wants: both,
            reading: { (item) throws(KeyForm<Value?>.Refusal) in
                if item.value == .text(word) { return nil }
                do throws(Refusal) {
                    return try read(item)
                } catch {
                    throw KeyForm<Value?>.Refusal(
                        text: "wants \(both), not \(item.value.shown)", place: error.place)
                }
            },
            write: { $0.map(write) ?? "\"\(word)\"" })
    }

    /// A value that is set or absent.
    var optional: KeyForm<Value?> {
        let (read, write) = (self.read, self.write)
        return KeyForm<Value?>(
            wants: wants,
            reading: { (item) throws(KeyForm<Value?>.Refusal) in
                do throws(Refusal) {
                    return try read(item)
                } catch {
                    throw KeyForm<Value?>.Refusal(text: error.text, place: error.place)
                }
            },
            write: { $0.flatMap(write) })
    }

    static func list<Element>(of element: KeyForm<Element>, _ what: String) -> KeyForm
    where Value == [Element] {
        KeyForm(
            wants: what,
            reading: { (item) throws(Refusal) in
                guard case .list(let items) = item.value else {
                    throw Refusal(text: "wants \(what), not \(item.value.shown)", place: item.place)
                }
                var values: [Element] = []
                for item in items {
                    do throws(KeyForm<Element>.Refusal) {
                        values.append(try element.read(item))
                    } catch {
                        throw Refusal(text: "in its list \(error.text)", place: error.place)
                    }
                }
                return values
            },
            write: { values in
                "[" + values.compactMap { element.write($0) }.joined(separator: ", ") + "]"
            })
    }
}

extension ConfigurationText.Value {
    /// As it is shown to whoever wrote it.
    var shown: String {
        switch self {
        case .text(let text):
            let quoted = Quantity.quoted(text)
            return quoted.count > 40 ? "\(quoted.prefix(40))…\"" : quoted
        case .integer(let n): return "\(n)"
        case .fraction(let d): return "\(d)"
        case .boolean(let b): return "\(b)"
        case .list: return "a list"
        }
    }
}
