import Hub
import Transport
import Wire

/// What a loop carries to and from the applications that stand beside the hub.
extension NodeLoop {
    // MARK: To an application

    func take(
        _ command: Command, from origin: Origin, _ principal: Principal, instance: Text?
    ) -> Nack? {
        let found = shared.applications.first { application in
            application.settings.commands.contains { $0.matches(command.name) }
        }
        // Whoever may not give a command does not learn whether there is one.
        guard principal.mayCommand(command.name), let found else {
            return Nack(id: command.id, code: .notAllowed)
        }
        let notice = ApplicationNotice.command(
            ApplicationCommand(
                command: command, principal: principal, instance: instance, origin: origin))
        if found.mailbox.post(notice) { return nil }
        return Nack(
            id: command.id, code: .overloaded, reason: "the application is busy", after: 1_000)
    }

    /// The application whose path a request is under.
    func application(for path: String) -> Int? {
        shared.applications.firstIndex { application in
            guard let prefix = application.settings.path else { return false }
            return path == prefix || path.hasPrefix(prefix + "/")
        }
    }

    func answer(
        _ request: HTTPRequest, by application: Int, on id: ConnectionID
    ) -> HTTPAnswer {
        let settings = shared.applications[application].settings
        if request.fields.first("upgrade") != nil {
            let known = request.subprotocols.first { settings.subprotocols.contains($0) }
            guard known != nil || settings.subprotocols.isEmpty else {
                return .respond(HTTPResponse(.badRequest, text: "no subprotocol of mine\n"))
            }
            upgrading[id] = (application, asked(request, id))
            return .upgrade(subprotocol: known)
        }
        if shared.applications[application].mailbox.post(.request(asked(request, id))) {
            return .hold
        }
        return .respond(
            HTTPResponse(
                Problem(code: .overloaded, reason: "the application is busy"), .json, after: 1_000))
    }

    private func asked(_ request: HTTPRequest, _ id: ConnectionID) -> ApplicationRequest {
        readWall()
        var principal: Principal?
        if case .success(let bearer) = bearer(of: request) { principal = bearer.principal }
        return ApplicationRequest(
            request: request, principal: principal, loop: number, connection: id,
            post: shared.post)
    }

    /// A WebSocket has been opened; true where it is an application's.
    func openedForApplication(_ id: ConnectionID) -> Bool {
        guard let (application, request) = upgrading.removeValue(forKey: id) else { return false }
        let socket = ApplicationSocket(loop: number, connection: id)
        shared.applications[application].mailbox.deliver(.opened(socket, request))
        setLine(.application(application), of: id)
        return true
    }

    /// A message for an application; while its box is full the socket is not read.
    func received(_ message: Span<UInt8>, binary: Bool, for application: Int, on id: ConnectionID) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(message.count)
        for i in message.indices { bytes.append(message[i]) }
        let socket = ApplicationSocket(loop: number, connection: id)
        let notice = ApplicationNotice.received(bytes, isBinary: binary, socket)
        if !shared.applications[application].mailbox.post(notice) {
            loop.close(id, code: .tryAgainLater, reason: "the application is busy")
        }
    }

    func closedForApplication(_ application: Int, _ id: ConnectionID) {
        shared.applications[application].mailbox.deliver(
            .closed(ApplicationSocket(loop: number, connection: id)))
    }

    // MARK: From an application

    func receive(_ letter: ApplicationLetter) {
        switch letter {
        case .respond(let response, let id): loop.respond(response, to: id)
        case .answer(let message, let origin):
            desk.answer(message, to: origin, now: loop.now, carrier: self)
        case .send(let message, let isBinary, let id):
            let sent = loop.send(message: message.span, binary: isBinary, to: id)
            if sent == .refused { loop.abort(id) }
        case .close(let id, let code, let reason): loop.close(id, code: code, reason: reason)
        }
    }

    /// What a hub answers to an application's own patches.
    func tellApplication(_ desk: Int, _ notice: Notice) {
        let place = desk - settings.loops
        guard case .outcome(let origin, let outcome) = notice,
            shared.applications.indices.contains(place)
        else { return }
        shared.applications[place].mailbox.deliver(.published(origin.id, outcome))
    }
}
