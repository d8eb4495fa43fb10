/// The reference of all keys as Markdown, for docs/configuration.md; `make docs` puts it there and
/// a test compares them.
enum ConfigurationReference {
    static var text: String {
        ConfigurationKeys.summary.map(text).joined(separator: "\n")
    }

    private static func text(_ section: SectionSummary) -> String {
        var text = "### `\(section.header)`\n\n\(section.meaning)\n\n"
        text += "| key | wants | default | changed by |\n|---|---|---|---|\n"
        for key in section.keys {
            let standard = key.standard.map { "`\($0)`" } ?? "not set"
            text +=
                "| `\(key.name)` | \(cell(key.wants)) | \(standard) | "
                + "\(key.reload.rawValue) |\n"
        }
        text += "\n"
        for key in section.keys { text += "- **`\(key.name)`**: \(cell(key.meaning))\n" }
        return text
    }

    /// Patterns have stars, which Markdown would take for emphasis.
    private static func cell(_ text: String) -> String {
        var cell = ""
        for character in text {
            if "*|_<".contains(character) { cell.append("\\") }
            cell.append(character)
        }
        return cell
    }
}
