import FakeNode
import Transport
import Wire

/// The server of `probe.precision`: keeps so many of a thousand receipts back for so long, and when
/// its clients are gone prints the exact 99th percentile of how long it kept each, in milliseconds.
///
///     probe-source LATE_OF_THOUSAND MILLISECONDS
@main
enum ProbeSource {
    static func main() throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count == 2, let share = Int(words[1]), let wait = UInt64(words[2]) else {
            Process.write("usage: probe-source LATE_OF_THOUSAND MILLISECONDS\n", to: .error)
            Process.exit(2)
        }
        let loop = try Loop()
        let address = try loop.listen(at: .loopback(port: 0))
        let node = FakeNode(
            loop, FakeNode.Faults(lateOfThousand: share, late: .milliseconds(wait)))
        node.whenEmpty = { [unowned node] in
            let times = node.keptTimes.sorted()
            guard !times.isEmpty else { return }
            let place = (times.count * 99 + 99) / 100 - 1
            Process.write("\(Double(times[place].nanoseconds) / 1e6)\n")
            Process.exit(0)
        }
        Process.write("\(address.port)\n")
        loop.run(node)
    }
}
