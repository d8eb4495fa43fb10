import Hub
import Transport
import Wire

/// From what is wished to what a node is started with: files are read here.
extension Configuration {
    /// Gives the bytes of a file, or why not.
    typealias Reading = (String) -> Result<[UInt8], Errno>

    /// What of it a running node can be given.
    struct Live: Sendable {
        var access = AccessSettings()
        /// By the names of listeners.
        var certificates: [(listener: String, context: TLSContext)] = []
    }

    /// The parts that may change while the node runs; what is wrong is added to `mistakes`.
    func live(
        _ places: [String: FilePlace], reading: Reading, _ mistakes: inout [ConfigurationMistake]
    ) -> Live {
        var live = Live()
        live.access.issuer = issuer.map { Text($0) }
        live.access.audience = audience.map { Text($0) }
        live.access.leeway = leeway
        for role in roles {
            live.access.roles[Text(role.name)] = Access.Role(
                grants: role.grants.map {
                    Principal.Grant(
                        topics: TopicPattern(Text($0.topics)), read: $0.read, write: $0.write)
                }, commands: role.commands.map { TopicPattern(Text($0)) })
        }
        var files: [[UInt8]] = []
        for file in keyFiles {
            switch reading(file) {
            case .success(let bytes): files.append(bytes)
            case .failure(let error):
                mistakes.append(
                    mistake("access.keys", places, "\(file) cannot be read: \(error.reason)"))
            }
        }
        if files.count == keyFiles.count {
            do throws(TokenKeys.Mistake) {
                live.access.keys = try TokenKeys(files: files)
            } catch {
                mistakes.append(
                    mistake("access.keys", places, "\(keyFiles[error.file]): \(error.text)"))
            }
        }
        for listener in listeners {
            if let context = context(of: listener, places, reading, &mistakes) {
                live.certificates.append((listener.name, context))
            }
        }
        return live
    }

    private func context(
        of listener: ListenerWish, _ places: [String: FilePlace], _ reading: Reading,
        _ mistakes: inout [ConfigurationMistake]
    ) -> TLSContext? {
        let path = "listeners.\(listener.name)."
        guard let chainFile = listener.certificate, let keyFile = listener.privateKey else {
            if listener.certificate != nil {
                mistakes.append(
                    mistake(path + "certificate", places, "a certificate needs its private_key"))
            }
            if listener.privateKey != nil {
                mistakes.append(
                    mistake(path + "private_key", places, "a private_key needs its certificate"))
            }
            return nil
        }
        var files: [[UInt8]] = []
        for (key, file) in [("certificate", chainFile), ("private_key", keyFile)] {
            switch reading(file) {
            case .success(let bytes): files.append(bytes)
            case .failure(let error):
                mistakes.append(
                    mistake(path + key, places, "\(file) cannot be read: \(error.reason)"))
            }
        }
        guard files.count == 2 else { return nil }
        do throws(TLSContext.Fault) {
            return try TLSContext(certificateChain: files[0], privateKey: files[1])
        } catch {
            let (key, text) =
                switch error {
                case .badCertificate: ("certificate", "\(chainFile) holds no PEM certificate")
                case .badKey: ("private_key", "\(keyFile) holds no PEM private key")
                case .mismatch:
                    ("private_key", "\(keyFile) is not the key of the certificate in \(chainFile)")
                case .outOfMemory: ("certificate", "OpenSSL has no memory for it")
                }
            mistakes.append(mistake(path + key, places, text))
            return nil
        }
    }

    /// All that a node is started with.
    func settings(
        _ places: [String: FilePlace], reading: Reading, _ mistakes: inout [ConfigurationMistake]
    ) -> NodeSettings {
        let live = live(places, reading: reading, &mistakes)
        var settings = NodeSettings()
        settings.loops = loops
        settings.kernel = kernel
        settings.drainTime = drainTime
        settings.compresses = compresses
        settings.access = live.access
        settings.origins = Set(origins)
        settings.hasPage = hasPage
        settings.trustedProxies = TrustedProxies(
            trustedProxies.compactMap { AddressRange($0) })
        settings.limits = limits
        settings.hub.topicLimit = topicLimit
        settings.hub.viewsPerTopic = viewsPerTopic
        settings.hub.viewsPerPrincipal = viewsPerUser
        settings.hub.dedupWindow = Int(clamping: desk.terms.dedupWindow)
        settings.hub.rules = rules
        settings.desk = Desk.Settings(
            terms: desk.terms, lagsBeforeSlowing: desk.lagsBeforeSlowing, patience: desk.patience)
        settings.store = storeFile.map { StoreSettings(file: $0) }
        settings.store?.options.logPages = storeLogPages
        settings.admin = adminAddress.map {
            AdminSettings(address: $0, wantsToken: adminWantsToken ?? !$0.isLoopback)
        }
        let wishes = listeners.isEmpty ? [ListenerWish()] : listeners
        settings.listeners = wishes.map { wish in
            NodeSettings.Listener(
                name: wish.name, address: wish.address, speech: wish.speaks.speech,
                tls: live.certificates.first { $0.listener == wish.name }?.context,
                expectsProxyHeader: wish.proxyHeader)
        }
        checkTopics(places, &mistakes)
        return settings
    }

    private var rules: TopicRules {
        var rules = TopicRules(
            rules: topics.map {
                TopicRules.Rule(
                    pattern: TopicPattern(Text($0.pattern)), settings: $0.settings)
            })
        rules.otherwise.isDurable = storeFile != nil && topics.isEmpty
        return rules
    }

    private func checkTopics(
        _ places: [String: FilePlace], _ mistakes: inout [ConfigurationMistake]
    ) {
        guard storeFile == nil,
            let i = topics.firstIndex(where: { $0.settings.isDurable && !$0.pattern.isEmpty })
        else { return }
        mistakes.append(
            mistake(
                "topics.\(i + 1).durable", places,
                "\(topics[i].pattern) is to be durable, so file beneath [store] must say where it "
                    + "is kept"))
    }

    private func mistake(
        _ path: String, _ places: [String: FilePlace], _ text: String
    ) -> ConfigurationMistake {
        places[path].map { ConfigurationMistake(at: $0, text) }
            ?? ConfigurationMistake(.absence, "\(path): \(text)")
    }
}

extension Configuration.Speech {
    fileprivate var speech: ListenerSpeech {
        switch self {
        case .http: .http
        case .framed: .framed
        }
    }
}

extension Errno {
    /// What the system meant, where it is about a file.
    var reason: String {
        switch code {
        case 1, 13: "permission denied"
        case 2: "there is no such file"
        case 20: "a part of its path is no directory"
        case 21: "it is a directory"
        case 27: "it is larger than 1 MiB"
        default: description
        }
    }
}
