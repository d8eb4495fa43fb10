internal import Transport
internal import Wire

extension Command {
    /// Waits for a client, and plays every scenario to it.
    static func checkClient(_ arguments: Arguments) throws(UsageError) -> CheckReport {
        _ = try arguments.positions("client")
        var settings = ClientCheck.Settings()
        if let listen = arguments.text("listen") {
            settings.listen = try Target(listen, takesAnyPort: true).address()
        }
        settings.arrival = try arguments.duration("for", or: settings.arrival)
        settings.patience = try arguments.duration("patience", or: settings.patience)
        settings.linger = try arguments.duration("linger", or: settings.linger)
        if let token = arguments.text("token") { settings.token = Text(token) }
        if let topic = arguments.text("topics") { settings.topic = Text(topic) }
        let check: ClientCheck
        do throws(Errno) {
            check = try ClientCheck(settings)
        } catch {
            throw UsageError("cannot listen at \(settings.listen): \(error)")
        }
        Process.write(
            """
            let the client connect, subscribe, and come back whenever it is cut
              url    ws://\(check.address)\(Target.usualPath)
              token  \(settings.token)
              topic  \(settings.topic)

            """, to: .error)
        return check.run(only: try rules(arguments), progress: progress(arguments))
    }
}
