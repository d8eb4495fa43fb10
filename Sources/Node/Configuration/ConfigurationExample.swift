/// The commented example: every key, with its meaning, its default, and what a change asks for.
/// `packaging/fieldcast.toml` is this text; a test compares them.
enum ConfigurationExample {
    /// Keys that the example sets; all others stand there as comments with their defaults.
    private static let set: Set<String> = ["listeners.name", "listeners.address", "access.keys"]

    static var text: String {
        var text = """
            # The configuration of fieldcast-node. Every key stands here with its default, as a
            # comment where the default is what you get anyway.
            #
            # [live]     a reload (SIGHUP, systemctl reload fieldcast-node) takes a change
            # [restart]  only a restart does; a reload with such a change is refused whole
            #
            # Look whether it is right:  fieldcast-node --config FILE --check

            """
        for section in ConfigurationKeys.summary { text += "\n" + self.text(section) }
        return text
    }

    private static func text(_ section: SectionSummary) -> String {
        let isSet = section.keys.contains { set.contains("\(section.name).\($0.name)") }
        // A list that holds nothing is the default, so its header is a comment too.
        let isOpen = isSet || !section.isList
        var text = comment(section.meaning)
        text += isOpen ? "\(section.header)\n" : "# \(section.header)\n"
        for key in section.keys {
            text += comment("[\(key.reload.rawValue)] \(key.meaning)")
            let isSet = set.contains("\(section.name).\(key.name)")
            let value = key.sample ?? key.standard ?? ""
            text += "\(isSet ? "" : "# ")\(key.name) = \(value)\n"
        }
        return text
    }

    /// Wrapped before column 80.
    private static func comment(_ sentence: String) -> String {
        var lines = ""
        var line = "#"
        for word in sentence.split(separator: " ") {
            if line.count + word.count + 1 > 79 {
                lines += line + "\n"
                line = "#"
            }
            line += " " + word
        }
        return lines + line + "\n"
    }
}
