/// Letters to a thread that has no loop and does nothing but answer them.
///
/// Inlinable because a generic that is called across modules without its body runs hundreds of
/// times slower.
public final class Intake<Letter: Sendable>: Sendable {
    @usableFromInline let box: Mailbox<Letter>
    @usableFromInline let waker: Waker

    public init(limit: Int) throws(Errno) {
        waker = try Waker()
        box = Mailbox(limit: limit, waking: waker)
    }

    /// False when the box is full: the letter was not taken, and the writer must hold it back.
    @inlinable public func post(_ letter: Letter) -> Bool { box.post(letter) }

    /// Takes the letter however full the box is: for the few that no limit may keep out.
    @inlinable public func deliver(_ letter: Letter) { box.deliver(letter) }

    /// Everything that is there, in the order it came.
    @inlinable public func glance() -> [Letter] { box.collect() }

    /// Everything that is there, in the order it came; waits while there is nothing.
    @inlinable public func collect() -> [Letter] {
        while true {
            let letters = box.collect()
            if !letters.isEmpty { return letters }
            waker.await()
        }
    }
}
