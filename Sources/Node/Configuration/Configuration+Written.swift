/// A configuration as a flat list of what is set: to compare two, and to show one.
extension Configuration {
    struct Setting: Equatable, Sendable {
        /// As in `limits.connections` or `listeners.web.address`.
        let path: String
        let written: String
        let reload: KeyReload
    }

    var settings: [Setting] {
        var all: [Setting] = []
        for (section, keys) in ConfigurationReader.topSections {
            all += Configuration.flat(keys, self, section)
        }
        for listener in listeners {
            all += Configuration.flat(
                ConfigurationKeys.listeners, listener, "listeners.\(listener.name)")
        }
        for (i, role) in roles.enumerated() {
            all += Configuration.flat(ConfigurationKeys.roles, role, "roles.\(i + 1)")
            for (j, grant) in role.grants.enumerated() {
                all += Configuration.flat(
                    ConfigurationKeys.grants, grant, "roles.\(i + 1).grants.\(j + 1)")
            }
        }
        for (i, topic) in topics.enumerated() {
            all += Configuration.flat(ConfigurationKeys.topics, topic, "topics.\(i + 1)")
        }
        return all
    }

    private static func flat<Root>(
        _ keys: [ConfigurationKey<Root>], _ root: Root, _ path: String
    ) -> [Setting] {
        keys.compactMap { key in
            key.written(root).map {
                Setting(path: "\(path).\(key.name)", written: $0, reload: key.reload)
            }
        }
    }

    /// What is set otherwise than in `other`, by path and in order.
    func changes(from other: Configuration) -> [Setting] {
        let now = settings
        let before = other.settings
        let known = Dictionary(
            before.map { ($0.path, $0.written) }, uniquingKeysWith: { a, _ in a })
        let kept = Set(now.map(\.path))
        return now.filter { known[$0.path] != $0.written }
            + before.filter { !kept.contains($0.path) }.map {
                Setting(path: $0.path, written: "absent", reload: $0.reload)
            }
    }

    /// Whether a listener speaks TLS at all cannot change while it runs.
    func changesOfTLS(from other: Configuration) -> [String] {
        listeners.compactMap { listener in
            guard let before = other.listeners.first(where: { $0.name == listener.name }),
                (before.certificate == nil) != (listener.certificate == nil)
            else { return nil }
            return "listeners.\(listener.name).certificate"
        }
    }

    /// All of it, as a file that says the same.
    var written: String {
        var text = ""
        func put<Root>(_ header: String, _ keys: [ConfigurationKey<Root>], _ root: Root) {
            text += (text.isEmpty ? "" : "\n") + header + "\n"
            for key in keys {
                if let value = key.written(root) { text += "\(key.name) = \(value)\n" }
            }
        }
        for (section, keys) in ConfigurationReader.topSections { put("[\(section)]", keys, self) }
        for listener in listeners { put("[[listeners]]", ConfigurationKeys.listeners, listener) }
        for role in roles {
            put("[[roles]]", ConfigurationKeys.roles, role)
            for grant in role.grants { put("[[roles.grants]]", ConfigurationKeys.grants, grant) }
        }
        for topic in topics { put("[[topics]]", ConfigurationKeys.topics, topic) }
        return text
    }
}
