import Wire

/// One thing that happened: when, what, and a sentence about why and what to do.
struct LogEntry: Sendable {
    let time: WallTime
    let level: LogLevel
    let event: LogEvent
    let text: String
    /// Names and numbers beside the sentence. Never a token, a secret or what was published.
    let fields: [(name: String, value: Value)]

    func append(as form: LogForm, to bytes: inout [UInt8]) {
        switch form {
        case .json: appendJSON(to: &bytes)
        case .text:
            _ = time.appendISO8601(to: &bytes)
            let level = self.level.rawValue
            let padding = String(repeating: " ", count: 8 - level.count)
            bytes += " \(level)\(padding)".utf8
            appendLine(to: &bytes)
        case .journal:
            bytes += level.priority.utf8
            appendLine(to: &bytes)
        }
    }

    private func appendLine(to bytes: inout [UInt8]) {
        bytes += "\(event.rawValue): ".utf8
        LogEntry.appendPlain(text, to: &bytes)
        for (name, value) in fields {
            bytes += " \(name)=".utf8
            if case .text(let text) = value, text.isBare {
                bytes += text.utf8
            } else {
                bytes += value.json
            }
        }
        bytes.append(0x0a)
    }

    /// What a terminal would obey, and the end of a line, is shown and not done.
    private static func appendPlain(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if byte >= 0x20 && byte != 0x7f {
                bytes.append(byte)
            } else {
                bytes += "\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            }
        }
    }

    private func appendJSON(to bytes: inout [UInt8]) {
        var map = Map()
        var stamp: [UInt8] = []
        _ = time.appendISO8601(to: &stamp)
        map["time"] = .text(Text(String(decoding: stamp, as: UTF8.self)))
        map["level"] = .text(Text(level.rawValue))
        map["event"] = .text(Text(event.rawValue))
        map["text"] = .text(Text(text))
        for (name, value) in fields { map[Text(name)] = value }
        bytes += Value.map(map).json
        bytes.append(0x0a)
    }
}

extension Text {
    /// Without anything that would need quotes in a line of text.
    fileprivate var isBare: Bool {
        !isEmpty && utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3d && $0 != 0x7f }
    }
}
