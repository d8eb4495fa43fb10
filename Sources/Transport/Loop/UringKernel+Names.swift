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
}
