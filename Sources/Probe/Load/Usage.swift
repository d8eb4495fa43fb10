internal import Wire

/// What the probe itself used while it measured.
struct Usage: Equatable, Sendable {
    /// Processor time.
    var cpu = Interval(nanoseconds: 0)
    /// Memory, before the first connection and with all of them.
    private(set) var residentBefore: UInt64 = 0
    private(set) var resident: UInt64 = 0
    private var began = Interval(nanoseconds: 0)

    init() { residentBefore = Machine.residentBytes() ?? 0 }

    mutating func begin() { began = Machine.cpuTime }

    mutating func end() {
        cpu = Machine.cpuTime.since(began)
        resident = Machine.residentBytes() ?? 0
    }

    /// Of one virtual client, all that the probe has beside included.
    func bytesPerClient(_ clients: Int) -> UInt64 {
        resident > residentBefore && clients > 0
            ? (resident - residentBefore) / UInt64(clients) : 0
    }

    var value: Value {
        [
            "residentBefore": .unsigned(residentBefore), "residentBytes": .unsigned(resident),
            "cpu": ResultValue.time(cpu),
        ]
    }
}
