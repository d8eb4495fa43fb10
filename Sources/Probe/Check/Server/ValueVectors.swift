internal import Wire

/// Plays spec/vectors/values.json against a server: what a vector says is equal must come out
/// equal of both encodings, what it refuses must be refused.
enum ValueVectors {
    static func play(_ check: ServerCheck) throws(Finding) {
        guard let file = check.settings.vectors["values.json"] else {
            throw .untried("--vectors DIR says where the specification's vectors are")
        }
        guard case .array(let vectors)? = try? Value(json: file.span) else {
            throw .untried("values.json is no list")
        }
        let echo = try Echo(check)
        var wrong: [String] = []
        for case .map(let vector) in vectors {
            do throws(Finding) {
                try play(vector, echo)
            } catch {
                let id = vector["id"].map { FieldList.words($0) } ?? "a vector"
                wrong.append("\(id): \(error.verdict.reason)")
            }
        }
        try demand(
            wrong.isEmpty,
            "\(wrong.count) of \(vectors.count): " + wrong.prefix(3).joined(separator: "; "))
    }

    private static func play(_ vector: Map, _ echo: Echo) throws(Finding) {
        var forms: [([UInt8], Encoding)] = []
        if case .text(let text)? = vector["json"] { forms.append((text.utf8, .json)) }
        if case .text(let hex)? = vector["jsonBytes"] { forms.append((bytes(hex), .json)) }
        if case .text(let hex)? = vector["messagePack"] {
            forms.append((bytes(hex), .messagePack))
        }
        // How deep a value may be counts from the message's field (E6): another session does that.
        if case .array(let rules)? = vector["rules"], rules.contains("E6") { return }
        for (form, encoding) in forms {
            if vector["error"] != nil {
                try echo.refuses(form, encoding, "what must be refused")
            } else if let value = vector["value"] {
                try echo.carries(form, encoding, as: value)
            }
        }
    }

    static func bytes(_ hex: Text) -> [UInt8] {
        let digits = hex.utf8
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }
}
