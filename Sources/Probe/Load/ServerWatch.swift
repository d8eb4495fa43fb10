internal import Transport
internal import Wire

/// What a server tells of itself while a run goes: its metrics, asked for every second, and its
/// process and the kernel's memory where it runs on this machine.
final class ServerWatch {
    /// Where the metrics are, on the operator's listener.
    private let place: Place?
    private let process: String?
    private(set) var connection: ConnectionID?
    private var body: [UInt8] = []
    private var isAsking = false
    private(set) var figures = ServerFigures()
    private var cpuBegan = Interval(nanoseconds: 0)

    init(metrics: Place?, process: String?) {
        (place, self.process) = (metrics, process)
        guard let process else { return }
        figures.residentBefore = Machine.residentBytes(of: process)
        figures.kernelBefore = Machine.kernelBytes()
    }

    // MARK: Metrics

    /// Asks again; an answer that has not come is waited for.
    func ask(on loop: Loop) {
        guard let place, !isAsking else { return }
        let call = HTTPCall(host: place.target.authority, target: place.target.path)
        isAsking = true
        body = []
        if let connection, loop.call(call, on: connection) { return }
        connection = try? loop.connect(to: place.address, tls: place.target.tls, call)
        if connection == nil { isAsking = false }
    }

    func add(_ bytes: Span<UInt8>) { for i in bytes.indices { body.append(bytes[i]) } }

    func ended(_ now: Instant) {
        isAsking = false
        let found = ServerWatch.samples(body)
        guard !found.isEmpty else { return }
        figures.answers += 1
        if figures.first.isEmpty { figures.first = found }
        figures.last = found
    }

    func closed(_ end: ConnectionEnd) {
        connection = nil
        isAsking = false
    }

    /// The lines of Prometheus's text form that are a name and a number; histograms are left out.
    static func samples(_ body: [UInt8]) -> [(name: String, value: Double)] {
        String(decoding: body, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, !line.hasPrefix("#"), !words[0].contains("{"),
                !words[0].hasSuffix("_sum"), !words[0].hasSuffix("_count"),
                let value = Double(words[1]), value.isFinite
            else { return nil }
            return (String(words[0]), value)
        }
    }

    // MARK: The process

    func measuringBegan() {
        if let process { cpuBegan = Machine.cpuTime(of: process) ?? cpuBegan }
    }

    func measuringEnded() {
        guard let process else { return }
        figures.cpu = Machine.cpuTime(of: process)?.since(cpuBegan)
        figures.resident = Machine.residentBytes(of: process)
        figures.kernel = Machine.kernelBytes()
    }
}

/// What is known of the server beside what its clients see.
struct ServerFigures: Equatable, Sendable {
    var residentBefore: UInt64?
    var resident: UInt64?
    /// Memory of the kernel for sockets, of both ends, and whatever else it took meanwhile.
    var kernelBefore: UInt64?
    var kernel: UInt64?
    /// Processor time while it was measured.
    var cpu: Interval?
    /// Of the metrics, in their order.
    var first: [(name: String, value: Double)] = []
    var last: [(name: String, value: Double)] = []
    var answers = 0

    static func == (a: ServerFigures, b: ServerFigures) -> Bool {
        a.residentBefore == b.residentBefore && a.resident == b.resident
            && a.kernelBefore == b.kernelBefore && a.kernel == b.kernel && a.cpu == b.cpu
            && a.answers == b.answers && a.first.elementsEqual(b.first) { $0 == $1 }
            && a.last.elementsEqual(b.last) { $0 == $1 }
    }

    private func metric(_ name: String, _ list: [(name: String, value: Double)]) -> UInt64? {
        list.first { $0.name == name }.flatMap { UInt64(exactly: $0.value.rounded()) }
    }

    /// Of the server's own memory: what the process says, else its metrics.
    var residentBytes: UInt64? { resident ?? metric("fieldcast_resident_bytes", last) }

    func bytesPerConnection(_ connections: Int) -> UInt64? {
        let before = residentBefore ?? metric("fieldcast_resident_bytes", first)
        guard let before, let after = residentBytes, connections > 0 else { return nil }
        return after > before ? (after - before) / UInt64(connections) : 0
    }

    /// The server's end of it: half, for the other ends are on this machine too.
    func kernelBytesPerConnection(_ connections: Int) -> UInt64? {
        guard let kernelBefore, let kernel, connections > 0 else { return nil }
        return kernel > kernelBefore ? (kernel - kernelBefore) / UInt64(connections * 2) : 0
    }

    /// Counters by how much they grew, all others as they were at the end.
    var metrics: [(name: String, value: Double)] {
        last.map { sample in
            guard sample.name.hasSuffix("_total"),
                let before = first.first(where: { $0.name == sample.name })
            else { return sample }
            return (sample.name, sample.value - before.value)
        }
    }

    func value(_ connections: Int) -> Value {
        var map = Map()
        func put(_ name: Text, _ number: UInt64?) {
            map[name] = number.map { .unsigned($0) } ?? .null
        }
        put("residentBytes", residentBytes)
        put("bytesPerConnection", bytesPerConnection(connections))
        put("kernelBytesPerConnection", kernelBytesPerConnection(connections))
        map["cpu"] = cpu.map { ResultValue.time($0) } ?? .null
        var all = Map()
        for (name, value) in metrics { all[Text(name)] = ResultValue.number(value) }
        map["metrics"] = .map(all)
        return .map(map)
    }
}
