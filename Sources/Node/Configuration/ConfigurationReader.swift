import Hub
import Wire

/// Reads a configuration by the table of keys, and says all that is wrong with it.
struct ConfigurationReader {
    private(set) var configuration = Configuration()
    private(set) var mistakes: [ConfigurationMistake] = []
    /// Where each key was given, by its path: `listeners.web.certificate`, `topics.2.kind`.
    private(set) var places: [String: FilePlace] = [:]

    /// Into what the keys of a section go.
    private enum Target {
        case top([ConfigurationKeys.Key], String)
        case listener(Int)
        case role(Int)
        case grant(role: Int, Int)
        case topic(Int)
    }

    private static let listNames: Set<String> = ["listeners", "roles", "roles.grants", "topics"]
    static let topSections: [(name: String, keys: [ConfigurationKeys.Key])] = [
        ("node", ConfigurationKeys.node), ("access", ConfigurationKeys.access),
        ("web", ConfigurationKeys.web), ("store", ConfigurationKeys.store),
        ("limits", ConfigurationKeys.limits), ("connections", ConfigurationKeys.connections),
        ("admin", ConfigurationKeys.admin), ("log", ConfigurationKeys.log),
    ]
    private static let elementLimit = 1_000

    /// An empty one, for a node that is told all by its command line.
    init() {}

    init(_ text: ConfigurationText) {
        mistakes = text.mistakes
        var seen: [String: FilePlace] = [:]
        for section in text.sections { read(section, &seen) }
        checkNames()
    }

    mutating func add(_ mistake: ConfigurationMistake?) {
        if let mistake { mistakes.append(mistake) }
    }

    /// Changes what was read, for words of the command line.
    mutating func change(_ change: (inout Configuration) -> Void) { change(&configuration) }

    // MARK: Sections

    private mutating func read(
        _ section: ConfigurationText.Section, _ seen: inout [String: FilePlace]
    ) {
        let name = section.path.joined(separator: ".")
        if section.path.isEmpty {
            for entry in section.entries {
                mistakes.append(
                    ConfigurationMistake(
                        at: entry.place,
                        "\(entry.name) stands above any section; "
                            + (ConfigurationReader.home(entry.name)
                                ?? "write the [section] it belongs to above it")))
            }
            return
        }
        let names =
            ConfigurationReader.topSections.map(\.name)
            + ConfigurationReader.listNames.sorted()
        guard names.contains(name) else {
            return add(
                ConfigurationMistake(
                    at: section.place,
                    "there is no section \(name); \(Nearest.hint(name, names))"))
        }
        let isList = ConfigurationReader.listNames.contains(name)
        guard section.isList == isList else {
            let right = isList ? "[[\(name)]], one for each" : "[\(name)], only once"
            return add(ConfigurationMistake(at: section.place, "this section is written \(right)"))
        }
        if !isList {
            if let first = seen[name] {
                add(
                    ConfigurationMistake(
                        at: section.place, "[\(name)] stands in line \(first.line) already"))
            }
            seen[name] = section.place
        }
        guard let target = open(name, section.place) else { return }
        fill(target, section)
    }

    /// Where a key belongs that stands in the wrong place, or in none.
    private static func home(_ key: String) -> String? {
        for (section, keys) in topSections where keys.contains(where: { $0.name == key }) {
            return "it belongs beneath [\(section)]"
        }
        return nil
    }

    private mutating func open(_ name: String, _ place: FilePlace) -> Target? {
        func full(_ count: Int) -> Bool { count >= ConfigurationReader.elementLimit }
        let tooMany = ConfigurationMistake(
            at: place, "more than \(ConfigurationReader.elementLimit) of [[\(name)]]")
        switch name {
        case "listeners":
            if full(configuration.listeners.count) { break }
            configuration.listeners.append(Configuration.ListenerWish())
            return .listener(configuration.listeners.count - 1)
        case "roles":
            if full(configuration.roles.count) { break }
            configuration.roles.append(Configuration.RoleWish())
            return .role(configuration.roles.count - 1)
        case "roles.grants":
            let role = configuration.roles.count - 1
            guard role >= 0 else {
                add(
                    ConfigurationMistake(
                        at: place, "[[roles.grants]] belongs beneath the [[roles]] it is for"))
                return nil
            }
            if full(configuration.roles[role].grants.count) { break }
            configuration.roles[role].grants.append(Configuration.GrantWish())
            return .grant(role: role, configuration.roles[role].grants.count - 1)
        case "topics":
            if full(configuration.topics.count) { break }
            configuration.topics.append(Configuration.TopicWish())
            return .topic(configuration.topics.count - 1)
        default:
            return ConfigurationReader.topSections.first { $0.name == name }.map {
                .top($0.keys, $0.name)
            }
        }
        add(tooMany)
        return nil
    }

    private mutating func fill(_ target: Target, _ section: ConfigurationText.Section) {
        switch target {
        case .top(let keys, let name):
            take(ConfigurationReader.put(section, keys, &configuration, name))
        case .listener(let i):
            // Its name stands in the paths of its other keys.
            let name = section.entries.first { $0.name == "name" }?.item.value
            var label = configuration.listeners[i].name
            if case .text(let text)? = name { label = text }
            take(
                ConfigurationReader.put(
                    section, ConfigurationKeys.listeners, &configuration.listeners[i],
                    "listeners.\(label)"))
            require(["name"], of: section, unless: i == 0)
        case .role(let i):
            take(
                ConfigurationReader.put(
                    section, ConfigurationKeys.roles, &configuration.roles[i], "roles.\(i + 1)"))
            require(["name"], of: section)
        case .grant(let role, let i):
            take(
                ConfigurationReader.put(
                    section, ConfigurationKeys.grants, &configuration.roles[role].grants[i],
                    "roles.\(role + 1).grants.\(i + 1)"))
            require(["topics"], of: section)
        case .topic(let i):
            take(
                ConfigurationReader.put(
                    section, ConfigurationKeys.topics, &configuration.topics[i], "topics.\(i + 1)"))
            require(["pattern"], of: section)
            settle(i, section.place)
        }
    }

    private mutating func require(
        _ names: [String], of section: ConfigurationText.Section, unless isFree: Bool = false
    ) {
        if isFree { return }
        for name in names where !section.entries.contains(where: { $0.name == name }) {
            let path = section.path.joined(separator: ".")
            add(ConfigurationMistake(at: section.place, "this [[\(path)]] needs a \(name)"))
        }
    }

    /// What only the keys of one topic entry together can get wrong.
    private mutating func settle(_ i: Int, _ place: FilePlace) {
        let topic = configuration.topics[i]
        configuration.topics[i].settings.kind = topic.kind.kind
        if topic.kind == .signal && topic.settings.isDurable {
            add(
                ConfigurationMistake(
                    at: places["topics.\(i + 1).durable"] ?? place,
                    "a signal holds nothing, so it cannot be durable"))
        }
    }

    private mutating func take(_ outcome: Outcome) {
        mistakes += outcome.mistakes
        places.merge(outcome.places) { first, _ in first }
    }

    /// What putting a section's entries to their keys brought to light.
    private struct Outcome {
        var mistakes: [ConfigurationMistake] = []
        var places: [String: FilePlace] = [:]
    }
}

extension ConfigurationReader {
    private static func put<Root>(
        _ section: ConfigurationText.Section, _ keys: [ConfigurationKey<Root>],
        _ root: inout Root, _ path: String
    ) -> Outcome {
        var outcome = Outcome()
        for entry in section.entries {
            guard let key = keys.first(where: { $0.name == entry.name }) else {
                let section = section.path.joined(separator: ".")
                let hint = home(entry.name) ?? Nearest.hint(entry.name, keys.map(\.name))
                outcome.mistakes.append(
                    ConfigurationMistake(
                        at: entry.place,
                        "\(section) has no key \(entry.name); \(hint)"))
                continue
            }
            if let first = outcome.places["\(path).\(key.name)"] {
                outcome.mistakes.append(
                    ConfigurationMistake(
                        at: entry.place, "\(key.name) stands in line \(first.line) already"))
                continue
            }
            outcome.places["\(path).\(key.name)"] = entry.place
            do throws(KeyRefusal) {
                try key.put(&root, entry.item)
            } catch {
                outcome.mistakes.append(
                    ConfigurationMistake(
                        at: error.place ?? entry.item.place, "\(key.name) \(error.text)"))
            }
        }
        return outcome
    }

    // MARK: The environment

    /// Takes what variables such as `FIELDCAST_LOG_LEVEL` and `FIELDCAST_LISTENERS_WEB_ADDRESS`
    /// say; they count more than the file. Those of other programs begin with no section's name.
    mutating func read(environment: [(name: String, value: String)]) {
        for (name, value) in environment where name.hasPrefix("FIELDCAST_") {
            let rest = String(name.dropFirst("FIELDCAST_".count))
            for (section, keys) in ConfigurationReader.topSections
            where rest.hasPrefix(section.uppercased() + "_") {
                let key = String(rest.dropFirst(section.count + 1))
                places["\(section).\(key.lowercased())"] = nil
                add(ConfigurationReader.read(name, value, key, keys, &configuration))
            }
            if rest.hasPrefix("LISTENERS_") { readListener(name, value, rest) }
        }
    }

    private mutating func readListener(_ name: String, _ value: String, _ rest: String) {
        let rest = rest.dropFirst("LISTENERS_".count)
        if configuration.listeners.isEmpty {
            configuration.listeners.append(Configuration.ListenerWish())
        }
        for i in configuration.listeners.indices {
            let label = configuration.listeners[i].name
            let prefix = label.uppercased().replacing("-", with: "_") + "_"
            guard rest.hasPrefix(prefix) else { continue }
            let key = String(rest.dropFirst(prefix.count))
            places["listeners.\(label).\(key.lowercased())"] = nil
            add(
                ConfigurationReader.read(
                    name, value, key, ConfigurationKeys.listeners, &configuration.listeners[i]))
            return
        }
        let known = configuration.listeners.map(\.name).joined(separator: ", ")
        add(
            ConfigurationMistake(
                .variable(name), "names no listener; there are \(known), written in capitals"))
    }

    private static func read<Root>(
        _ variable: String, _ value: String, _ key: String, _ keys: [ConfigurationKey<Root>],
        _ root: inout Root
    ) -> ConfigurationMistake? {
        guard let found = keys.first(where: { $0.name.uppercased() == key }) else {
            let hint = Nearest.hint(key, keys.map { $0.name.uppercased() })
            return ConfigurationMistake(.variable(variable), "there is no key \(key); \(hint)")
        }
        let place = FilePlace(line: 1, column: 1)
        let plain = ConfigurationText.Item(value: .text(value), place: place)
        let words = value.split(separator: ",").map {
            ConfigurationText.Item(value: .text(String($0)), place: place)
        }
        // As in the file; else as a text without its quotes; else as words between commas.
        let readings = [
            ConfigurationText.item(value), plain,
            ConfigurationText.Item(value: .list(words), place: place),
        ].compactMap { $0 }
        var refusal: KeyRefusal?
        for reading in readings {
            do throws(KeyRefusal) {
                try found.put(&root, reading)
                return nil
            } catch {
                refusal = refusal ?? error
            }
        }
        return refusal.map {
            ConfigurationMistake(.variable(variable), "\(found.name) \($0.text)")
        }
    }

    // MARK: The whole

    private mutating func checkNames() {
        var names: Set<String> = []
        for listener in configuration.listeners where !names.insert(listener.name).inserted {
            add(
                ConfigurationMistake(
                    .absence, "two listeners are called \(listener.name); each needs its own name"))
        }
        var roles: Set<String> = []
        for (i, role) in configuration.roles.enumerated()
        where !role.name.isEmpty && !roles.insert(role.name).inserted {
            let text = "there is a role \(role.name) already"
            add(
                places["roles.\(i + 1).name"].map { ConfigurationMistake(at: $0, text) }
                    ?? ConfigurationMistake(.absence, text))
        }
    }
}

extension Configuration.Kind {
    var kind: Subscribed.TopicKind {
        switch self {
        case .state: .state
        case .collection: .collection
        case .event: .event
        case .signal: .signal
        }
    }
}
