import Hub
import Synchronization
import Transport
import Wire

/// The store of a node: a thread of its own that commits what all loops hand to it, as much as is
/// there in one transaction, and reads topics.
///
/// While one group is being synced the next gathers in the mailbox, so groups grow with the load
/// by themselves. No loop waits; what became of a request comes to it as a letter.
final class Store: Sendable {
    /// Gives a loop its answers. Called on the store's thread.
    typealias Reply = @Sendable (_ loop: Int, [StoreAnswer]) -> Void

    enum Letter: Sendable {
        case begin(Reply)
        case requests([StoreRequest], loop: Int)
        case revoke(Revocation, then: @Sendable (Bool) -> Void)
        case stop
    }

    /// What happened so far, for the metrics.
    struct Counts: Equatable, Sendable {
        /// Transactions, and the commits in them.
        var groups: UInt64 = 0
        var commits: UInt64 = 0
        var failedCommits: UInt64 = 0
        var loads: UInt64 = 0
        var failedLoads: UInt64 = 0
        /// How long groups took, all together and the longest.
        var groupNanoseconds: UInt64 = 0
        var longestGroupNanoseconds: UInt64 = 0
        /// How often the write-ahead log was moved into the file, and the longest that took.
        var settlings: UInt64 = 0
        var longestSettlingNanoseconds: UInt64 = 0
        /// Pages in the write-ahead log.
        var logPages = 0
        /// The last it was asked to write it could not.
        var isFailing = false
    }

    /// What counted no longer when the store was opened.
    let revocations: [Revocation]
    private let link: Link
    private let thread: LoopThread

    /// What the store's thread and the others share.
    final class Link: Sendable {
        let intake: Intake<Letter>
        let counts = Mutex(Counts())

        init() throws(Errno) { intake = try Intake(limit: 1_024) }
    }

    private init(_ link: Link, _ thread: LoopThread, _ revocations: [Revocation]) {
        self.link = link
        self.thread = thread
        self.revocations = revocations
    }

    /// Opens the file, on the thread that will use it.
    static func open(_ settings: StoreSettings) throws(StoreError) -> Store {
        let link: Link
        let thread: LoopThread
        let opened: Latch<Result<[Revocation], StoreError>>
        do throws(Errno) {
            let begun = try begin(settings)
            (link, thread, opened) = begun
        } catch {
            throw .unreachable(settings.file, error.code)
        }
        switch opened.wait() {
        case .success(let revocations): return Store(link, thread, revocations)
        case .failure(let error):
            thread.join()
            throw error
        }
    }

    private static func begin(
        _ settings: StoreSettings
    ) throws(Errno) -> (Link, LoopThread, Latch<Result<[Revocation], StoreError>>) {
        let link = try Link()
        let opened = try Latch<Result<[Revocation], StoreError>>()
        let thread = try LoopThread { live(settings, link, opened) }
        return (link, thread, opened)
    }

    /// The whole life of the store, on its own thread.
    private static func live(
        _ settings: StoreSettings, _ link: Link,
        _ opened: Latch<Result<[Revocation], StoreError>>
    ) {
        let file: StoreFile
        do throws(StoreError) {
            file = try StoreFile(settings.file, settings.options)
            opened.open(with: .success(try file.revocations(orFail: settings.file)))
        } catch {
            opened.open(with: .failure(error))
            return
        }
        let complaints = StoreComplaints(settings.complain, well: settings.allIsWell)
        var worker = StoreWorker(file, link, complaints)
        worker.work()
    }

    // MARK: From other threads

    /// From now on requests may come.
    func begin(answering reply: @escaping Reply) { link.intake.deliver(.begin(reply)) }

    /// False when the box is full: nothing was taken, and the loop keeps the requests.
    func post(_ requests: [StoreRequest], from loop: Int) -> Bool {
        link.intake.post(.requests(requests, loop: loop))
    }

    /// Stores a revocation, and says on the store's thread whether that went well.
    func revoke(_ revocation: Revocation, then: @escaping @Sendable (Bool) -> Void) {
        link.intake.deliver(.revoke(revocation, then: then))
    }

    var counts: Counts { link.counts.withLock { $0 } }

    /// Ends when everything that was asked before is done.
    func stop() {
        link.intake.deliver(.stop)
        thread.join()
    }
}

extension StoreFile {
    fileprivate func revocations(orFail path: String) throws(StoreError) -> [Revocation] {
        do throws(DatabaseError) {
            return try revocations()
        } catch {
            throw .database(path, error)
        }
    }
}
