internal import Wire

/// Options that belong together, under a name or in a file. What is said on the command line wins
/// over a file, and a file over a preset.
enum Scenario {
    struct Preset {
        let name: String
        let what: String
        let options: [(String, String)]
    }

    static let presets: [Preset] = [
        Preset(name: "steady", what: "200 clients, 20 patches a second", options: []),
        Preset(
            name: "spike", what: "ten times the rate for a tenth of the time",
            options: [("shape", "spike"), ("for", "20s")]),
        Preset(
            name: "connect-storm", what: "everybody connects at once",
            options: [("connections", "1000"), ("ramp", "0s"), ("for", "5s")]),
        Preset(
            name: "reconnect-storm", what: "everybody is cut at once and comes back",
            options: [("connections", "1000"), ("disturb", "reconnect"), ("for", "20s")]),
        Preset(
            name: "rolling-restart",
            what: "you restart the server, which keeps the topic, while it is measured",
            options: [
                ("connections", "1000"), ("disturb", "restart"), ("for", "30s"),
                ("patience", "60s"),
            ]),
        Preset(
            name: "slow-readers", what: "a fifth reads nothing for a while",
            options: [("disturb", "stall"), ("rate", "100"), ("for", "20s")]),
        Preset(
            name: "hot-topic", what: "many publish the same few fields very often",
            options: [
                ("publishers", "20"), ("rate", "500"), ("fields", "20"), ("changes", "1"),
            ]),
    ]

    /// Adds what a preset and a file say to what was given.
    static func complete(
        _ arguments: inout Arguments, knowing options: [Option]
    ) throws(UsageError) {
        if let path = arguments.text("scenario") {
            try add(try Machine.read(path), from: path, to: &arguments, knowing: options)
        }
        guard let name = arguments.text("preset") else { return }
        guard let preset = presets.first(where: { $0.name == name }) else {
            let all = presets.map { "\($0.name) (\($0.what))" }.joined(separator: ", ")
            throw UsageError("there is no preset \(name)", hint: "there are \(all)")
        }
        for (option, value) in preset.options { arguments.add(option, [value]) }
    }

    /// A file is an object in JSON: options by name, `true` for those without a value, a list for
    /// those that may stand more than once.
    static func add(
        _ bytes: [UInt8], from path: String, to arguments: inout Arguments,
        knowing options: [Option]
    ) throws(UsageError) {
        let value: Value
        do throws(DecodeError) {
            value = try Value(json: bytes.span)
        } catch {
            throw UsageError("\(path): no JSON at byte \(error.offset)")
        }
        guard case .map(let map) = value else {
            throw UsageError("\(path): an object is wanted", hint: #"as {"connections": 500}"#)
        }
        for entry in map.entries {
            let name = entry.key.string
            guard let option = options.first(where: { $0.name == name }), name != "scenario"
            else {
                throw UsageError("\(path): load has no option \(name)")
            }
            let values: [Value] =
                if case .array(let list) = entry.value { list } else { [entry.value] }
            var texts: [String] = []
            for value in values {
                switch (value, option.value) {
                case (.boolean(true), nil): texts.append("")
                case (.boolean(false), nil): break
                case (.text(let text), _?): texts.append(text.string)
                case (.number, _?): texts.append(FieldList.words(value))
                default:
                    throw UsageError("\(path): \(name) cannot be \(FieldList.words(value))")
                }
            }
            if !texts.isEmpty { arguments.add(name, texts) }
        }
    }
}
