import Hub
import Transport
import Wire

/// `fieldcast-node --config FILE`, `--demo`, `--secret-file FILE`.
extension NodeProgram {
    static func serve(_ serve: NodeCommand.Serve) -> Int32 {
        let wish = NodeWish(serve: serve, environment: Process.environment)
        var outcome = wish.read()
        guard outcome.mistakes.isEmpty else { return refuse(outcome, wish) }
        switch serve.wish {
        case .check:
            Process.write("\(wish.fileName): nothing is wrong with it\n")
            return 0
        case .show:
            Process.write(outcome.configuration.written)
            return 0
        case .run: break
        }
        if serve.isDemonstration && outcome.settings.access.keys.isEmpty {
            outcome.settings.access.keys = TokenKeys(secret: System.random(32)) ?? TokenKeys()
        }
        do throws(Errno) {
            try Process.holdSignals()
            outcome.settings.log = try Log(
                outcome.configuration.logLevel, outcome.configuration.logForm)
        } catch {
            return fail("cannot start: \(error)")
        }
        return run(wish, &outcome)
    }

    private static func run(_ wish: NodeWish, _ outcome: inout NodeWish.Outcome) -> Int32 {
        let log = outcome.settings.log
        log.write(
            .info, .starting, "fieldcast-node \(version)",
            [("process", .integer(Int64(Process.id)))])
        let supervisor = Supervisor(wish.environment, process: Process.id)
        let node: Node
        do throws(Refusal) {
            try inherit(supervisor, &outcome.settings)
            outcome.settings.store?.complain = { log.write(.error, .storeTrouble, $0.trimmed) }
            outcome.settings.store?.allIsWell = { log.write(.info, .storeWell, $0.trimmed) }
            node = try start(outcome.settings)
        } catch {
            log.end()
            return fail(error.text)
        }
        sayWhere(node, outcome)
        var run = NodeRun(wish, outcome, node, supervisor)
        run.stay()
        return 0
    }

    /// Why a node could not be started, and what to do about it.
    private struct Refusal: Error {
        let text: String
    }

    static func refuse(_ outcome: NodeWish.Outcome, _ wish: NodeWish) -> Int32 {
        for mistake in outcome.mistakes {
            Process.write(mistake.line(in: wish.fileName) + "\n", to: .error)
        }
        let count = outcome.mistakes.count
        Process.write(
            "fieldcast-node: \(count) \(count == 1 ? "mistake" : "mistakes"); "
                + "'fieldcast-node config reference' lists every key\n", to: .error)
        return 2
    }

    /// Gives sockets that were handed over to the listeners of their names; a single one without a
    /// listener's name is the first listener's.
    private static func inherit(
        _ supervisor: Supervisor, _ settings: inout NodeSettings
    ) throws(Refusal) {
        for socket in supervisor.sockets {
            do throws(Errno) {
                try Supervisor.take(socket)
            } catch {
                throw Refusal(
                    text: "descriptor \(socket.descriptor) (\(socket.name)) was handed over and is "
                        + "no listening TCP socket: \(error)")
            }
            let place = settings.listeners.firstIndex { $0.name == socket.name }
            guard let place = place ?? (supervisor.sockets.count == 1 ? 0 : nil) else {
                let names = settings.listeners.map(\.name).joined(separator: ", ")
                throw Refusal(
                    text: "a socket called '\(socket.name)' was handed over, and the listeners are "
                        + "\(names); FileDescriptorName= in the socket unit gives it a name")
            }
            settings.listeners[place].inherited = socket
        }
    }

    private static func start(_ settings: NodeSettings) throws(Refusal) -> Node {
        do throws(Node.StartError) {
            return try Node.start(settings)
        } catch {
            switch error {
            case .noKeys: throw Refusal(text: "there is no key to check tokens with")
            case .storeMissing: throw Refusal(text: "durable topics need --store FILE")
            case .store(let error): throw Refusal(text: error.text)
            case .listener(let name, let errno):
                let address =
                    settings.listeners.first { $0.name == name }?.address
                    ?? settings.admin?.address
                throw Refusal(
                    text: "\(name) cannot listen at \(address.map { "\($0)" } ?? "its address"): "
                        + "\(errno.listening)")
            case .system(let errno): throw Refusal(text: "cannot start a loop: \(errno)")
            }
        }
    }

    private static func sayWhere(_ node: Node, _ outcome: NodeWish.Outcome) {
        let settings = outcome.settings
        if settings.isDemonstration {
            Process.write(welcome(node.address, Tokens(settings.access)))
        } else {
            Process.write("fieldcast-node \(version) listens at \(node.address)\n")
            if let devices = node.addresses["devices"] {
                Process.write("framed streams come in at \(devices)\n")
            }
            if let admin = node.adminAddress {
                Process.write("operators ask at \(admin)\n")
            }
        }
        let isSecond = settings.kernel == .auto && node.kernel != KernelChoice.uring.rawValue
        settings.log.write(
            .info, .kernel,
            "\(settings.loops) loops on \(node.kernel)"
                + (isSecond ? "; io_uring is refused here, which costs some speed" : ""),
            [("kernel", .text(Text(node.kernel))), ("loops", .integer(Int64(settings.loops)))])
        for listener in settings.listeners {
            let address = node.addresses[listener.name]
            settings.log.write(
                .info, .listening, "\(listener.name) listens",
                [
                    ("listener", .text(Text(listener.name))),
                    ("address", .text(Text(address.map { "\($0)" } ?? ""))),
                    ("tls", .boolean(listener.tls != nil)),
                    ("inherited", .boolean(listener.inherited != nil)),
                ])
        }
        if let admin = node.adminAddress {
            settings.log.write(
                .info, .listening, "operators ask here",
                [("listener", "admin"), ("address", .text(Text("\(admin)")))])
        }
        settings.log.write(.info, .ready, "clients may come")
    }

    static func welcome(_ address: SocketAddress, _ tokens: Tokens) -> String {
        let principal = Principal(
            name: "visitor", tenant: Demonstration.tenant,
            grants: [
                Principal.Grant(
                    topics: TopicPattern("desk/**"), read: .everything, write: .everything)
            ])
        let token = tokens.token(
            for: principal, at: Process.wall, seconds: 86_400)
        let topics = Demonstration.topics.map(\.string).joined(separator: "  ")
        return """
            fieldcast-node \(version) shows a support desk that lives. Open it in a browser:

              http://\(address)/#token=\(token?.string ?? "")

              address  ws://\(address)/v1/ws
              topics   \(topics)
              token    \(token?.string ?? "")

            See live diffs, in another terminal:

              .build/release/fieldcast-probe watch ws://\(address)/v1/ws desk/metrics \\
                --token \(token?.string ?? "")

            Ctrl-C ends it.

            """
    }
}

extension Errno {
    /// What the system meant, where it is about listening, and what to do.
    fileprivate var listening: String {
        switch code {
        case 13: "permission denied; ports below 1024 want CAP_NET_BIND_SERVICE"
        case 98: "the address is in use; another program listens there"
        case 99: "this machine has no such address"
        default: description
        }
    }
}

extension String {
    /// Without the end of its line.
    fileprivate var trimmed: String { hasSuffix("\n") ? String(dropLast()) : self }
}
