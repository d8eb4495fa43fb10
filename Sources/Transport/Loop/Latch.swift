internal import CLinux
public import Synchronization

/// One value that a thread waits for until another has it: how whoever starts a loop learns that
/// it listens, and where. Made for starting and stopping, not for the data's way.
///
/// Inlinable because a generic that is called across modules without its body runs hundreds of
/// times slower.
public final class Latch<Value: Sendable>: Sendable {
    @usableFromInline let value = Mutex<Value?>(nil)
    @usableFromInline let bell: Bell

    @inlinable public init() throws(Errno) { bell = try Bell() }

    /// Gives the value; only the first counts.
    @inlinable public func open(with given: Value) {
        value.withLock { value in if value == nil { value = given } }
        bell.ring()
    }

    /// Waits for the value.
    @inlinable public func wait() -> Value {
        while true {
            if let given = value.withLock({ $0 }) { return given }
            bell.await()
        }
    }
}

/// A waker that a thread without a loop can wait for.
@usableFromInline
final class Bell: Sendable {
    private let waker: Waker

    @usableFromInline init() throws(Errno) { waker = try Waker() }

    @usableFromInline func ring() { waker.wake() }
    @usableFromInline func await() { _ = fc_await_readable(waker.descriptor) }
}
