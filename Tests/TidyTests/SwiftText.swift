/// Swift source with everything that is not code blanked out: comments and the insides of string
/// literals become spaces, line ends stay: what a check finds is code, and on the right line.
/// Code inside an interpolation stays.
struct SwiftText {
    private let bytes: [UInt8]
    private var at = 0
    private var out: [UInt8] = []

    static func code(of text: String) -> String {
        var scanner = SwiftText(bytes: Array(text.utf8))
        scanner.out.reserveCapacity(scanner.bytes.count)
        scanner.scanCode(untilClosingParenthesis: false)
        return String(decoding: scanner.out, as: UTF8.self)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func peek(_ offset: Int = 0) -> UInt8 {
        at + offset < bytes.count ? bytes[at + offset] : 0
    }

    private func looking(at text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { return false }
        return text.withUTF8Buffer { pattern in
            for i in 0..<count where unsafe pattern[i] != bytes[at + i] { return false }
            return true
        }
    }

    private mutating func keep() {
        out.append(bytes[at])
        at += 1
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where at < bytes.count {
            out.append(bytes[at] == UInt8(ascii: "\n") ? bytes[at] : UInt8(ascii: " "))
            at += 1
        }
    }

    private mutating func scanCode(untilClosingParenthesis: Bool) {
        var depth = 0
        while at < bytes.count {
            switch peek() {
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                while at < bytes.count, peek() != UInt8(ascii: "\n") { blank() }
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
                scanBlockComment()
            case UInt8(ascii: "\""), UInt8(ascii: "#"):
                scanStringOrKeep()
            case UInt8(ascii: "("):
                depth += 1
                keep()
            case UInt8(ascii: ")"):
                if untilClosingParenthesis, depth == 0 { return }
                depth -= 1
                keep()
            default:
                keep()
            }
        }
    }

    private mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if looking(at: "/*") {
                depth += 1
                blank(2)
            } else if looking(at: "*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && at < bytes.count
    }

    private mutating func scanStringOrKeep() {
        var hashes = 0
        while peek(hashes) == UInt8(ascii: "#") { hashes += 1 }
        guard peek(hashes) == UInt8(ascii: "\"") else { return keep() }
        for _ in 0..<hashes { keep() }
        let quotes = looking(at: "\"\"\"") ? 3 : 1
        for _ in 0..<quotes { keep() }
        while at < bytes.count {
            if peek() == UInt8(ascii: "\\"), hasHashes(hashes, from: 1) {
                scanEscape(hashes: hashes)
            } else if closes(quotes: quotes, hashes: hashes) {
                for _ in 0..<(quotes + hashes) { keep() }
                return
            } else if quotes == 1, peek() == UInt8(ascii: "\n") {
                return  // not a literal after all; the next line is code again
            } else {
                blank()
            }
        }
    }

    private mutating func scanEscape(hashes: Int) {
        blank(1 + hashes)
        guard peek() == UInt8(ascii: "(") else { return blank() }
        keep()
        scanCode(untilClosingParenthesis: true)
        if at < bytes.count { keep() }
    }

    private func hasHashes(_ count: Int, from offset: Int) -> Bool {
        (0..<count).allSatisfy { peek(offset + $0) == UInt8(ascii: "#") }
    }

    private func closes(quotes: Int, hashes: Int) -> Bool {
        (0..<quotes).allSatisfy { peek($0) == UInt8(ascii: "\"") }
            && hasHashes(hashes, from: quotes)
    }
}
