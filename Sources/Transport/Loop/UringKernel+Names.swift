extension UringKernel {
    /// What is submitted, and so what completes.
    enum Operation: UInt64 { case receive, poll, accept, wake, send, watch }

    /// Bits of what a poll saw.
    static let pollError: Int32 = 0x08
    static let pollHangUp: Int32 = 0x10

    /// An operation's name is its connection's token, with the operation in the three bits that no
    /// index reaches.
    static func name(_ operation: Operation, _ token: Token) -> UInt64 {
        token.bits | operation.rawValue << 29
    }

    static func token(of name: UInt64) -> Token { Token(bits: name & ~(7 << 29)) }

    /// What became of a send that was not taken whole.
    static func transfer(of result: Int32) -> Transfer {
        if result >= 0 { return .moved(Int(result)) }
        let error = Errno(code: -result)
        return error == .wouldBlock || error == .noBuffers ? .full : .failed(error)
    }

    /// What is under way on a connection's descriptor.
    struct Slot {
        var descriptor: Int32 = -1
        var generation: UInt32 = 0
        var interest: Interest = []
        var isReceiving = false
        var isCancelling = false
        var isPolling = false
        /// Its breaking will be told although nothing is read.
        var isWatched = false
        var isEnded = false
    }

    struct Listener {
        var descriptor: Int32
        var isReading = false
        var isAccepting = false
        var accepted: [Int32] = []
        var error: Errno?
        var isStopped = false
    }
}
