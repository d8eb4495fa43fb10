import Hub
public import Transport
import Wire

/// A running node.
public final class Node: Sendable {
    public enum StartError: Error, Equatable {
        /// Nobody could show a token that is good.
        case noKeys
        /// Some topics are to be durable, and there is no store for them.
        case storeMissing
        case store(StoreError)
        /// The system refused a listener: most often the address is taken.
        case listener(String, Errno)
        case system(Errno)
    }

    /// Where it listens, by the listeners' names.
    public let addresses: [String: SocketAddress]
    /// Where the first listener listens.
    public let address: SocketAddress
    /// What the loops wait on for the system: io_uring or epoll.
    public let kernel: String
    private let shared: NodeLoop.Shared
    /// Where the operator's verbs are served.
    public let adminAddress: SocketAddress?
    private let threads: [LoopThread]
    private let admin: AdminThread?
    var store: Store? { shared.store }

    private init(
        _ listening: [Listening], _ kernel: String, _ shared: NodeLoop.Shared,
        _ threads: [LoopThread], _ admin: AdminThread?
    ) {
        self.kernel = kernel
        self.admin = admin
        adminAddress = admin?.address
        addresses = Dictionary(
            listening.map { ($0.name, $0.address) }, uniquingKeysWith: { first, _ in first })
        address = listening.first?.address ?? .loopback(port: 0)
        self.shared = shared
        self.threads = threads
    }

    struct Listening: Sendable {
        let name: String
        let address: SocketAddress
    }

    private enum Started: Sendable {
        case listening([Listening], Waker, kernel: String)
        case failed(StartError)
    }

    /// Starts the loops, each on its thread, and returns when all of them listen.
    public static func start(_ settings: NodeSettings) throws(StartError) -> Node {
        var settings = settings
        if settings.hasPage { settings.pages = PageShelf() }
        guard !settings.access.keys.isEmpty else { throw .noKeys }
        if settings.store == nil && settings.hub.rules.haveDurableTopics { throw .storeMissing }
        var store: Store?
        if let wish = settings.store {
            do throws(StoreError) {
                store = try Store.open(wish)
            } catch {
                throw .store(error)
            }
        }
        do throws(StartError) {
            return try start(settings, store)
        } catch {
            store?.stop()
            throw error
        }
    }

    private static func start(
        _ settings: NodeSettings, _ store: Store?
    ) throws(StartError) -> Node {
        var settings = settings
        var threads: [LoopThread] = []
        var latches: [Latch<NodeLoop.Shared?>] = []
        var wakers: [Waker] = []
        var listening: [Listening] = []
        var kernel = ""
        var failure: StartError?
        for number in 0..<settings.loops where failure == nil {
            do throws(Errno) {
                let started = try Latch<Started>()
                let mail = try Latch<NodeLoop.Shared?>()
                let told = settings
                threads.append(try LoopThread { run(number, told, started, mail) })
                latches.append(mail)
                switch started.wait() {
                case .listening(let bound, let waker, let name):
                    listening = bound
                    kernel = name
                    wakers.append(waker)
                    // With port 0 the first loop finds a port, and the others share it.
                    for place in bound.indices {
                        settings.listeners[place].address = bound[place].address
                    }
                case .failed(let error): failure = error
                }
            } catch {
                failure = .system(error)
            }
        }
        var admin: AdminThread?
        if failure == nil, let wish = settings.admin {
            do throws(Errno) {
                admin = try AdminThread.listen(wish)
            } catch {
                failure = .listener("admin", error)
            }
        }
        var applications: [ApplicationThread] = []
        for (number, wish) in settings.applications.enumerated() where failure == nil {
            do throws(Errno) {
                applications.append(try ApplicationThread.make(wish, number: number))
            } catch {
                failure = .system(error)
            }
        }
        let shared = NodeLoop.Shared(
            post: Post(wakers), census: Census(), tickets: Tickets(),
            revocations: Revocations(store?.revocations ?? []), store: store,
            desk: admin?.mailbox, applications: applications, bytesAtStart: Process.residentBytes)
        if failure == nil {
            store?.begin { loop, answers in shared.post.answer(.store(answers), to: loop) }
        }
        for latch in latches { latch.open(with: failure == nil ? shared : nil) }
        for application in applications {
            application.begin(settings, failure == nil ? shared : nil)
        }
        admin?.begin(settings, failure == nil ? shared : nil)
        if let failure {
            for thread in threads { thread.join() }
            throw failure
        }
        return Node(listening, kernel, shared, threads, admin)
    }

    /// A loop's whole life, on its own thread.
    private static func run(
        _ number: Int, _ settings: NodeSettings, _ started: Latch<Started>,
        _ mail: Latch<NodeLoop.Shared?>
    ) {
        let loop: Loop
        do throws(StartError) {
            loop = try listen(settings)
        } catch {
            started.open(with: .failed(error))
            return
        }
        let bound = zip(settings.listeners, loop.listenerAddresses).map {
            Listening(name: $0.name, address: $1)
        }
        started.open(with: .listening(bound, loop.waker, kernel: loop.kernelName))
        guard let shared = mail.wait() else { return }
        loop.run(NodeLoop(loop, settings, shared, number: number))
    }

    private static func listen(_ settings: NodeSettings) throws(StartError) -> Loop {
        let loop: Loop
        do throws(Errno) {
            loop = try Loop(settings.loopLimits(), on: settings.kernel)
        } catch {
            throw .system(error)
        }
        for listener in settings.listeners {
            do throws(Errno) {
                if let socket = listener.inherited {
                    try loop.share(
                        socket, named: listener.name, proxyHeader: listener.expectsProxyHeader,
                        tls: listener.tls, speaking: listener.speech)
                    continue
                }
                try loop.listen(
                    at: listener.address, named: listener.name, sharingPort: settings.loops > 1,
                    proxyHeader: listener.expectsProxyHeader, tls: listener.tls,
                    speaking: listener.speech)
            } catch {
                throw .listener(listener.name, error)
            }
        }
        return loop
    }

    /// From now on tokens are checked so. Connections that are in stay in.
    public func replaceAccess(_ access: AccessSettings) {
        shared.post.tellAll(.access(access))
        for application in shared.applications { application.mailbox.deliver(.access(access)) }
        shared.desk?.deliver(AdminLetter(number: 0, .access(access)))
    }

    /// From now on what peers, users and tenants may take is limited so; the number of all
    /// connections stays.
    public func replaceLimits(_ limits: NodeLimits) { shared.post.tellAll(.limits(limits)) }

    /// From now on a listener shows another certificate. Connections that are open stay open.
    public func replaceCertificate(_ context: TLSContext, of listener: String) {
        shared.post.tellAll(.certificate(context, listener: listener))
    }

    /// Asks all loops for a sign of life.
    public func pulse() -> Pulse {
        let pulse = Pulse(loops: threads.count)
        for loop in threads.indices { shared.post.answer(.pulse(pulse), to: loop) }
        return pulse
    }

    /// Stops in good order and returns when every loop has ended.
    public func stop() {
        shared.post.tellAll(.stop)
        for thread in threads { thread.join() }
        for application in shared.applications { application.stop() }
        admin?.stop()
        // Last, so that whatever the loops handed over is stored.
        shared.store?.stop()
    }
}
