internal import Wire

/// What this machine grants to a run, looked at before the first connection: a limit that would
/// bite halfway is a mistake of the run, and no finding about the server.
struct Preflight: Equatable, Sendable {
    var descriptors = Int.max
    /// Local ports from which one address can be reached.
    var ports = Int.max
    var freeBytes = UInt64.max

    /// What a virtual client costs here, its socket's buffers in the kernel included.
    static let bytesPerClient: UInt64 = 24 << 10

    static func here() -> Preflight {
        var found = Preflight()
        found.descriptors = Machine.descriptorLimit()
        found.read(
            ports: Machine.text("/proc/sys/net/ipv4/ip_local_port_range"),
            memory: Machine.text("/proc/meminfo"))
        return found
    }

    /// Takes in what the system's files say; what they do not say limits nothing.
    mutating func read(ports text: String, memory: String) {
        let range = text.split { $0 == "\t" || $0 == " " || $0 == "\n" }.compactMap { Int($0) }
        if range.count == 2, range[0] <= range[1] { ports = range[1] - range[0] + 1 }
        for line in memory.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let words = line.split(separator: " ")
            if words.count >= 2, let kilobytes = UInt64(words[1]) {
                freeBytes = kilobytes.multipliedReportingOverflow(by: 1024).partialValue
            }
        }
    }

    /// The first limit that the plan would run into.
    func fault(_ plan: LoadPlan) -> UsageError? {
        let sockets = plan.connections + plan.publishers + (plan.workers > 0 ? plan.workers + 1 : 0)
        let wanted = sockets + 64
        if wanted > descriptors {
            return UsageError(
                "\(Figures.count(wanted)) descriptors are needed and "
                    + "\(Figures.count(descriptors)) allowed",
                hint: "ulimit -n \(wanted), or fewer --connections")
        }
        if sockets > ports {
            return UsageError(
                "\(Figures.count(sockets)) connections to one address need as many local ports, "
                    + "and there are \(Figures.count(ports))",
                hint: "sysctl net.ipv4.ip_local_port_range=\"1024 65535\", or fewer --connections")
        }
        let bytes = UInt64(sockets).multipliedReportingOverflow(by: Preflight.bytesPerClient)
        if bytes.overflow || bytes.partialValue > freeBytes {
            return UsageError(
                "\(Figures.bytes(bytes.partialValue)) of memory are needed and "
                    + "\(Figures.bytes(freeBytes)) free", hint: "fewer --connections")
        }
        return nil
    }
}
