import Hub
import Transport
import Wire

/// What somebody asks of a node, from all the places where it can be said: what is built in, the
/// file, the environment, the command line; each counts more than the one before.
struct NodeWish {
    let serve: NodeCommand.Serve
    let environment: [(name: String, value: String)]

    struct Outcome {
        var configuration = Configuration()
        var places: [String: FilePlace] = [:]
        var settings = NodeSettings()
        var live = Configuration.Live()
        /// In the order of the file.
        var mistakes: [ConfigurationMistake] = []
    }

    /// How the file is called in what is said about it.
    var fileName: String { serve.configFile ?? "fieldcast-node" }

    func read(_ reading: Configuration.Reading = NodeWish.file) -> Outcome {
        var reader = ConfigurationReader()
        if let file = serve.configFile {
            switch reading(file) {
            case .success(let bytes): reader = ConfigurationReader(ConfigurationText(bytes))
            case .failure(let error):
                reader.add(ConfigurationMistake(.absence, "cannot be read: \(error.reason)"))
            }
        }
        reader.read(environment: environment)
        reader.change { applyOptions(to: &$0) }
        var outcome = Outcome()
        outcome.configuration = reader.configuration
        outcome.places = reader.places
        var mistakes = reader.mistakes
        outcome.settings = reader.configuration.settings(
            reader.places, reading: reading, &mistakes)
        outcome.live.access = outcome.settings.access
        outcome.live.certificates = outcome.settings.listeners.compactMap { listener in
            listener.tls.map { (listener.name, $0) }
        }
        outcome.settings.isDemonstration = serve.isDemonstration
        if serve.isDemonstration {
            let isDurable = outcome.configuration.storeFile != nil
            outcome.settings.hub.rules.rules += Demonstration.rules(isDurable: isDurable)
        } else if reader.configuration.keyFiles.isEmpty,
            !mistakes.contains(where: { $0.text.hasPrefix("keys ") })
        {
            mistakes.append(
                ConfigurationMistake(
                    .absence,
                    "nobody could show a good token: keys beneath [access], or --secret-file, "
                        + "must name a file with a secret of at least 32 bytes, as made by: "
                        + "head -c 32 /dev/urandom | base64 > token.secret"))
        }
        outcome.mistakes = NodeWish.sorted(mistakes)
        return outcome
    }

    static func file(_ path: String) -> Result<[UInt8], Errno> {
        do throws(Errno) {
            return .success(try Process.read(path))
        } catch {
            return .failure(error)
        }
    }

    private func applyOptions(to configuration: inout Configuration) {
        if let address = serve.listen {
            if configuration.listeners.isEmpty {
                configuration.listeners.append(Configuration.ListenerWish())
            }
            configuration.listeners[0].address = address
        }
        if let address = serve.devices {
            if configuration.listeners.isEmpty {
                configuration.listeners.append(Configuration.ListenerWish())
            }
            configuration.listeners.removeAll { $0.name == "devices" }
            var devices = Configuration.ListenerWish()
            devices.name = "devices"
            devices.address = address
            devices.speaks = .framed
            configuration.listeners.append(devices)
        }
        if let address = serve.admin { configuration.adminAddress = address }
        if serve.hasPage { configuration.hasPage = true }
        if let loops = serve.loops { configuration.loops = loops }
        if let file = serve.secretFile { configuration.keyFiles = [file] }
        if let file = serve.storeFile { configuration.storeFile = file }
        if let pages = serve.storeLogPages { configuration.storeLogPages = pages }
        configuration.topics =
            serve.topics.map { rule in
                var wish = Configuration.TopicWish()
                wish.pattern = rule.pattern.text.string
                wish.kind = Configuration.Kind(rule.settings.kind)
                wish.settings = rule.settings
                return wish
            } + configuration.topics
    }

    private static func sorted(_ mistakes: [ConfigurationMistake]) -> [ConfigurationMistake] {
        func place(_ mistake: ConfigurationMistake) -> FilePlace {
            if case .file(let place) = mistake.source { return place }
            return FilePlace(line: .max, column: 0)
        }
        return mistakes.enumerated().sorted { a, b in
            let (x, y) = (place(a.element), place(b.element))
            return x == y ? a.offset < b.offset : x < y
        }.map { $0.element }
    }
}

extension Configuration.Kind {
    init(_ kind: Subscribed.TopicKind) {
        switch kind {
        case .state: self = .state
        case .collection: self = .collection
        case .event: self = .event
        case .signal: self = .signal
        }
    }
}
