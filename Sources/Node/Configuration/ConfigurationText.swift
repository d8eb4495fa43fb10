/// A configuration file taken apart, before anybody asks what its keys mean.
///
/// The form is a strict part of TOML: `[section]`, `[[list]]`, `key = value`, `# comment`; values
/// are texts in quotes, whole numbers, fractions, true and false, and lists. What of TOML is left
/// out (dotted keys, tables in braces, dates, texts of several lines) is answered by name.
///
/// A wrong line is reported and passed over, so that one look shows all that is wrong.
public struct ConfigurationText: Equatable, Sendable {
    public struct Item: Equatable, Sendable {
        public let value: Value
        public let place: FilePlace
    }

    public indirect enum Value: Equatable, Sendable {
        case text(String)
        case integer(Int64)
        case fraction(Double)
        case boolean(Bool)
        case list([Item])
    }

    public struct Entry: Equatable, Sendable {
        public let name: String
        public let place: FilePlace
        public let item: Item
    }

    public struct Section: Equatable, Sendable {
        /// `["roles", "grants"]` for `[[roles.grants]]`; empty for what stands above any section.
        public let path: [String]
        /// In double brackets: one more of a list.
        public let isList: Bool
        public let place: FilePlace
        public internal(set) var entries: [Entry] = []
    }

    public private(set) var sections: [Section] = []
    public private(set) var mistakes: [ConfigurationMistake] = []

    public static let byteLimit = 1 << 20
    static let mistakeLimit = 50
    static let depthLimit = 4
    static let listLimit = 10_000

    public init(_ bytes: [UInt8]) {
        if bytes.count > ConfigurationText.byteLimit {
            mistakes = [
                ConfigurationMistake(
                    .absence, "more than \(ConfigurationText.byteLimit) bytes are no configuration")
            ]
            return
        }
        var scanner = ConfigurationScanner(bytes)
        var section = Section(
            path: [], isList: false, place: FilePlace(line: 1, column: 1))
        while !scanner.isAtEnd {
            do throws(ConfigurationMistake) {
                switch try scanner.statement() {
                case .nothing: break
                case .section(let next):
                    sections.append(section)
                    section = next
                case .entry(let entry): section.entries.append(entry)
                }
            } catch {
                mistakes.append(error)
                if mistakes.count >= ConfigurationText.mistakeLimit { break }
                scanner.skipLine()
            }
        }
        sections.append(section)
    }

    /// A value that stands alone, as an environment variable has it.
    static func item(_ text: String) -> Item? {
        var scanner = ConfigurationScanner([UInt8](text.utf8))
        guard let item = try? scanner.value(depth: 0), scanner.isAtEnd else { return nil }
        return item
    }
}
