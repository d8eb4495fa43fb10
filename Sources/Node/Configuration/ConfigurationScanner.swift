/// Reads a configuration file byte by byte, and knows line and column of what it reads.
struct ConfigurationScanner {
    enum Statement {
        case nothing
        case section(ConfigurationText.Section)
        case entry(ConfigurationText.Entry)
    }

    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var lineStart = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is no mistake of whoever typed the file.
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { (at, lineStart) = (3, 3) }
    }

    var isAtEnd: Bool { at >= bytes.count }
    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func byte(_ offset: Int) -> UInt8? {
        at + offset < bytes.count ? bytes[at + offset] : nil
    }

    /// Columns count characters as an editor does, not the bytes of UTF-8.
    private var place: FilePlace {
        let column = bytes[lineStart..<min(at, bytes.count)].count { $0 & 0xc0 != 0x80 }
        return FilePlace(line: line, column: column + 1)
    }

    private func mistake(_ text: String) -> ConfigurationMistake {
        ConfigurationMistake(at: place, text)
    }

    // MARK: Lines

    mutating func skipLine() {
        while let byte = next, byte != 0x0a { at += 1 }
        newLine()
    }

    private mutating func newLine() {
        guard next == 0x0a else { return }
        at += 1
        line += 1
        lineStart = at
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 { at += 1 }
    }

    /// White space, ends of lines and comments, as between the values of a list.
    private mutating func skipGap() throws(ConfigurationMistake) {
        while true {
            skipSpace()
            switch next {
            case UInt8(ascii: "#"): try comment()
            case 0x0d where byte(1) == 0x0a: at += 1
            case 0x0a: newLine()
            default: return
            }
        }
    }

    private mutating func comment() throws(ConfigurationMistake) {
        while let byte = next, byte != 0x0a {
            if byte < 0x20 && byte != 0x09 && byte != 0x0d {
                throw mistake("a control character does not belong into a comment")
            }
            at += 1
        }
    }

    /// Nothing but a comment may follow on the line.
    private mutating func endOfLine(after what: String) throws(ConfigurationMistake) {
        skipSpace()
        if next == UInt8(ascii: "#") { try comment() }
        if next == 0x0d, byte(1) == 0x0a || byte(1) == nil { at += 1 }
        guard isAtEnd || next == 0x0a else {
            throw mistake("a new line should begin after \(what)")
        }
        newLine()
    }

    // MARK: Statements

    mutating func statement() throws(ConfigurationMistake) -> Statement {
        skipSpace()
        switch next {
        case nil: return .nothing
        case 0x0a, 0x0d, UInt8(ascii: "#"):
            try endOfLine(after: "this")
            return .nothing
        case UInt8(ascii: "["): return .section(try header())
        default: return .entry(try entry())
        }
    }

    private mutating func header() throws(ConfigurationMistake) -> ConfigurationText.Section {
        let start = place
        at += 1
        let isList = next == UInt8(ascii: "[")
        if isList { at += 1 }
        var path: [String] = []
        while true {
            skipSpace()
            path.append(try name("the name of a section"))
            skipSpace()
            guard next == UInt8(ascii: ".") else { break }
            guard path.count < 4 else { throw mistake("sections are not nested so deep") }
            at += 1
        }
        for _ in 0..<(isList ? 2 : 1) {
            guard next == UInt8(ascii: "]") else {
                throw mistake(
                    isList ? "a list's header ends with ]]" : "a section's header ends with ]")
            }
            at += 1
        }
        try endOfLine(after: "a section's header")
        return ConfigurationText.Section(path: path, isList: isList, place: start)
    }

    private mutating func entry() throws(ConfigurationMistake) -> ConfigurationText.Entry {
        let start = place
        let name = try name("a key")
        skipSpace()
        switch next {
        case UInt8(ascii: "="): at += 1
        case UInt8(ascii: "."):
            throw mistake("a key has no dot here; put [\(name)] above, and the rest beneath it")
        case UInt8(ascii: ":"): throw mistake("between key and value stands =, not :")
        default: throw mistake("between key and value stands =, as in \(name) = …")
        }
        skipSpace()
        let item = try value(depth: 0)
        try endOfLine(after: "the value")
        return ConfigurationText.Entry(name: name, place: start, item: item)
    }

    private mutating func name(_ what: String) throws(ConfigurationMistake) -> String {
        let start = at
        while let byte = next, ConfigurationScanner.isNameByte(byte) { at += 1 }
        if at > start { return String(decoding: bytes[start..<at], as: UTF8.self) }
        if next == 0x22 || next == 0x27 { throw mistake("\(what) needs no quotes") }
        throw mistake("\(what) is made of letters, digits and _")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    // MARK: Values

    mutating func value(depth: Int) throws(ConfigurationMistake) -> ConfigurationText.Item {
        let start = place
        let value: ConfigurationText.Value
        switch next {
        case nil, 0x0a, 0x0d, UInt8(ascii: "#"): throw mistake("a value is missing here")
        case UInt8(ascii: "\""): value = .text(try quoted())
        case UInt8(ascii: "'"): value = .text(try literal())
        case UInt8(ascii: "["): value = .list(try list(depth: depth))
        case UInt8(ascii: "{"):
            throw mistake("braces are not known here; use a section of its own")
        default: value = try word()
        }
        return ConfigurationText.Item(value: value, place: start)
    }

    private mutating func list(
        depth: Int
    ) throws(ConfigurationMistake) -> [ConfigurationText.Item] {
        guard depth < ConfigurationText.depthLimit else {
            throw mistake("lists are not nested so deep")
        }
        let start = place
        at += 1
        var items: [ConfigurationText.Item] = []
        while true {
            try skipGap()
            if isAtEnd {
                throw ConfigurationMistake(at: start, "this list has no ] at its end")
            }
            if next == UInt8(ascii: "]") { break }
            guard items.count < ConfigurationText.listLimit else {
                throw mistake("a list has at most \(ConfigurationText.listLimit) values")
            }
            items.append(try value(depth: depth + 1))
            try skipGap()
            if next == UInt8(ascii: ",") {
                at += 1
            } else if next != UInt8(ascii: "]") {
                if isAtEnd {
                    throw ConfigurationMistake(at: start, "this list has no ] at its end")
                }
                throw mistake("between the values of a list stands a comma")
            }
        }
        at += 1
        return items
    }

    /// Within double quotes, with escapes.
    private mutating func quoted() throws(ConfigurationMistake) -> String {
        let start = place
        if byte(1) == 0x22 && byte(2) == 0x22 {
            throw mistake("a text of several lines is not known here")
        }
        at += 1
        var text: [UInt8] = []
        while next != 0x22 {
            switch next {
            case nil, 0x0a:
                throw ConfigurationMistake(at: start, "this text has no \" at its end")
            case UInt8(ascii: "\\"): text += try escape()
            case let byte?:
                if byte < 0x20 && byte != 0x09 || byte == 0x7f {
                    throw mistake("a control character is written as \\u00XX")
                }
                text.append(byte)
                at += 1
            }
        }
        at += 1
        return try valid(text, start)
    }

    /// Within single quotes everything stands for itself.
    private mutating func literal() throws(ConfigurationMistake) -> String {
        let start = place
        at += 1
        let first = at
        while let byte = next, byte != 0x27, byte != 0x0a { at += 1 }
        guard next == 0x27 else {
            throw ConfigurationMistake(at: start, "this text has no ' at its end")
        }
        defer { at += 1 }
        return try valid([UInt8](bytes[first..<at]), start)
    }

    private func valid(
        _ text: [UInt8], _ start: FilePlace
    ) throws(ConfigurationMistake) -> String {
        guard let string = String(validating: text, as: UTF8.self) else {
            throw ConfigurationMistake(at: start, "this text is no UTF-8")
        }
        return string
    }

    private mutating func escape() throws(ConfigurationMistake) -> [UInt8] {
        let simple: UInt8
        switch byte(1) {
        case UInt8(ascii: "\""): simple = 0x22
        case UInt8(ascii: "\\"): simple = 0x5c
        case UInt8(ascii: "n"): simple = 0x0a
        case UInt8(ascii: "t"): simple = 0x09
        case UInt8(ascii: "r"): simple = 0x0d
        case UInt8(ascii: "u"): return try scalar(digits: 4)
        case UInt8(ascii: "U"): return try scalar(digits: 8)
        default: throw mistake("after \\ stands one of \" \\ n t r u U")
        }
        at += 2
        return [simple]
    }

    private mutating func scalar(digits: Int) throws(ConfigurationMistake) -> [UInt8] {
        var code: UInt32 = 0
        for i in 0..<digits {
            guard let byte = byte(2 + i), byte < 0x80,
                let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw mistake("\(digits) hexadecimal digits are wanted here") }
            code = code << 4 | UInt32(digit)
        }
        guard let scalar = Unicode.Scalar(code) else { throw mistake("there is no such character") }
        at += 2 + digits
        return Array(String(Character(scalar)).utf8)
    }

    /// A number, true or false; else something that wants quotes.
    private mutating func word() throws(ConfigurationMistake) -> ConfigurationText.Value {
        let start = at
        var end = at
        while end < bytes.count, !" \t\r\n,]#".utf8.contains(bytes[end]) { end += 1 }
        let word = String(decoding: bytes[start..<end], as: UTF8.self)
        let value = try value(of: word)
        at = end
        return value
    }

    private func value(of word: String) throws(ConfigurationMistake) -> ConfigurationText.Value {
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "True", "TRUE", "yes", "on", "Yes", "On": throw mistake("write true")
        case "False", "FALSE", "no", "off", "No", "Off":
            throw mistake("write false, without quotes")
        default: break
        }
        let digits = word.hasPrefix("-") || word.hasPrefix("+") ? word.dropFirst() : word[...]
        guard let first = digits.utf8.first, (0x30...0x39).contains(first) else {
            throw mistake("text stands in quotes: \"\(ConfigurationScanner.shown(word))\"")
        }
        let plain = ConfigurationScanner.withoutUnderscores(word)
        if let plain, let integer = Int64(plain) { return .integer(integer) }
        if let plain, plain.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }),
            plain.contains(where: { ".eE".contains($0) }), let fraction = Double(plain),
            fraction.isFinite
        {
            return .fraction(fraction)
        }
        if digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            throw mistake("this number is too large")
        }
        throw mistake(
            "this is no number; if it is a text, a time or a size it stands in quotes: "
                + "\"\(ConfigurationScanner.shown(word))\"")
    }

    private static func shown(_ word: String) -> String {
        word.utf8.count > 40 ? "\(word.prefix(40))…" : word
    }

    /// `10_000` is 10000; nil when an underscore does not stand between digits.
    private static func withoutUnderscores(_ word: String) -> String? {
        let bytes = [UInt8](word.utf8)
        for (i, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
            guard i > 0, i + 1 < bytes.count, (0x30...0x39).contains(bytes[i - 1]),
                (0x30...0x39).contains(bytes[i + 1])
            else { return nil }
        }
        return String(decoding: bytes.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }
}
