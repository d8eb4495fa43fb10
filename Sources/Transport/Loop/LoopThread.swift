internal import CLinux

/// A thread of its own for a loop. What runs there is made there: a loop and its service never
/// leave their thread.
public struct LoopThread: Sendable {
    private let handle: UInt64

    /// Starts a thread that runs `body` to its end.
    public init(_ body: @escaping @Sendable () -> Void) throws(Errno) {
        let box = unsafe Unmanaged.passRetained(Body(body))
        var handle: UInt64 = 0
        let result = unsafe fc_thread_start(runBody, box.toOpaque(), &handle)
        if result < 0 {
            unsafe box.release()
            throw Errno(code: -result)
        }
        self.handle = handle
    }

    /// Waits for its end. Once only.
    public func join() { _ = fc_thread_join(handle) }

    fileprivate final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

/// The C callback, free and nonisolated: one formed inside `main` would inherit its actor and trap.
/// The context is the retained body, released here, once.
private nonisolated func runBody(_ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<LoopThread.Body>.fromOpaque(context).takeRetainedValue().run()
}
