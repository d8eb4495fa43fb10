import Hub
import Transport
import Wire

/// The thread on which an application lives: a loop without listeners, whose letters come from the
/// loops that have.
struct ApplicationThread: Sendable {
    let settings: ApplicationSettings
    let mailbox: Mailbox<ApplicationNotice>
    private let thread: LoopThread
    private let start: Latch<(NodeSettings, NodeLoop.Shared)?>

    /// How many letters may wait for it; beyond, those who ask are told to come again.
    private static let boxLimit = 1_024

    /// Makes the thread; the application is made with `begin`.
    static func make(
        _ settings: ApplicationSettings, number: Int
    ) throws(Errno) -> ApplicationThread {
        let started = try Latch<Result<Mailbox<ApplicationNotice>, Errno>>()
        let start = try Latch<(NodeSettings, NodeLoop.Shared)?>()
        let thread = try LoopThread {
            let loop: Loop
            do throws(Errno) {
                loop = try Loop(LoopLimits(), on: .epoll)
            } catch {
                started.open(with: .failure(error))
                return
            }
            let mailbox = Mailbox<ApplicationNotice>(limit: boxLimit, waking: loop.waker)
            started.open(with: .success(mailbox))
            guard let (node, shared) = start.wait() else { return }
            live(loop, mailbox, settings, node, shared, number: number)
        }
        switch started.wait() {
        case .success(let mailbox):
            return ApplicationThread(
                settings: settings, mailbox: mailbox, thread: thread, start: start)
        case .failure(let error):
            thread.join()
            throw error
        }
    }

    private static func live(
        _ loop: Loop, _ mailbox: Mailbox<ApplicationNotice>, _ settings: ApplicationSettings,
        _ node: NodeSettings, _ shared: NodeLoop.Shared, number: Int
    ) {
        let service: ApplicationService
        do {
            let tables = try settings.tables.map { try ApplicationTables($0) }
            let door = ApplicationDoor(loop, node, shared, settings.name, number: number, tables)
            service = ApplicationService(loop, mailbox, try settings.make(door), door, shared)
        } catch {
            Process.write(
                "application \(settings.name) cannot begin: \(error); "
                    + "the node goes on without it\n",
                to: .error)
            service = ApplicationService(loop, mailbox, nil, nil, shared)
        }
        loop.run(service)
    }

    func begin(_ settings: NodeSettings, _ shared: NodeLoop.Shared?) {
        start.open(with: shared.map { (settings, $0) })
        if shared == nil { thread.join() }
    }

    func stop() {
        mailbox.deliver(.stop)
        thread.join()
    }
}

/// Hands an application its letters. One that could not begin refuses them.
private final class ApplicationService: Service {
    private let loop: Loop
    private let mailbox: Mailbox<ApplicationNotice>
    private let application: (any Application)?
    private let door: ApplicationDoor?
    private let shared: NodeLoop.Shared

    init(
        _ loop: Loop, _ mailbox: Mailbox<ApplicationNotice>, _ application: (any Application)?,
        _ door: ApplicationDoor?, _ shared: NodeLoop.Shared
    ) {
        self.loop = loop
        self.mailbox = mailbox
        self.application = application
        self.door = door
        self.shared = shared
    }

    func woken() {
        for notice in mailbox.collect() {
            switch notice {
            case .stop: loop.stop(within: .seconds(0))
            case .access(let access): door?.tokens = Tokens(access, shared.revocations)
            case _ where application == nil: refuse(notice)
            case .command(let command): application?.take(command)
            case .request(let request): application?.take(request)
            case .opened(let socket, let request): application?.opened(socket, request)
            case .received(let message, let isBinary, let socket):
                application?.received(message, isBinary: isBinary, on: socket)
            case .closed(let socket): application?.closed(socket)
            case .published(let number, let outcome): application?.published(number, outcome)
            }
        }
    }

    private func refuse(_ notice: ApplicationNotice) {
        switch notice {
        case .command(let command):
            let nack = Nack(
                id: command.command.id, code: .overloaded, reason: "the application is not there",
                after: 30_000)
            shared.post.answer(
                .application(.answer(.nack(nack), command.origin)), to: Int(command.origin.desk))
        case .request(let request): request.answer(HTTPResponse(.unavailable))
        default: break
        }
    }

    func reached(_ now: Instant) { application?.reached(now) }
    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {}
}
