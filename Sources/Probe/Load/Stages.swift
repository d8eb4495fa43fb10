internal import Wire

/// How long each stage took, over all clients.
struct Stages: Equatable, Sendable {
    /// From the moment meant to the open WebSocket.
    var connect = Histogram()
    /// From there to the accepted token.
    var authenticate = Histogram()
    /// From there to the whole snapshot.
    var subscribe = Histogram()
    /// From the moment at which a patch was meant to leave to its acknowledgement.
    var ack = Histogram()
    /// From the moment at which a patch was meant to leave to its receipt by a subscriber.
    var receipt = Histogram()
    /// The same from when it really left: what a probe would report that waits for the server.
    var uncorrected = Histogram()
    /// The same from when it really left.
    var ackUncorrected = Histogram()
    /// Of events: to the acknowledgement, and to a worker's first receipt.
    var eventAck = Histogram()
    var eventReceipt = Histogram()
    /// From a diff's bytes to the changed mirror; one in 64 is timed.
    var apply = Histogram()

    /// The probe's own: how late its timer was, how long its turns took.
    var slip = Histogram()
    var turn = Histogram()

    var all: [(name: String, histogram: Histogram)] {
        [
            ("connect", connect), ("authenticate", authenticate), ("subscribe", subscribe),
            ("ack", ack), ("ack-uncorrected", ackUncorrected), ("receipt", receipt),
            ("uncorrected", uncorrected), ("apply", apply), ("event-ack", eventAck),
            ("event-receipt", eventReceipt),
            ("slip", slip), ("turn", turn),
        ]
    }
}
