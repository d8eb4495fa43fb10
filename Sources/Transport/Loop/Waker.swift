internal import CLinux
public import Synchronization

/// Ends a loop's wait from any thread. Closed with its last owner, so a late wake is harmless.
public final class Waker: Sendable {
    let descriptor: Int32
    private let flag = Atomic(false)

    init() throws(Errno) { descriptor = try Errno.check(fc_event_descriptor()) }

    /// For a kernel that is driven by hand and never sleeps.
    init(withoutDescriptor: Void) { descriptor = -1 }

    public func wake() {
        if descriptor >= 0 {
            _ = fc_event_post(descriptor)
        } else {
            flag.store(true, ordering: .releasing)
        }
    }

    /// Whether somebody woke a kernel without a descriptor since the last look.
    func takeFlag() -> Bool { flag.exchange(false, ordering: .acquiring) }

    func clear() {
        if descriptor >= 0 { _ = fc_event_clear(descriptor) }
    }

    /// Waits until somebody wakes: for a thread without a loop.
    @usableFromInline func await() {
        _ = fc_await_readable(descriptor)
        clear()
    }

    deinit {
        if descriptor >= 0 { _ = fc_close(descriptor) }
    }
}

/// Letters from other threads to a loop: bounded, and one wake however many letters wait.
///
/// Inlinable because a generic that is called across modules without its body runs hundreds of
/// times slower.
public final class Mailbox<Letter: Sendable>: Sendable {
    @usableFromInline let letters: Mutex<[Letter]>
    @usableFromInline let limit: Int
    @usableFromInline let waker: Waker

    @inlinable public init(limit: Int, waking waker: Waker) {
        self.limit = limit
        self.waker = waker
        letters = Mutex([])
    }

    /// False when the box is full: the letter was not taken, and the writer must hold it back.
    @inlinable public func post(_ letter: Letter) -> Bool {
        let (taken, isFirst) = letters.withLock { letters in
            guard letters.count < limit else { return (false, false) }
            letters.append(letter)
            return (true, letters.count == 1)
        }
        if isFirst { waker.wake() }
        return taken
    }

    /// Takes the letter however full the box is: for answers, of which there are never more than
    /// the reader asked for.
    @inlinable public func deliver(_ letter: Letter) {
        let isFirst = letters.withLock { letters in
            letters.append(letter)
            return letters.count == 1
        }
        if isFirst { waker.wake() }
    }

    /// Everything that waits, in the order it came. Called in `Service.woken()`.
    @inlinable public func collect() -> [Letter] {
        letters.withLock { letters in
            let all = letters
            letters = []
            return all
        }
    }
}
