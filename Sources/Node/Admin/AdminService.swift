import Hub
import Transport
import Wire

/// The operator's listener, on a loop and a thread of its own: whatever is asked here, the loops
/// that carry the service answer it by small letters between their turns.
final class AdminService: Service {
    private let loop: Loop
    private let settings: NodeSettings
    private let admin: AdminSettings
    private let shared: NodeLoop.Shared
    private var tokens: Tokens
    private var pending: [UInt64: Pending] = [:]
    private var numbers: UInt64 = 0

    /// A question under way, and who waits for it.
    private struct Pending {
        let connection: ConnectionID
        let request: AdminRequest
        let deadline: Instant
        var missing: Int
        var findings: [Finding] = []
    }

    private static let patience = Interval.seconds(5)

    init(
        _ loop: Loop, _ settings: NodeSettings, _ admin: AdminSettings, _ shared: NodeLoop.Shared
    ) {
        self.loop = loop
        self.settings = settings
        self.admin = admin
        self.shared = shared
        tokens = Tokens(settings.access, shared.revocations)
    }

    // MARK: Requests

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        // A page that somebody looks at must not be able to speak to a listener on loopback.
        if request.fields.first("origin") != nil {
            return .respond(AdminAnswer.refusal(.forbidden, "pages may not ask this"))
        }
        let asked: AdminRequest
        do throws(AdminRequest.Mistake) {
            asked = try AdminRequest(request)
        } catch {
            return .respond(AdminAnswer.refusal(error.status, error.text))
        }
        if case .health = asked { return .respond(HTTPResponse(.ok, text: "ok\n")) }
        if admin.wantsToken && !isAdministrator(request) {
            return .respond(
                AdminAnswer.refusal(
                    .unauthorized, "a token with the claim \"admin\": true is wanted"))
        }
        ask(asked, id)
        return .hold
    }

    private func isAdministrator(_ request: HTTPRequest) -> Bool {
        guard let field = request.fields.first("authorization"),
            let blank = field.firstIndex(of: " "), field[..<blank].lowercased() == "bearer",
            case .accepted(let principal, _) = tokens.verdict(
                Text(String(field[field.index(after: blank)...])), at: Process.wall)
        else { return false }
        return principal.isAdministrator
    }

    private func ask(_ request: AdminRequest, _ id: ConnectionID) {
        if case .revoke(let revocation) = request { return revoke(revocation, id) }
        numbers += 1
        let inquiry = Inquiry(number: numbers, question: request.question)
        var readers = Array(0..<settings.loops)
        if case .operate(let topic, _) = inquiry.question {
            readers = [topic.shard(of: settings.loops)]
        }
        pending[numbers] = Pending(
            connection: id, request: request, deadline: loop.now + AdminService.patience,
            missing: readers.count)
        for reader in readers { shared.post.answer(.inquiry(inquiry), to: reader) }
        wakeForNext()
    }

    /// First it is remembered, so that no connection comes in behind those that are closed.
    private func revoke(_ revocation: Revocation, _ id: ConnectionID) {
        shared.revocations.add(revocation)
        guard let store = shared.store else { return disconnectRevoked(revocation, id) }
        let number = numbers + 1
        numbers = number
        pending[number] = Pending(
            connection: id, request: .revoke(revocation),
            deadline: loop.now + AdminService.patience, missing: 1)
        let desk = shared.desk
        store.revoke(revocation) { isStored in
            desk?.deliver(AdminLetter(number: number, .stored(isStored)))
        }
        wakeForNext()
    }

    private func disconnectRevoked(_ revocation: Revocation, _ id: ConnectionID) {
        let isUser = revocation.kind == .user
        ask(
            .disconnect(
                tenant: revocation.tenant, user: isUser ? revocation.name : nil, id: nil,
                token: isUser ? nil : revocation.name, .tokenRevoked), id)
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {}

    // MARK: Answers

    func woken() {
        for letter in shared.desk?.collect() ?? [] {
            if case .stop = letter.finding {
                loop.stop(within: .seconds(1))
                continue
            }
            if case .access(let access) = letter.finding {
                tokens = Tokens(access, shared.revocations)
                continue
            }
            guard var waiting = pending.removeValue(forKey: letter.number) else { continue }
            if case .stored(let isStored) = letter.finding,
                case .revoke(let revocation) = waiting.request
            {
                if isStored {
                    disconnectRevoked(revocation, waiting.connection)
                } else {
                    let answer = AdminAnswer.refusal(
                        .unavailable,
                        "it holds until this node ends, but could not be stored; try again")
                    loop.respond(answer, to: waiting.connection)
                }
                continue
            }
            waiting.findings.append(letter.finding)
            waiting.missing -= 1
            if waiting.missing > 0 {
                pending[letter.number] = waiting
            } else {
                let answer = AdminAnswer(waiting.request, waiting.findings, shared, settings)
                loop.respond(answer.response, to: waiting.connection)
            }
        }
    }

    func reached(_ now: Instant) {
        for (number, waiting) in pending where waiting.deadline <= now {
            pending[number] = nil
            loop.respond(
                AdminAnswer.refusal(.unavailable, "a loop did not answer in time"),
                to: waiting.connection)
        }
        wakeForNext()
    }

    private func wakeForNext() { loop.wake(at: pending.values.map(\.deadline).min()) }
}

/// A thread for the operator's listener.
struct AdminThread: Sendable {
    let address: SocketAddress
    let mailbox: Mailbox<AdminLetter>
    private let thread: LoopThread
    private let start: Latch<(NodeSettings, NodeLoop.Shared)?>

    /// Listens; nothing is answered before `begin`.
    static func listen(_ admin: AdminSettings) throws(Errno) -> AdminThread {
        let started = try Latch<Result<(SocketAddress, Mailbox<AdminLetter>), Errno>>()
        let start = try Latch<(NodeSettings, NodeLoop.Shared)?>()
        let thread = try LoopThread {
            let loop: Loop
            do throws(Errno) {
                loop = try Loop(LoopLimits(), on: .epoll)
                let address = try loop.listen(at: admin.address, sharingPort: false)
                let mailbox = Mailbox<AdminLetter>(limit: 1_024, waking: loop.waker)
                started.open(with: .success((address, mailbox)))
            } catch {
                started.open(with: .failure(error))
                return
            }
            guard let (settings, shared) = start.wait() else { return }
            loop.run(AdminService(loop, settings, admin, shared))
        }
        switch started.wait() {
        case .success(let (address, mailbox)):
            return AdminThread(address: address, mailbox: mailbox, thread: thread, start: start)
        case .failure(let error):
            thread.join()
            throw error
        }
    }

    /// Answers from now on; with nil it ends instead.
    func begin(_ settings: NodeSettings, _ shared: NodeLoop.Shared?) {
        start.open(with: shared.map { (settings, $0) })
        if shared == nil { thread.join() }
    }

    func stop() {
        mailbox.deliver(AdminLetter(number: 0, .stop))
        thread.join()
    }
}
