public import Transport

/// A running node.
public final class Node: Sendable {
    public enum StartError: Error, Equatable {
        /// The secret is shorter than 32 bytes.
        case secretTooShort
        /// The system refused: most often the address is taken.
        case system(Errno)
    }

    /// Where it listens.
    public let address: SocketAddress
    private let post: Post
    private let threads: [LoopThread]

    private init(address: SocketAddress, post: Post, threads: [LoopThread]) {
        self.address = address
        self.post = post
        self.threads = threads
    }

    /// Starts the loops, each on its thread, and returns when all of them listen.
    public static func start(_ settings: NodeSettings) throws(StartError) -> Node {
        guard
            let tokens = Tokens(
                secret: settings.secret, issuer: settings.issuer, audience: settings.audience)
        else { throw .secretTooShort }
        var settings = settings
        if settings.hasPage { settings.pages = PageShelf() }
        do throws(Errno) {
            return try start(settings, tokens)
        } catch {
            throw .system(error)
        }
    }

    private enum Started: Sendable {
        case listening(SocketAddress, Waker)
        case failed(Errno)
    }

    private static func start(
        _ settings: NodeSettings, _ tokens: Tokens
    ) throws(Errno) -> Node {
        var threads: [LoopThread] = []
        var latches: [Latch<Post?>] = []
        var wakers: [Waker] = []
        var address = settings.listen
        var failure: Errno?
        let tickets = Tickets()
        for number in 0..<settings.loops {
            let started = try Latch<Started>()
            let mail = try Latch<Post?>()
            let at = address
            threads.append(
                try LoopThread {
                    run(number, at, settings, tokens, tickets, started, mail)
                })
            latches.append(mail)
            switch started.wait() {
            case .listening(let bound, let waker):
                // With port 0 the first loop finds a port, and the others share it.
                address = bound
                wakers.append(waker)
            case .failed(let errno): failure = errno
            }
            if failure != nil { break }
        }
        let post = failure == nil ? Post(wakers) : nil
        for latch in latches { latch.open(with: post) }
        guard let post else {
            for thread in threads { thread.join() }
            throw failure ?? .invalid
        }
        return Node(address: address, post: post, threads: threads)
    }

    /// A loop's whole life, on its own thread.
    private static func run(
        _ number: Int, _ address: SocketAddress, _ settings: NodeSettings, _ tokens: Tokens,
        _ tickets: Tickets, _ started: Latch<Started>, _ mail: Latch<Post?>
    ) {
        let loop: Loop
        do throws(Errno) {
            loop = try Loop(settings.loopLimits(), on: settings.kernel)
            let bound = try loop.listen(at: address, sharingPort: settings.loops > 1)
            started.open(with: .listening(bound, loop.waker))
        } catch {
            started.open(with: .failed(error))
            return
        }
        guard let post = mail.wait() else { return }
        loop.run(NodeLoop(loop, settings, tokens, tickets, number: number, post))
    }

    /// Stops in good order and returns when every loop has ended.
    public func stop() {
        post.tellAll(.stop)
        for thread in threads { thread.join() }
    }
}
